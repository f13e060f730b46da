"""Who hands a role to an instance hands out the role's rights: iam:PassRole.

https://docs.aws.amazon.com/IAM/latest/UserGuide/id_roles_use_passrole.html
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from tests.iam.conftest import TRUST_EC2, message
from tools.harness.expect import api_error
from tools.harness.identities import policy_of, with_keys


@pytest.fixture
def user_who_may(iam: Any, client: Callable[..., Any], user: str) -> Callable[..., Any]:
    """user_who_may(statements...) -> a client of IAM with these rights"""
    keys = iam.create_access_key(UserName=user)["AccessKey"]
    own = with_keys(client, "iam", keys)

    def allow(*statements: dict[str, Any]) -> Any:
        iam.put_user_policy(UserName=user, PolicyName="rights", PolicyDocument=policy_of(*statements))
        return own

    return allow


def test_it_takes_more_than_the_right_to_the_profile(
    iam: Any, user_who_may: Callable[..., Any], role: str, name: Callable[[], str]
) -> None:
    profile, arn = name(), iam.get_role(RoleName=role)["Role"]["Arn"]
    iam.create_instance_profile(InstanceProfileName=profile)
    named = {"InstanceProfileName": profile, "RoleName": role}
    add = {"Action": "iam:AddRoleToInstanceProfile"}

    def passes(**limits: Any) -> dict[str, Any]:
        return {"Action": "iam:PassRole"} | limits

    with api_error("AccessDenied", 403) as caught:
        user_who_may(add).add_role_to_instance_profile(**named)
    assert f"is not authorized to perform: iam:PassRole on resource: {arn} because" in message(caught)
    for refused in (
        passes(Resource=arn + "-not"),
        passes(Condition={"StringEquals": {"iam:PassedToService": "lambda.amazonaws.com"}}),
        passes(Condition={"StringEquals": {"aws:ResourceTag/team": "blue"}}),
    ):
        with api_error("AccessDenied", 403):
            user_who_may(add, refused).add_role_to_instance_profile(**named)
    with api_error("AccessDenied", 403):  # to pass alone is not enough
        user_who_may(passes()).add_role_to_instance_profile(**named)
    assert iam.get_instance_profile(InstanceProfileName=profile)["InstanceProfile"]["Roles"] == []

    to_ec2 = {"StringEquals": {"iam:PassedToService": "ec2.amazonaws.com"}}
    user_who_may(add, passes(Resource=arn, Condition=to_ec2)).add_role_to_instance_profile(**named)
    assert iam.get_instance_profile(InstanceProfileName=profile)["InstanceProfile"]["Roles"][0]["Arn"] == arn


def test_tags_are_the_role_s_not_the_profile_s(
    iam: Any, user_who_may: Callable[..., Any], name: Callable[[], str]
) -> None:
    blue, red = ([{"Key": "team", "Value": colour}] for colour in ("blue", "red"))
    own = user_who_may(
        {"Action": "iam:AddRoleToInstanceProfile"},
        {"Action": "iam:PassRole", "Condition": {"StringEquals": {"aws:ResourceTag/team": "blue"}}},
    )
    for role_tags, profile_tags, is_allowed in ((red, blue, False), (blue, red, True)):
        role, profile = name(), name()
        iam.create_role(RoleName=role, AssumeRolePolicyDocument=TRUST_EC2, Tags=role_tags)
        iam.create_instance_profile(InstanceProfileName=profile, Tags=profile_tags)
        if is_allowed:
            own.add_role_to_instance_profile(InstanceProfileName=profile, RoleName=role)
            continue
        with api_error("AccessDenied", 403):
            own.add_role_to_instance_profile(InstanceProfileName=profile, RoleName=role)
