"""CopyVolumes: what a volume held at one moment, in another one."""

from __future__ import annotations

import json
import time
from typing import Any

from tests.ec2.conftest import tagged
from tools.harness.clients import CommandLine
from tools.harness.volumes import Volumes, login, refusal

DEVICE = "/dev/disk/by-id/virtio-{}"


def copy(volumes: Volumes, source: str, **wanted: Any) -> str:
    (made,) = volumes.ec2.copy_volumes(SourceVolumeId=source, **wanted)["Volumes"]
    volumes.made.append(made["VolumeId"])
    assert (made["State"], made["SourceVolumeId"], made["SnapshotId"]) == ("creating", source, "")
    return volumes.wait(made["VolumeId"], "available")


def test_a_copy_of_a_volume_that_is_written_to(volumes: Volumes, pair: tuple[dict[str, Any], dict[str, Any]]) -> None:
    first, second = pair
    source = volumes.make(Size=2)
    volumes.attach(source, first["InstanceId"])
    disk = DEVICE.format(source.replace("-", ""))
    shell = login(volumes, first)
    shell.run(f"printf before | dd of={disk} conv=notrunc,fsync status=none")
    made = copy(volumes, source, Size=3, VolumeType="gp3", TagSpecifications=tagged("volume", Name="twin"))
    shell.run(f"printf later! | dd of={disk} conv=notrunc,fsync status=none")
    seen = volumes.find(made)
    assert (seen["Size"], seen["VolumeType"], seen["AvailabilityZone"]) == (3, "gp3", volumes.zone)
    assert seen["Tags"] == [{"Key": "Name", "Value": "twin"}]
    volumes.attach(made, second["InstanceId"])
    twin = DEVICE.format(made.replace("-", ""))
    assert login(volumes, second).run(f"head -c 6 {twin}") == "before"
    assert shell.run(f"head -c 6 {disk}") == "later!"
    # It stands by itself.
    volumes.detach(source)
    volumes.delete(source)
    assert login(volumes, second).run(f"blockdev --getsize64 {twin}; head -c 6 {twin}") == f"{3 << 30}\nbefore"


def test_nothing_is_seen_of_what_it_comes_through(volumes: Volumes) -> None:
    before = volumes.ec2.describe_snapshots(OwnerIds=["self"])["Snapshots"]
    source = volumes.make()
    token = f"copy-{time.monotonic_ns()}"
    made = copy(volumes, source, ClientToken=token)
    assert volumes.find(made)["VolumeType"] == "gp2"
    again = volumes.ec2.copy_volumes(SourceVolumeId=source, ClientToken=token)["Volumes"]
    assert [each["VolumeId"] for each in again] == [made]
    assert volumes.ec2.describe_snapshots(OwnerIds=["self"])["Snapshots"] == before


def test_what_is_wrong_with_a_request(volumes: Volumes) -> None:
    source = volumes.make(Size=4)
    ec2 = volumes.ec2
    for wanted, expected in (
        ({"SourceVolumeId": "vol-0123456789abcdef0"}, "InvalidVolume.NotFound"),
        ({"SourceVolumeId": source, "Size": 3}, "InvalidParameterValue"),
        ({"SourceVolumeId": source, "VolumeType": "io1"}, "MissingParameter"),
        ({"SourceVolumeId": source, "VolumeType": "gp2", "Throughput": 200}, "InvalidParameterCombination"),
        ({"SourceVolumeId": source, "KmsKeyId": "alias/aws/ebs"}, "InvalidParameterDependency"),
        ({"SourceVolumeId": source, "DryRun": True}, "DryRunOperation"),
    ):
        assert refusal(ec2.copy_volumes, **wanted)[0] == expected, wanted


def test_the_command_line(volumes: Volumes) -> None:
    line = CommandLine(volumes.guests.server)
    source = volumes.make()
    copied = line.aws("ec2", "copy-volumes", "--source-volume-id", source, "--output", "json")
    made = json.loads(copied.stdout)["Volumes"][0]["VolumeId"]
    volumes.made.append(made)
    volumes.wait(made, "available")
