"""EBS volumes: made, shown, filtered, deleted; from snapshots; their status and attributes."""

from __future__ import annotations

import json
import time
from typing import Any

import pytest

from tests.ec2.conftest import tagged
from tools.harness.clients import CommandLine
from tools.harness.volumes import GIB, Volumes, login, refusal

NOWHERE = "vol-0123456789abcdef0"


def test_a_volume_is_made_shown_and_deleted(volumes: Volumes) -> None:
    asked = volumes.ask(Size=5, TagSpecifications=tagged("volume", Name="data"))
    assert asked["State"] == "creating" and asked["VolumeId"].startswith("vol-")
    volumes.wait(asked["VolumeId"], "available")
    seen = volumes.find(asked["VolumeId"])
    assert {key: seen[key] for key in ("Size", "VolumeType", "Iops", "Throughput", "Encrypted", "SnapshotId")} == {
        "Size": 5,
        "VolumeType": "gp3",
        "Iops": 3000,
        "Throughput": 125,
        "Encrypted": False,
        "SnapshotId": "",
    }
    assert seen["AvailabilityZone"] == volumes.zone and seen["AvailabilityZoneId"].startswith("use1-az")
    assert not seen["MultiAttachEnabled"] and seen["Attachments"] == []
    assert seen["Tags"] == [{"Key": "Name", "Value": "data"}]
    assert volumes.file(asked["VolumeId"]).stat().st_blocks * 512 < 1 << 20
    volumes.delete(asked["VolumeId"])
    assert not volumes.file(asked["VolumeId"]).exists()
    gone = (f"The volume '{asked['VolumeId']}' does not exist.", "InvalidVolume.NotFound")
    for call in (volumes.ec2.delete_volume, volumes.ec2.modify_volume, volumes.ec2.enable_volume_io):
        size = {"Size": 9} if call == volumes.ec2.modify_volume else {}
        assert refusal(call, VolumeId=asked["VolumeId"], **size) == (gone[1], gone[0])


def test_the_command_line_makes_attaches_and_deletes(
    volumes: Volumes, pair: tuple[dict[str, Any], dict[str, Any]]
) -> None:
    line = CommandLine(volumes.guests.server)

    def aws(*words: str) -> Any:
        said = line.aws(*words, "--output", "json").stdout
        return json.loads(said) if said.strip() else None

    volume = aws("ec2", "create-volume", "--size", "1", "--availability-zone", volumes.zone)["VolumeId"]
    volumes.made.append(volume)
    aws("ec2", "wait", "volume-available", "--volume-ids", volume)
    assert volumes.find(volume)["VolumeType"] == "gp2"  # where none is named
    instance = pair[0]["InstanceId"]
    aws("ec2", "attach-volume", "--volume-id", volume, "--instance-id", instance, "--device", "/dev/sdf")
    aws("ec2", "wait", "volume-in-use", "--volume-ids", volume)
    volumes.wait(volume, "in-use")
    aws("ec2", "detach-volume", "--volume-id", volume)
    aws("ec2", "wait", "volume-available", "--volume-ids", volume)
    aws("ec2", "delete-volume", "--volume-id", volume)
    aws("ec2", "wait", "volume-deleted", "--volume-ids", volume)
    volumes.made.remove(volume)


def test_a_token_makes_one_volume(volumes: Volumes) -> None:
    token = f"token-{time.monotonic_ns()}"
    first = volumes.ask(ClientToken=token)["VolumeId"]
    assert volumes.ask(ClientToken=token)["VolumeId"] == first
    volumes.made.pop()
    assert refusal(volumes.ask, ClientToken=token, Size=2)[0] == "IdempotentParameterMismatch"
    volumes.wait(first, "available")


@pytest.mark.parametrize(
    "wanted",
    [
        {"VolumeType": "gp2", "Size": 16384},
        {"VolumeType": "gp3", "Size": 65536, "Iops": 80000, "Throughput": 2000},
        {"VolumeType": "io1", "Size": 1280, "Iops": 64000},
        {"VolumeType": "io2", "Size": 65536, "Iops": 256000},
        {"VolumeType": "st1", "Size": 125},
        {"VolumeType": "sc1", "Size": 16384},
        {"VolumeType": "standard", "Size": 1024},
    ],
)
def test_the_largest_of_each_type(volumes: Volumes, wanted: dict[str, Any]) -> None:
    seen = volumes.find(volumes.make(**wanted))
    assert {key: seen[key] for key in wanted} == wanted
    assert seen.get("Iops") == {"gp2": 16000}.get(wanted["VolumeType"], wanted.get("Iops"))


@pytest.mark.parametrize(
    "wanted, expected",
    [
        ({"AvailabilityZone": None}, "MissingParameter"),
        ({"AvailabilityZone": "us-east-1x"}, "InvalidZone.NotFound"),
        ({"AvailabilityZoneId": "use1-az1"}, "InvalidParameterCombination"),
        ({"Size": None}, "MissingParameter"),
        ({"Size": 0}, "InvalidParameterValue"),
        ({"Size": 65537}, "InvalidParameterValue"),
        ({"VolumeType": "gp2", "Size": 16385}, "InvalidParameterValue"),
        ({"VolumeType": "st1", "Size": 124}, "InvalidParameterValue"),
        ({"VolumeType": "standard", "Size": 1025}, "InvalidParameterValue"),
        ({"VolumeType": "gp2", "Iops": 300}, "InvalidParameterCombination"),
        ({"VolumeType": "gp2", "Throughput": 200}, "InvalidParameterCombination"),
        ({"VolumeType": "io2", "Size": 10}, "MissingParameter"),
        ({"VolumeType": "io1", "Size": 10, "Iops": 501}, "InvalidParameterValue"),
        ({"VolumeType": "io2", "Size": 10, "Iops": 99}, "InvalidParameterValue"),
        ({"Iops": 2999}, "InvalidParameterValue"),
        ({"Size": 1000, "Iops": 80001}, "InvalidParameterValue"),
        ({"Size": 1000, "Throughput": 1000}, "InvalidParameterValue"),  # of 3,000 IOPS
        ({"Encrypted": True, "KmsKeyId": "alias/mine"}, "InvalidParameterValue"),
        ({"KmsKeyId": "alias/mine"}, "InvalidParameterDependency"),
        ({"MultiAttachEnabled": True}, "InvalidParameterCombination"),
        ({"SnapshotId": "snap-0123456789abcdef0"}, "InvalidSnapshot.NotFound"),
        ({"SnapshotId": "nonsense"}, "InvalidParameterValue"),
        ({"DryRun": True}, "DryRunOperation"),
    ],
)
def test_what_is_refused(volumes: Volumes, wanted: dict[str, Any], expected: str) -> None:
    before = len(volumes.ec2.describe_volumes()["Volumes"])
    assert refusal(volumes.ask, **wanted)[0] == expected
    assert len(volumes.ec2.describe_volumes()["Volumes"]) == before


def test_a_volume_from_a_snapshot(volumes: Volumes, pair: tuple[dict[str, Any], dict[str, Any]]) -> None:
    image = volumes.ec2.describe_images(ImageIds=[volumes.guests.image])["Images"][0]
    ebs = image["BlockDeviceMappings"][0]["Ebs"]
    seen = volumes.find(volumes.make(Size=None, SnapshotId=ebs["SnapshotId"]))
    assert (seen["Size"], seen["SnapshotId"]) == (ebs["VolumeSize"], ebs["SnapshotId"])
    larger = volumes.make(Size=ebs["VolumeSize"] + 2, SnapshotId=ebs["SnapshotId"])
    shell = login(volumes, pair[0])
    volumes.attach(larger, pair[0]["InstanceId"])
    assert int(shell.run("blockdev --getsize64 /dev/sdf")) == (ebs["VolumeSize"] + 2) * GIB
    # ext4's magic number: the image's file system is on it.
    assert shell.run("dd if=/dev/sdf bs=1 skip=1080 count=2 2>/dev/null | od -An -tx1") == "53 ef"
    volumes.detach(larger)


def test_filters_and_pages(volumes: Volumes) -> None:
    mine = [volumes.make(Size=size, TagSpecifications=tagged("volume", set="pages")) for size in (1, 2, 3, 4, 5, 6)]
    ours = {"Name": "tag:set", "Values": ["pages"]}

    def found(**filters: str) -> list[str]:
        asked = [{"Name": name.replace("_", "-"), "Values": [value]} for name, value in filters.items()]
        return [each["VolumeId"] for each in volumes.ec2.describe_volumes(Filters=[ours, *asked])["Volumes"]]

    assert sorted(found()) == sorted(mine)
    assert found(size="3") == [mine[2]]
    for name, value in {
        "status": "available",
        "volume_type": "gp3",
        "encrypted": "false",
        "availability_zone": volumes.zone,
        "multi_attach_enabled": "false",
        "create_time": "20*",
        "fast_restored": "false",
        "operator.managed": "false",
    }.items():
        assert sorted(found(**{name: value})) == sorted(mine), name
    for name in ("attachment.instance-id", "attachment.status", "snapshot-id", "operator.principal"):
        assert found(**{name: "i-0*"}) == [], name
    assert refusal(found, nonsense="x")[0] == "InvalidParameterValue"
    pages = volumes.ec2.get_paginator("describe_volumes").paginate(Filters=[ours], PaginationConfig={"PageSize": 5})
    assert [[each["VolumeId"] for each in page["Volumes"]] for page in pages] == [sorted(mine)[:5], sorted(mine)[5:]]
    assert refusal(volumes.ec2.describe_volumes, MaxResults=5, VolumeIds=mine)[0] == "InvalidParameterCombination"
    assert refusal(volumes.ec2.describe_volumes, VolumeIds=[NOWHERE])[0] == "InvalidVolume.NotFound"


def test_status_and_attributes(volumes: Volumes) -> None:
    ec2, volume = volumes.ec2, volumes.make()
    status = ec2.describe_volume_status(VolumeIds=[volume])["VolumeStatuses"][0]
    assert status["VolumeStatus"]["Status"] == "ok" and status["AvailabilityZone"] == volumes.zone
    details = {each["Name"]: each["Status"] for each in status["VolumeStatus"]["Details"]}
    assert details["io-enabled"] == "passed"
    filters = [{"Name": "volume-status.status", "Values": ["impaired"]}]
    assert ec2.describe_volume_status(VolumeIds=[volume], Filters=filters)["VolumeStatuses"] == []
    # What is really so, not what should be.
    elsewhere = volumes.file(volume).with_suffix(".away")
    volumes.file(volume).rename(elsewhere)
    impaired = ec2.describe_volume_status(VolumeIds=[volume], Filters=filters)["VolumeStatuses"]
    assert [each["VolumeId"] for each in impaired] == [volume]
    elsewhere.rename(volumes.file(volume))

    def auto() -> bool:
        shown = ec2.describe_volume_attribute(VolumeId=volume, Attribute="autoEnableIO")
        return bool(shown["AutoEnableIO"]["Value"])

    assert not auto()
    ec2.modify_volume_attribute(VolumeId=volume, AutoEnableIO={"Value": True})
    assert auto()
    assert ec2.describe_volume_attribute(VolumeId=volume, Attribute="productCodes")["ProductCodes"] == []
    ec2.enable_volume_io(VolumeId=volume)
    assert refusal(ec2.modify_volume_attribute, VolumeId=volume)[0] == "MissingParameter"
