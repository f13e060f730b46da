"""What retention rules keep of what is deleted. Ends of retentions are in recycle_bin_test.cc: they take days."""

from __future__ import annotations

import datetime
import json
from collections.abc import Iterator
from typing import Any

import pytest

from tests.ec2.conftest import tagged
from tools.harness.clients import CommandLine, boto_client
from tools.harness.instances import wait_for
from tools.harness.server import Server
from tools.harness.snapshots import Snapshots
from tools.harness.volumes import Volumes, refusal

NOBODY = "snap-0123456789abcdef0"
IN_BIN = {"Key": "aws:recycle-bin:resource-in-bin", "Value": "true"}
KEPT = {"keep": "yes"}


@pytest.fixture
def rules(cloud: Server, snapshots: Snapshots) -> Iterator[Any]:
    """What has the tag keep=yes is kept for two days. The rules go before the test's things do."""
    rbin = boto_client(cloud, "rbin")
    made = [
        rbin.create_rule(
            ResourceType=kind,
            RetentionPeriod={"RetentionPeriodValue": 2, "RetentionPeriodUnit": "DAYS"},
            ResourceTags=[{"ResourceTagKey": "keep", "ResourceTagValue": "yes"}],
        )["Identifier"]
        for kind in ("EBS_SNAPSHOT", "EC2_IMAGE", "EBS_VOLUME")
    ]
    yield rbin
    for rule in made:
        rbin.delete_rule(Identifier=rule)


def binned(ec2: Any) -> list[str]:
    return [each["SnapshotId"] for each in ec2.list_snapshots_in_recycle_bin()["Snapshots"]]


def test_a_deleted_snapshot_comes_back(snapshots: Snapshots, rules: Any) -> None:
    ec2 = snapshots.ec2
    volume = snapshots.volumes.make()
    kept = snapshots.make(volume, Description="precious", TagSpecifications=tagged("snapshot", **KEPT))
    other = snapshots.make(volume)
    for each in (kept, other):
        ec2.delete_snapshot(SnapshotId=each)
        assert not snapshots.exists(each)
    (listed,) = ec2.list_snapshots_in_recycle_bin(SnapshotIds=[kept])["Snapshots"]
    assert (listed["Description"], listed["VolumeId"]) == ("precious", volume)
    assert listed["RecycleBinExitTime"] - listed["RecycleBinEnterTime"] == datetime.timedelta(days=2)
    assert other not in binned(ec2)
    tags = ec2.describe_tags(Filters=[{"Name": "resource-id", "Values": [kept]}])["Tags"]
    assert IN_BIN in [{"Key": each["Key"], "Value": each["Value"]} for each in tags]
    unusable = {"AvailabilityZone": snapshots.volumes.zone, "SnapshotId": kept}
    assert refusal(ec2.create_volume, **unusable)[0] == "InvalidSnapshot.NotFound"
    assert refusal(ec2.delete_snapshot, SnapshotId=kept)[0] == "InvalidSnapshot.NotFound"
    assert refusal(ec2.list_snapshots_in_recycle_bin, SnapshotIds=[other])[0] == "InvalidSnapshot.NotFound"
    assert refusal(ec2.restore_snapshot_from_recycle_bin, SnapshotId=NOBODY)[0] == "InvalidSnapshot.NotFound"
    assert ec2.restore_snapshot_from_recycle_bin(SnapshotId=kept)["State"] == "recovering"
    seen = snapshots.find(kept)
    assert (seen["State"], seen["Tags"]) == ("completed", [{"Key": "keep", "Value": "yes"}])
    assert snapshots.volumes.make(SnapshotId=kept)
    assert refusal(ec2.restore_snapshot_from_recycle_bin, SnapshotId=kept)[0] == "IncorrectState"
    ec2.delete_tags(Resources=[kept])


def test_what_is_in_the_bin_stays_over_a_start(snapshots: Snapshots, rules: Any, cloud: Server) -> None:
    ec2 = snapshots.ec2
    kept = snapshots.make(TagSpecifications=tagged("snapshot", **KEPT))
    ec2.delete_snapshot(SnapshotId=kept)
    cloud.stop()
    cloud.start()
    assert kept in binned(ec2)
    ec2.restore_snapshot_from_recycle_bin(SnapshotId=kept)
    assert snapshots.volumes.make(SnapshotId=kept)
    ec2.delete_tags(Resources=[kept])


def test_an_image_and_its_snapshot(snapshots: Snapshots, rules: Any) -> None:
    ec2 = snapshots.ec2
    snapshot = snapshots.make(TagSpecifications=tagged("snapshot", **KEPT))
    device = {"DeviceName": "/dev/xvda", "Ebs": {"SnapshotId": snapshot}}
    register = {"Name": f"of-{snapshot}", "RootDeviceName": "/dev/xvda", "BlockDeviceMappings": [device]}
    image = ec2.register_image(**register, TagSpecifications=tagged("image", **KEPT))["ImageId"]
    gone = ec2.deregister_image(ImageId=image, DeleteAssociatedSnapshots=True)
    assert gone["DeleteSnapshotResults"] == [{"SnapshotId": snapshot, "ReturnCode": "success"}]
    (listed,) = ec2.list_images_in_recycle_bin(ImageIds=[image])["Images"]
    assert listed["Name"] == register["Name"]
    assert ec2.describe_images(ImageIds=[image])["Images"] == []
    assert refusal(ec2.restore_image_from_recycle_bin, ImageId=image) == (
        "InvalidSnapshot.NotFound",
        f"The snapshot '{snapshot}' of the image {image} is in the Recycle Bin: restore it first.",
    )
    ec2.restore_snapshot_from_recycle_bin(SnapshotId=snapshot)
    assert ec2.restore_image_from_recycle_bin(ImageId=image)["Return"]
    (seen,) = ec2.describe_images(ImageIds=[image])["Images"]
    assert (seen["State"], seen["Tags"]) == ("available", [{"Key": "keep", "Value": "yes"}])
    ec2.delete_tags(Resources=[image, snapshot])
    ec2.deregister_image(ImageId=image)
    assert refusal(ec2.list_images_in_recycle_bin, ImageIds=[image])[0] == "InvalidAMIID.NotFound"


def test_a_deleted_volume_comes_back(volumes: Volumes, rules: Any) -> None:
    ec2 = volumes.ec2
    volume = volumes.make(Size=2, TagSpecifications=tagged("volume", **KEPT))
    ec2.delete_volume(VolumeId=volume)
    assert not volumes.exists(volume)
    (listed,) = ec2.list_volumes_in_recycle_bin(VolumeIds=[volume])["Volumes"]
    assert (listed["Size"], listed["AvailabilityZone"], listed["State"]) == (2, volumes.zone, "available")
    assert volumes.file(volume).exists()
    assert ec2.restore_volume_from_recycle_bin(VolumeId=volume)["Return"]
    assert volumes.find(volume)["State"] == "available"
    ec2.delete_tags(Resources=[volume])


def test_the_volume_of_an_instance_that_ends(volumes: Volumes, rules: Any) -> None:
    """Its bytes are there in the next one."""
    guests = volumes.guests
    instance = guests.start(TagSpecifications=tagged("volume", **KEPT))
    login = guests.login(instance).wait()
    login.run("echo kept > ~/note; sync")
    root = guests.find(instance["InstanceId"])["BlockDeviceMappings"][0]["Ebs"]["VolumeId"]
    guests.terminate(instance["InstanceId"])
    wait_for("it to be in the bin", lambda: volumes.ec2.list_volumes_in_recycle_bin(VolumeIds=[root])["Volumes"])
    volumes.ec2.restore_volume_from_recycle_bin(VolumeId=root)
    volumes.made.append(root)
    assert (volumes.find(root)["State"], volumes.find(root)["Attachments"]) == ("available", [])
    assert volumes.file(root).exists()
    volumes.ec2.delete_tags(Resources=[root])


def test_the_command_line(snapshots: Snapshots, rules: Any, cloud: Server) -> None:
    line = CommandLine(cloud)
    kept = snapshots.make(TagSpecifications=tagged("snapshot", **KEPT))
    line.aws("ec2", "delete-snapshot", "--snapshot-id", kept)
    listed = json.loads(line.aws("ec2", "list-snapshots-in-recycle-bin", "--output", "json").stdout)
    assert kept in [each["SnapshotId"] for each in listed["Snapshots"]]
    line.aws("ec2", "restore-snapshot-from-recycle-bin", "--snapshot-id", kept)
    line.aws("ec2", "delete-tags", "--resources", kept)
    assert snapshots.find(kept)["State"] == "completed"
