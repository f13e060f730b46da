"""How much there may be of everything.

https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_iam-quotas.html
"""

from __future__ import annotations

import json
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from tests.iam.conftest import ALLOW_ALL, message
from tools.harness.clients import boto_client
from tools.harness.expect import api_error
from tools.harness.server import Server

Name = Callable[[], str]


def sized(size: int) -> str:
    """A policy of so many characters, white space not counted."""
    shell = json.loads(ALLOW_ALL)
    shell["Statement"][0]["Resource"] = "arn:aws:s3:::"
    shell["Statement"][0]["Resource"] += "x" * (size - len(json.dumps(shell, separators=(",", ":"))))
    return json.dumps(shell, indent=4)


@pytest.mark.parametrize(("kind", "most"), [("user", 2048), ("group", 5120), ("role", 10240)])
def test_inline_policies(iam: Any, request: pytest.FixtureRequest, kind: str, most: int) -> None:
    called = request.getfixturevalue(kind)
    put = getattr(iam, f"put_{kind}_policy")
    named = {f"{kind.title()}Name": called}
    put(**named, PolicyName="a", PolicyDocument=sized(most - 500))
    put(**named, PolicyName="b", PolicyDocument=sized(500))
    with api_error("LimitExceeded", 409) as caught:
        put(**named, PolicyName="b", PolicyDocument=sized(501))
    assert message(caught) == f"Maximum policy size of {most} bytes exceeded for {kind} {called}"


def test_managed_policies(iam: Any, name: Name, user: str, policy: str) -> None:
    iam.create_policy(PolicyName=name(), PolicyDocument=sized(6144))
    with api_error("LimitExceeded", 409) as caught:
        iam.create_policy(PolicyName=name(), PolicyDocument=sized(6145))
    assert message(caught) == "Cannot exceed quota for PolicySize: 6144"
    for _ in range(4):
        iam.create_policy_version(PolicyArn=policy, PolicyDocument=ALLOW_ALL)
    with api_error("LimitExceeded", 409) as caught:
        iam.create_policy_version(PolicyArn=policy, PolicyDocument=ALLOW_ALL)
    assert "can have up to 5 versions" in message(caught)
    for _ in range(10):
        arn = iam.create_policy(PolicyName=name(), PolicyDocument=ALLOW_ALL)["Policy"]["Arn"]
        iam.attach_user_policy(UserName=user, PolicyArn=arn)
    with api_error("LimitExceeded", 409) as caught:
        iam.attach_user_policy(UserName=user, PolicyArn=policy)
    assert message(caught) == "Cannot exceed quota for PoliciesPerUser: 10"


def test_of_one_user(iam: Any, name: Name, user: str) -> None:
    for _ in range(10):
        group = iam.create_group(GroupName=name())["Group"]["GroupName"]
        iam.add_user_to_group(UserName=user, GroupName=group)
    group = iam.create_group(GroupName=name())["Group"]["GroupName"]
    with api_error("LimitExceeded", 409) as caught:
        iam.add_user_to_group(UserName=user, GroupName=group)
    assert message(caught) == "Cannot exceed quota for GroupsPerUser: 10"
    for _ in range(2):
        iam.create_access_key(UserName=user)
    with api_error("LimitExceeded", 409) as caught:
        iam.create_access_key(UserName=user)
    assert message(caught) == "Cannot exceed quota for AccessKeysPerUser: 2"
    iam.tag_user(UserName=user, Tags=[{"Key": f"k{n}", "Value": ""} for n in range(50)])
    with api_error("LimitExceeded", 409) as caught:
        iam.tag_user(UserName=user, Tags=[{"Key": "one more", "Value": ""}])
    assert message(caught) == "Cannot exceed quota for TagsPerUser: 50"


def test_of_the_account(make_server: Callable[..., Server]) -> None:
    iam = boto_client(make_server(), "iam")
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda n: iam.create_group(GroupName=f"g{n}"), range(300)))
    assert iam.get_account_summary()["SummaryMap"]["GroupsQuota"] == 300
    with api_error("LimitExceeded", 409) as caught:
        iam.create_group(GroupName="one-more")
    assert message(caught) == "Cannot exceed quota for GroupsPerAccount: 300"
