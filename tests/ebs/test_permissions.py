"""Who may use the EBS direct APIs: actions, resources and condition keys.

https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazonelasticblockstore.html
"""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from tests.ebs.conftest import refusal
from tools.harness import direct_snapshots as direct
from tools.harness.clients import boto_client
from tools.harness.direct_snapshots import BLOCK
from tools.harness.identities import make_user, policy_of, remove_user, with_keys
from tools.harness.server import Server

As = Callable[..., Any]
DENIED = "AccessDeniedException"
ANY = "arn:aws:ec2:*::snapshot/*"


@pytest.fixture
def user(cloud: Server) -> Iterator[As]:
    """user(statement, ...): the client of a user who may do that and nothing else."""
    iam = boto_client(cloud, "iam")
    made: list[str] = []

    def make(*statements: dict[str, Any]) -> Any:
        called = f"ebs-{uuid.uuid4().hex[:12]}"
        keys = make_user(iam, called, policy_of(*statements))
        made.append(called)
        return with_keys(cloud, "ebs", keys)

    yield make
    for called in made:
        remove_user(iam, called)


@pytest.fixture
def snapshot(ebs: Any, ec2: Any) -> str:
    return direct.write(ebs, ec2, {0: b"a" * BLOCK}, Tags=[{"Key": "team", "Value": "red"}])


def test_one_snapshot(user: As, ebs: Any, ec2: Any, snapshot: str) -> None:
    other = direct.write(ebs, ec2, {}, ParentSnapshotId=snapshot)
    arn = f"arn:aws:ec2:us-east-1::snapshot/{snapshot}"
    mine = user(
        {"Action": ["ebs:ListSnapshotBlocks", "ebs:ListChangedBlocks", "ebs:GetSnapshotBlock"], "Resource": arn}
    )
    ((index, token),) = direct.listed(mine, snapshot)
    assert direct.get(mine, snapshot, index, token) == b"a" * BLOCK
    assert refusal(mine.list_snapshot_blocks, SnapshotId=other)[0] == DENIED
    assert refusal(mine.start_snapshot, VolumeSize=1)[0] == DENIED
    # Of two that are compared, both count.
    for first, second in ((snapshot, other), (other, snapshot)):
        assert refusal(mine.list_changed_blocks, FirstSnapshotId=first, SecondSnapshotId=second)[0] == DENIED
    assert direct.changed(mine, snapshot, snapshot) == {}


def test_tags_of_a_snapshot(user: As, snapshot: str) -> None:
    for team, may in (("red", True), ("blue", False)):
        condition = {"StringEqualsIgnoreCase": {"aws:ResourceTag/team": team}}
        mine = user({"Action": "ebs:ListSnapshotBlocks", "Resource": ANY, "Condition": condition})
        if may:
            assert mine.list_snapshot_blocks(SnapshotId=snapshot)["Blocks"]
        else:
            assert refusal(mine.list_snapshot_blocks, SnapshotId=snapshot)[0] == DENIED


def test_conditions_of_a_start(user: As, snapshot: str) -> None:
    def starter(**condition: Any) -> Any:
        return user({"Action": "ebs:StartSnapshot", "Resource": ANY, "Condition": condition})

    small = starter(NumericLessThanEquals={"ebs:VolumeSize": "8"})
    assert small.start_snapshot(VolumeSize=8)
    assert refusal(small.start_snapshot, VolumeSize=9)[0] == DENIED
    told = starter(StringLike={"ebs:Description": "backup *"})
    assert told.start_snapshot(VolumeSize=1, Description="backup of today")
    assert refusal(told.start_snapshot, VolumeSize=1)[0] == DENIED
    child = starter(StringLike={"ebs:ParentSnapshot": ANY})
    assert child.start_snapshot(VolumeSize=1, ParentSnapshotId=snapshot)
    assert refusal(child.start_snapshot, VolumeSize=1)[0] == DENIED


def test_tags_of_a_start(user: As) -> None:
    """They need ec2:CreateTags, too."""
    red = [{"Key": "team", "Value": "red"}]
    start = {"Action": "ebs:StartSnapshot", "Condition": {"StringEqualsIfExists": {"aws:RequestTag/team": "red"}}}
    assert refusal(user(start).start_snapshot, VolumeSize=1, Tags=red)[0] == DENIED
    tag = {"Action": "ec2:CreateTags", "Condition": {"StringEquals": {"ec2:CreateAction": "StartSnapshot"}}}
    mine = user(start, tag)
    assert mine.start_snapshot(VolumeSize=1, Tags=red)["Tags"] == red
    assert refusal(mine.start_snapshot, VolumeSize=1, Tags=[{"Key": "team", "Value": "blue"}])[0] == DENIED
