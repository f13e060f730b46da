"""Snapshots written and read block by block, by a small uploader and a small downloader.

https://docs.aws.amazon.com/ebs/latest/userguide/ebs-accessing-snapshot.html
"""

from __future__ import annotations

import datetime
import filecmp
import json
import random
from pathlib import Path
from typing import Any

import pytest
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials

from tools.harness import direct_snapshots as direct
from tools.harness import signing
from tools.harness.clients import CommandLine, boto_client, resolve_names_locally
from tools.harness.direct_snapshots import BLOCK
from tools.harness.instances import Guests, wait_for
from tools.harness.raw_http import Answer
from tools.harness.server import Server


def letters(text: str, start: int = 0) -> dict[int, bytes]:
    """A block of each letter, one behind the other."""
    return {start + index: letter.encode() * BLOCK for index, letter in enumerate(text)}


def bytes_of(server: Server) -> set[str]:
    """Files of the server's that have bytes of snapshots."""
    folder = server.data_folder / "blocks"
    return {path.name for name in ("uploads", "snapshots", "store/packs") for path in (folder / name).glob("*")}


def test_the_life_of_a_snapshot(ebs: Any, ec2: Any, cloud: Server) -> None:
    before = bytes_of(cloud)
    started = ebs.start_snapshot(
        VolumeSize=2, Description="from elsewhere", Tags=[{"Key": "team", "Value": "red"}], Timeout=30
    )
    snapshot = started["SnapshotId"]
    assert started["ResponseMetadata"]["HTTPStatusCode"] == 201
    assert (started["Status"], started["VolumeSize"], started["BlockSize"]) == ("pending", 2, BLOCK)
    assert started["Tags"] == [{"Key": "team", "Value": "red"}]
    (seen,) = ec2.describe_snapshots(SnapshotIds=[snapshot])["Snapshots"]
    assert (seen["State"], seen["VolumeSize"], seen["VolumeId"]) == ("pending", 2, "vol-ffffffff")
    assert (seen["OwnerId"], seen["StartTime"]) == (started["OwnerId"], started["StartTime"])
    assert (seen["Description"], seen["Tags"]) == ("from elsewhere", [{"Key": "team", "Value": "red"}])
    blocks = letters("ab", start=4094)
    answer = direct.put(ebs, snapshot, 4094, blocks[4094], Progress=40)
    assert answer["ResponseMetadata"]["HTTPStatusCode"] == 201
    assert (answer["Checksum"], answer["ChecksumAlgorithm"]) == (direct.checksum(blocks[4094]), "SHA256")
    (seen,) = ec2.describe_snapshots(SnapshotIds=[snapshot])["Snapshots"]
    assert seen["Progress"] == "40%"
    direct.put(ebs, snapshot, 4095, b"x" * BLOCK)
    direct.put(ebs, snapshot, 4095, blocks[4095])  # the last one counts
    ended = ebs.complete_snapshot(SnapshotId=snapshot, ChangedBlocksCount=2)
    assert (ended["ResponseMetadata"]["HTTPStatusCode"], ended["Status"]) == (202, "pending")
    seen = direct.wait_completed(ec2, snapshot)
    assert seen["Progress"] == "100%" and seen["CompletionTime"] >= seen["StartTime"]
    page = ebs.list_snapshot_blocks(SnapshotId=snapshot)
    assert (page["VolumeSize"], page["BlockSize"], [each["BlockIndex"] for each in page["Blocks"]]) == (
        2,
        BLOCK,
        [4094, 4095],
    )
    week = page["ExpiryTime"] - datetime.datetime.now(datetime.UTC)
    assert datetime.timedelta(days=6, hours=23) < week <= datetime.timedelta(days=7)
    for index, token in direct.listed(ebs, snapshot):
        assert direct.get(ebs, snapshot, index, token) == blocks[index]
    ec2.delete_snapshot(SnapshotId=snapshot)
    wait_for("its bytes to go", lambda: bytes_of(cloud) <= before)


def test_what_is_the_same_lies_there_once(ebs: Any, ec2: Any, cloud: Server) -> None:
    def size() -> int:
        return sum(path.stat().st_blocks * 512 for path in (cloud.data_folder / "blocks/store/packs").glob("*"))

    blocks = {index: random.Random(index).randbytes(BLOCK) for index in range(8)}
    first = direct.write(ebs, ec2, blocks)
    one = size()
    second = direct.write(ebs, ec2, blocks)
    assert size() - one < BLOCK
    ec2.delete_snapshot(SnapshotId=first)
    wait_for(
        "it to go",
        lambda: not ec2.describe_snapshots(Filters=[{"Name": "snapshot-id", "Values": [first]}])["Snapshots"],
    )
    assert {index: direct.get(ebs, second, index, token) for index, token in direct.listed(ebs, second)} == blocks


def test_a_child_has_what_changed(ebs: Any, ec2: Any) -> None:
    parent = direct.write(ebs, ec2, letters("abcd"))
    child = direct.write(ebs, ec2, letters("BC", start=1) | letters("e", start=9), 2, ParentSnapshotId=parent)
    grandchild = direct.write(ebs, ec2, {0: bytes(BLOCK), 9: b"f" * BLOCK}, 2, ParentSnapshotId=child)
    wanted = {0: b"a", 1: b"B", 2: b"C", 3: b"d", 9: b"e"}
    read = {index: direct.get(ebs, child, index, token)[:1] for index, token in direct.listed(ebs, child)}
    assert read == wanted
    differences = direct.changed(ebs, parent, child)
    assert sorted(differences) == [1, 2, 9]
    assert direct.get(ebs, parent, 1, differences[1]["FirstBlockToken"]) == b"b" * BLOCK
    assert direct.get(ebs, child, 1, differences[1]["SecondBlockToken"]) == b"B" * BLOCK
    assert "FirstBlockToken" not in differences[9]
    # What was overwritten with zeros isn't there any more.
    differences = direct.changed(ebs, child, grandchild)
    assert sorted(differences) == [0, 9] and "SecondBlockToken" not in differences[0]
    assert direct.changed(ebs, child, child) == {}
    assert sorted(direct.changed(ebs, parent, grandchild, StartingBlockIndex=2)) == [2, 9]
    # A parent that goes leaves its children whole.
    ec2.delete_snapshot(SnapshotId=parent)
    assert {index for index, _ in direct.listed(ebs, grandchild)} == {1, 2, 3, 9}


def test_a_parent_that_goes_before_its_child_is_complete(ebs: Any, ec2: Any) -> None:
    parent = direct.write(ebs, ec2, letters("ab"))
    child = ebs.start_snapshot(VolumeSize=1, ParentSnapshotId=parent)["SnapshotId"]
    ec2.delete_snapshot(SnapshotId=parent)
    blocks = letters("B", start=1)
    direct.put(ebs, child, 1, blocks[1])
    direct.complete(ebs, child, blocks)
    direct.wait_completed(ec2, child)
    read = {index: direct.get(ebs, child, index, token)[:1] for index, token in direct.listed(ebs, child)}
    assert read == {0: b"a", 1: b"B"}


def test_pages(ebs: Any, ec2: Any) -> None:
    first = direct.write(ebs, ec2, {index: b"a" * BLOCK for index in range(0, 250, 2)})
    second = direct.write(ebs, ec2, {index: b"b" * BLOCK for index in range(250)}, ParentSnapshotId=first)
    page = ebs.list_snapshot_blocks(SnapshotId=first, MaxResults=100)
    assert [each["BlockIndex"] for each in page["Blocks"]] == list(range(0, 200, 2))
    # The token wins over the index.
    rest = ebs.list_snapshot_blocks(SnapshotId=first, MaxResults=100, NextToken=page["NextToken"], StartingBlockIndex=7)
    assert [each["BlockIndex"] for each in rest["Blocks"]] == list(range(200, 250, 2))
    assert "NextToken" not in rest
    assert [index for index, _ in direct.listed(ebs, first, StartingBlockIndex=101, MaxResults=100)] == list(
        range(102, 250, 2)
    )
    assert sorted(direct.changed(ebs, first, second, MaxResults=100)) == list(range(250))


def test_a_volume_written_block_by_block_boots(guests: Guests, ebs: Any, ec2: Any, tmp_path: Path) -> None:
    """The bytes of a guest's disk go out, and come in again as another snapshot."""
    instance = guests.start()
    guests.login(instance).wait().run("echo carried > ~/note; sync")
    volume = guests.find(instance["InstanceId"])["BlockDeviceMappings"][0]["Ebs"]["VolumeId"]
    taken = ec2.create_snapshot(VolumeId=volume)["SnapshotId"]
    direct.wait_completed(ec2, taken)
    out, back = tmp_path / "out.raw", tmp_path / "back.raw"
    direct.download(ebs, taken, out)
    assert direct.blocks_of(out)
    made = direct.upload(ebs, ec2, out, Description="carried")
    direct.download(ebs, made, back)
    assert filecmp.cmp(out, back, shallow=False)
    device = {"DeviceName": "/dev/xvda", "Ebs": {"SnapshotId": made}}
    image = ec2.register_image(Name="carried", RootDeviceName="/dev/xvda", BlockDeviceMappings=[device])["ImageId"]
    restored = guests.start(ImageId=image)
    login = guests.login(restored).wait()
    assert login.run("cat ~/note") == "carried"
    # Snapshots of the volume that was made of it are of its lineage: what the guest wrote is what differs.
    login.run("echo more > ~/note; sync")
    volume = guests.find(restored["InstanceId"])["BlockDeviceMappings"][0]["Ebs"]["VolumeId"]
    later = ec2.create_snapshot(VolumeId=volume)["SnapshotId"]
    direct.wait_completed(ec2, later)
    differences = direct.changed(ebs, made, later)
    assert 0 < len(differences) < 400
    patched = bytearray(back.read_bytes())
    for index, each in differences.items():
        token = each.get("SecondBlockToken")
        block = direct.get(ebs, later, index, token) if token else bytes(BLOCK)
        patched[index * BLOCK : (index + 1) * BLOCK] = block
    direct.download(ebs, later, out)
    assert out.read_bytes() == bytes(patched)


def test_over_tls_the_body_is_not_signed(cloud: Server, ec2: Any) -> None:
    secure = cloud.endpoint.replace("http://", "https://")
    ebs = boto_client(cloud, "ebs", endpoint_url=secure, verify=str(cloud.ca_bundle))
    seen: list[Any] = []
    ebs.meta.events.register("before-send.ebs.PutSnapshotBlock", lambda request, **_: seen.append(request.headers))
    snapshot = direct.write(ebs, ec2, letters("ab"))
    assert {headers["X-Amz-Content-SHA256"] for headers in seen} == {b"UNSIGNED-PAYLOAD"}
    assert [index for index, _ in direct.listed(ebs, snapshot)] == [0, 1]


@pytest.mark.parametrize("scheme", ["http", "https"])
def test_by_the_name_that_clients_have_built_in(
    cloud: Server, ec2: Any, monkeypatch: pytest.MonkeyPatch, scheme: str
) -> None:
    resolve_names_locally(monkeypatch)
    named = f"{scheme}://ebs.us-east-1.amazonaws.com:{cloud.port}"
    ebs = boto_client(cloud, "ebs", endpoint_url=named, verify=str(cloud.ca_bundle))
    snapshot = direct.write(ebs, ec2, letters("a"))
    assert [index for index, _ in direct.listed(ebs, snapshot)] == [0]


class _BodyLeftOut(SigV4Auth):
    def payload(self, request: AWSRequest) -> str:
        return "UNSIGNED-PAYLOAD"


def test_the_body_may_be_left_out_without_a_word(cloud: Server, ebs: Any) -> None:
    """So the SDK for Rust signs blocks, and nothing else."""
    keys = cloud.credentials()
    signer = _BodyLeftOut(Credentials(keys.access_key, keys.secret_key), "ebs", keys.region)

    def send(method: str, target: str, body: bytes, headers: dict[str, str]) -> Answer:
        request = AWSRequest(method=method, url=f"{cloud.endpoint}{target}", data=body, headers=headers)
        signer.add_auth(request)
        named = dict(request.headers.items()) | {"Host": cloud.endpoint.removeprefix("http://")}
        assert "X-Amz-Content-SHA256" not in named
        return signing.send(cloud, signing.SignedRequest(method, target, named, body))

    snapshot = ebs.start_snapshot(VolumeSize=1)["SnapshotId"]
    block = b"a" * BLOCK
    named = {"x-amz-Data-Length": str(BLOCK), "x-amz-Checksum-Algorithm": "SHA256"}
    target = f"/snapshots/{snapshot}/blocks/0"
    assert send("PUT", target, block, named | {"x-amz-Checksum": direct.checksum(block)}).status == 201
    # The checksum is signed, and the body is held against it.
    assert send("PUT", target, b"b" * BLOCK, named | {"x-amz-Checksum": direct.checksum(block)}).status == 400
    assert send("POST", "/snapshots", b'{"VolumeSize": 1}', {"Content-Type": "application/json"}).status == 403


def test_the_command_line(cloud: Server, ec2: Any, tmp_path: Path) -> None:
    client = CommandLine(cloud)

    def aws(*arguments: str) -> Any:
        return json.loads(client.aws("ebs", *arguments, "--output", "json").stdout or "{}")

    started = aws("start-snapshot", "--volume-size", "1", "--timeout", "60", "--description", "by hand")
    snapshot = started["SnapshotId"]
    data = tmp_path / "data"
    data.write_bytes(b"c" * BLOCK)
    named = ("--snapshot-id", snapshot)
    sums = ("--checksum-algorithm", "SHA256")
    block_sum = direct.checksum(data.read_bytes())
    put = ("--data-length", str(BLOCK), "--block-data", str(data), "--checksum", block_sum)
    assert aws("put-snapshot-block", *named, "--block-index", "7", *put, *sums)["Checksum"] == block_sum
    whole = ("--checksum", direct.linear({7: data.read_bytes()}), "--checksum-aggregation-method", "LINEAR")
    assert aws("complete-snapshot", *named, "--changed-blocks-count", "1", *whole, *sums)["Status"] == "pending"
    direct.wait_completed(ec2, snapshot)
    (block,) = aws("list-snapshot-blocks", *named)["Blocks"]
    got = tmp_path / "got"
    token = ("--block-token", block["BlockToken"])
    answer = aws("get-snapshot-block", *named, "--block-index", "7", *token, str(got))
    assert (answer["Checksum"], got.read_bytes()) == (block_sum, data.read_bytes())


@pytest.mark.parametrize("seals", [False, True])
def test_an_upload_goes_on_when_the_server_was_killed(cloud: Server, ec2: Any, ebs: Any, seals: bool) -> None:
    """What was answered is there; a snapshot that was told to be completed becomes so."""
    blocks = letters("abc")
    snapshot = ebs.start_snapshot(VolumeSize=1)["SnapshotId"]
    for index in (0, 1):
        direct.put(ebs, snapshot, index, blocks[index])
    if seals:
        blocks.pop(2)
        direct.complete(ebs, snapshot, blocks)
    cloud.kill()
    cloud.start()
    if not seals:
        direct.put(ebs, snapshot, 2, blocks[2])
        direct.complete(ebs, snapshot, blocks)
    direct.wait_completed(ec2, snapshot)
    assert {index: direct.get(ebs, snapshot, index, token) for index, token in direct.listed(ebs, snapshot)} == blocks
