"""What the EBS direct APIs refuse: the exception, and its reason.

https://docs.aws.amazon.com/ebs/latest/APIReference/API_ValidationException.html
"""

from __future__ import annotations

import json
import time
from pathlib import Path
from typing import Any

import pytest

from tests.ebs.conftest import refusal
from tools.harness import direct_snapshots as direct
from tools.harness.clients import boto_client
from tools.harness.clock import SettableClock
from tools.harness.direct_snapshots import BLOCK
from tools.harness.instances import public_cidr, wait_for, what_lacks, with_instances
from tools.harness.preload import missing_compiler
from tools.harness.server import Server

NOBODY = "snap-0123456789abcdef0"
INVALID = "ValidationException"
NOT_FOUND = ("ResourceNotFoundException", "SNAPSHOT_NOT_FOUND")
BAD_VALUE = (INVALID, "INVALID_PARAMETER_VALUE")
BAD_SNAPSHOT = (INVALID, "INVALID_SNAPSHOT_ID")
KEY = "arn:aws:kms:us-east-1:111122223333:key/1234"


@pytest.fixture
def pending(ebs: Any) -> str:
    return str(ebs.start_snapshot(VolumeSize=1)["SnapshotId"])


@pytest.fixture
def made(ebs: Any, ec2: Any) -> str:
    return direct.write(ebs, ec2, {0: b"a" * BLOCK, 5: b"b" * BLOCK})


def test_of_a_start(ebs: Any, made: str, pending: str) -> None:
    def start(**wanted: Any) -> tuple[str, str]:
        return refusal(ebs.start_snapshot, **{"VolumeSize": 1, **wanted})

    assert start(VolumeSize=65537) == (INVALID, "INVALID_VOLUME_SIZE")
    assert start(ParentSnapshotId=NOBODY) == NOT_FOUND
    assert start(ParentSnapshotId="vol-1") == BAD_SNAPSHOT
    assert start(ParentSnapshotId=pending) == BAD_SNAPSHOT
    assert start(ParentSnapshotId=made, Encrypted=False) == BAD_VALUE
    assert start(Encrypted=True, KmsKeyArn=KEY) == (INVALID, "INVALID_CUSTOMER_KEY")
    assert start(Tags=[{"Key": "aws:team", "Value": "red"}]) == (INVALID, "INVALID_TAG")
    assert start(Tags=[{"Key": "a", "Value": "1"}, {"Key": "a", "Value": "2"}]) == (INVALID, "INVALID_TAG")
    assert start(Tags=[{"Key": str(number), "Value": ""} for number in range(51)]) == (INVALID, "INVALID_TAG")


def test_a_child_is_not_smaller_than_its_parent(ebs: Any, ec2: Any) -> None:
    parent = direct.write(ebs, ec2, {}, 2)
    assert refusal(ebs.start_snapshot, VolumeSize=1, ParentSnapshotId=parent) == (INVALID, "INVALID_VOLUME_SIZE")


def test_a_client_token_makes_one(ebs: Any, ec2: Any) -> None:
    token = f"token-{time.time_ns()}"
    wanted = {"VolumeSize": 1, "Description": "once", "ClientToken": token, "Tags": [{"Key": "a", "Value": "b"}]}
    first = ebs.start_snapshot(**wanted)
    again = ebs.start_snapshot(**wanted)
    assert (again["SnapshotId"], again["StartTime"]) == (first["SnapshotId"], first["StartTime"])
    assert refusal(ebs.start_snapshot, **{**wanted, "VolumeSize": 2})[0] == "ConflictException"
    made = ec2.describe_snapshots(Filters=[{"Name": "description", "Values": ["once"]}])["Snapshots"]
    assert len(made) == 1


def test_of_a_block(ebs: Any, pending: str, made: str) -> None:
    block = b"c" * BLOCK

    def put(snapshot: str = pending, index: int = 0, data: bytes = block, **wanted: Any) -> tuple[str, str]:
        named = {"DataLength": BLOCK, "Checksum": direct.checksum(block), "ChecksumAlgorithm": "SHA256", **wanted}
        return refusal(ebs.put_snapshot_block, SnapshotId=snapshot, BlockIndex=index, BlockData=data, **named)

    assert put(NOBODY) == NOT_FOUND
    assert put("snap-XYZ") == BAD_SNAPSHOT
    assert put(made) == BAD_SNAPSHOT
    assert put(index=2048) == (INVALID, "INVALID_BLOCK")
    assert put(data=block[:-1]) == BAD_VALUE
    assert put(data=block + b"c") == BAD_VALUE
    assert put(DataLength=4096) == BAD_VALUE
    assert put(data=b"d" * BLOCK) == BAD_VALUE
    assert put(Checksum="AAAA") == BAD_VALUE
    assert put(ChecksumAlgorithm="MD5") == BAD_VALUE
    direct.complete(ebs, pending, {})  # none of them is there


def test_of_an_end(ebs: Any, ec2: Any, pending: str) -> None:
    blocks = {0: b"a" * BLOCK, 7: b"b" * BLOCK}
    for index, block in blocks.items():
        direct.put(ebs, pending, index, block)

    def complete(snapshot: str = pending, count: int = 2, **wanted: Any) -> tuple[str, str]:
        return refusal(ebs.complete_snapshot, SnapshotId=snapshot, ChangedBlocksCount=count, **wanted)

    assert complete(NOBODY) == NOT_FOUND
    assert complete(count=1) == BAD_VALUE
    assert complete(Checksum=direct.checksum(b"x"), ChecksumAlgorithm="SHA256") == BAD_VALUE
    assert complete(Checksum=direct.linear(blocks), ChecksumAlgorithm="CRC32") == BAD_VALUE
    assert complete(ChecksumAggregationMethod="TREE") == BAD_VALUE
    # It is pending still.
    direct.complete(ebs, pending, blocks)
    direct.wait_completed(ec2, pending)
    assert ebs.complete_snapshot(SnapshotId=pending, ChangedBlocksCount=2)["Status"] == "completed"


def test_of_listings_and_tokens(ebs: Any, ec2: Any, pending: str, made: str) -> None:
    other = direct.write(ebs, ec2, {0: b"a" * BLOCK})
    assert refusal(ebs.list_snapshot_blocks, SnapshotId=NOBODY) == NOT_FOUND
    assert refusal(ebs.list_snapshot_blocks, SnapshotId=pending) == BAD_SNAPSHOT
    assert refusal(ebs.list_snapshot_blocks, SnapshotId="snap-") == BAD_SNAPSHOT
    assert refusal(ebs.list_snapshot_blocks, SnapshotId=made, NextToken="AAAB") == (INVALID, "INVALID_PAGE_TOKEN")
    assert refusal(ebs.list_changed_blocks, SecondSnapshotId=made) == BAD_VALUE
    both = {"FirstSnapshotId": made, "SecondSnapshotId": other}
    assert refusal(ebs.list_changed_blocks, **both) == (INVALID, "UNRELATED_SNAPSHOTS")
    assert refusal(ebs.list_changed_blocks, FirstSnapshotId=NOBODY, SecondSnapshotId=made) == NOT_FOUND
    tokens = dict(direct.listed(ebs, made))
    bad = (INVALID, "INVALID_BLOCK_TOKEN")
    for snapshot, index, token in (
        (made, 5, tokens[0]),
        (made, 1, tokens[0]),
        (other, 0, tokens[0]),
        (made, 0, "AAUBAcuWqOCnDNuKle11s7IIX6jp6FYcC"),
        (made, 0, tokens[0][:-4] + "AAAA"),
        (made, 0, "not base64!"),
    ):
        wanted = {"SnapshotId": snapshot, "BlockIndex": index, "BlockToken": token}
        assert refusal(ebs.get_snapshot_block, **wanted) == bad, (snapshot, index)
    assert direct.get(ebs, made, 5, tokens[5]) == b"b" * BLOCK
    ec2.delete_snapshot(SnapshotId=made)
    assert refusal(ebs.get_snapshot_block, SnapshotId=made, BlockIndex=5, BlockToken=tokens[5]) == NOT_FOUND


def test_a_snapshot_that_goes_while_it_is_written(ebs: Any, ec2: Any, cloud: Server, pending: str) -> None:
    direct.put(ebs, pending, 0, b"a" * BLOCK)
    ec2.delete_snapshot(SnapshotId=pending)
    block = {"BlockData": b"a" * BLOCK, "DataLength": BLOCK, "Checksum": direct.checksum(b"a" * BLOCK)}
    again = {"SnapshotId": pending, "BlockIndex": 1, "ChecksumAlgorithm": "SHA256", **block}
    assert refusal(ebs.put_snapshot_block, **again) == NOT_FOUND
    wait_for("its bytes to go", lambda: not list((cloud.data_folder / "blocks/uploads").glob(f"{pending}*")))


def test_sharing_between_accounts(ebs: Any, ec2: Any, cloud: Server, made: str) -> None:
    created = cloud.command("account", "create", "--name", f"other-{time.time_ns()}", "--json")
    keys = json.loads(created.stdout)
    named = {"aws_access_key_id": keys["access_key_id"], "aws_secret_access_key": keys["secret_access_key"]}
    other = boto_client(cloud, "ebs", **named)
    assert refusal(other.list_snapshot_blocks, SnapshotId=made) == NOT_FOUND
    ec2.modify_snapshot_attribute(SnapshotId=made, OperationType="add", GroupNames=["all"])
    denied = ("AccessDeniedException", "UNAUTHORIZED_ACCOUNT")
    assert refusal(other.list_snapshot_blocks, SnapshotId=made) == denied
    ec2.modify_snapshot_attribute(SnapshotId=made, OperationType="remove", GroupNames=["all"])
    ec2.modify_snapshot_attribute(SnapshotId=made, OperationType="add", UserIds=[keys["account_id"]])
    tokens = dict(direct.listed(other, made))
    assert direct.get(other, made, 0, tokens[0]) == b"a" * BLOCK
    # A token is its account's alone.
    mine = dict(direct.listed(ebs, made))
    stolen = {"SnapshotId": made, "BlockIndex": 0, "BlockToken": mine[0]}
    assert refusal(other.get_snapshot_block, **stolen) == (INVALID, "INVALID_BLOCK_TOKEN")
    assert refusal(other.complete_snapshot, SnapshotId=made, ChangedBlocksCount=0) == denied
    child = other.start_snapshot(VolumeSize=1, ParentSnapshotId=made)["SnapshotId"]
    theirs = boto_client(cloud, "ec2", **named)
    theirs.delete_snapshot(SnapshotId=child)
    ec2.modify_snapshot_attribute(SnapshotId=made, OperationType="remove", UserIds=[keys["account_id"]])
    assert refusal(other.get_snapshot_block, SnapshotId=made, BlockIndex=0, BlockToken=tokens[0]) == NOT_FOUND


@pytest.mark.skipif(missing_compiler() != "", reason=missing_compiler())
def test_time_runs_out(tmp_path: Path, worker_id: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Of a snapshot that nobody completes, of page tokens after an hour, of block tokens after a week."""
    number = int(worker_id.removeprefix("gw") or 0) if worker_id != "master" else 0
    clock = SettableClock(tmp_path)
    own = Server(tmp_path / "own", settings={**clock.settings, "AEROLITH_EC2_PUBLIC_CIDR": public_cidr(number, 5)})
    lacks = what_lacks(own, "containers")
    if lacks:
        pytest.skip(f"no volumes here: {lacks}")
    clock.move_boto(monkeypatch)
    with with_instances(own):
        ebs, ec2 = boto_client(own, "ebs"), boto_client(own, "ec2")
        made = direct.write(ebs, ec2, {index: b"a" * BLOCK for index in range(101)})
        page = ebs.list_snapshot_blocks(SnapshotId=made, MaxResults=100)
        token = page["Blocks"][0]["BlockToken"]
        left = ebs.start_snapshot(VolumeSize=1, Timeout=10)["SnapshotId"]
        direct.put(ebs, left, 0, b"a" * BLOCK)
        clock.set(3601)
        next_page = {"SnapshotId": made, "NextToken": page["NextToken"]}
        assert refusal(ebs.list_snapshot_blocks, **next_page) == (INVALID, "INVALID_PAGE_TOKEN")
        assert direct.get(ebs, made, 0, token) == b"a" * BLOCK
        own.stop()
        own.start()  # it looks at all of them

        def ended() -> dict[str, Any] | None:
            (seen,) = ec2.describe_snapshots(SnapshotIds=[left])["Snapshots"]
            return dict(seen) if seen["State"] == "error" else None

        assert wait_for("it to end", ended)["StateMessage"] == "It wasn't completed within 10 minutes."
        late = {"SnapshotId": left, "BlockIndex": 1, "BlockData": b"a" * BLOCK, "DataLength": BLOCK}
        late |= {"Checksum": direct.checksum(b"a" * BLOCK), "ChecksumAlgorithm": "SHA256"}
        assert refusal(ebs.put_snapshot_block, **late) == BAD_SNAPSHOT
        clock.set(7 * 86400 + 1)
        old = {"SnapshotId": made, "BlockIndex": 0, "BlockToken": token}
        assert refusal(ebs.get_snapshot_block, **old) == (INVALID, "INVALID_BLOCK_TOKEN")
