"""Locked snapshots: who may delete what, and when. States that take days are in snapshot_locks_test.cc."""

from __future__ import annotations

import datetime
import json

from tools.harness.clients import CommandLine
from tools.harness.server import Server
from tools.harness.snapshots import Snapshots
from tools.harness.volumes import refusal

NOBODY = "snap-0123456789abcdef0"
DAY = datetime.timedelta(days=1)


def test_a_locked_snapshot_stays(snapshots: Snapshots) -> None:
    ec2 = snapshots.ec2
    snapshot = snapshots.make()
    locked = ec2.lock_snapshot(SnapshotId=snapshot, LockMode="governance", LockDuration=3)
    assert (locked["SnapshotId"], locked["LockState"], locked["LockDuration"]) == (snapshot, "governance", 3)
    assert locked["LockExpiresOn"] - locked["LockDurationStartTime"] == 3 * DAY
    assert "CoolOffPeriod" not in locked
    assert refusal(ec2.delete_snapshot, SnapshotId=snapshot) == (
        "OperationNotPermitted",
        f"The snapshot {snapshot} is locked and can't be deleted.",
    )
    # All else goes on.
    volume = snapshots.volumes.make(SnapshotId=snapshot)
    assert snapshots.volumes.find(volume)["SnapshotId"] == snapshot
    ec2.unlock_snapshot(SnapshotId=snapshot)
    assert ec2.describe_locked_snapshots(SnapshotIds=[snapshot])["Snapshots"] == []
    ec2.delete_snapshot(SnapshotId=snapshot)
    assert not snapshots.exists(snapshot)


def test_in_its_cooling_off_period_a_lock_can_be_changed(snapshots: Snapshots) -> None:
    ec2 = snapshots.ec2
    snapshot = snapshots.make()
    until = (datetime.datetime.now(datetime.UTC) + 9 * DAY).replace(microsecond=0)
    ec2.lock_snapshot(SnapshotId=snapshot, LockMode="compliance", CoolOffPeriod=1, ExpirationDate=until)
    (seen,) = ec2.describe_locked_snapshots(SnapshotIds=[snapshot])["Snapshots"]
    assert (seen["LockState"], seen["CoolOffPeriod"]) == ("compliance-cooloff", 1)
    assert seen["LockExpiresOn"] == until
    assert seen["CoolOffPeriodExpiresOn"] - seen["LockCreatedOn"] == datetime.timedelta(hours=1)
    assert seen["OwnerId"] == snapshots.find(snapshot)["OwnerId"]
    cooling = [{"Name": "lock-state", "Values": ["compliance-cooloff"]}]
    listed = ec2.describe_locked_snapshots(Filters=cooling)["Snapshots"]
    assert snapshot in [each["SnapshotId"] for each in listed]
    changed = ec2.lock_snapshot(SnapshotId=snapshot, LockMode="governance", LockDuration=1)
    assert (changed["LockState"], changed["LockCreatedOn"]) == ("governance", seen["LockCreatedOn"])
    ec2.unlock_snapshot(SnapshotId=snapshot)


def test_what_is_wrong_with_a_request(snapshots: Snapshots) -> None:
    ec2 = snapshots.ec2
    snapshot = snapshots.make()
    lock = {"SnapshotId": snapshot, "LockMode": "governance"}
    tomorrow = datetime.datetime.now(datetime.UTC) + DAY
    for call, wanted, expected in (
        (ec2.lock_snapshot, lock, "MissingParameter"),
        (ec2.lock_snapshot, {**lock, "LockDuration": 1, "ExpirationDate": tomorrow}, "InvalidParameterCombination"),
        (ec2.lock_snapshot, {**lock, "LockDuration": 1, "CoolOffPeriod": 1}, "InvalidParameterCombination"),
        (ec2.lock_snapshot, {**lock, "ExpirationDate": tomorrow - 2 * DAY}, "InvalidParameterValue"),
        (ec2.lock_snapshot, {**lock, "SnapshotId": NOBODY, "LockDuration": 1}, "InvalidSnapshot.NotFound"),
        (ec2.unlock_snapshot, {"SnapshotId": snapshot}, "IncorrectState"),
        (ec2.unlock_snapshot, {"SnapshotId": NOBODY}, "InvalidSnapshot.NotFound"),
        (ec2.lock_snapshot, {**lock, "LockDuration": 1, "DryRun": True}, "DryRunOperation"),
        (ec2.describe_locked_snapshots, {"SnapshotIds": [NOBODY]}, "InvalidSnapshot.NotFound"),
        (ec2.describe_locked_snapshots, {"Filters": [{"Name": "colour", "Values": ["red"]}]}, "InvalidParameterValue"),
    ):
        assert refusal(call, **wanted)[0] == expected, (call, wanted)
    assert ec2.describe_locked_snapshots(SnapshotIds=[snapshot])["Snapshots"] == []


def test_the_snapshot_of_an_image_that_goes(snapshots: Snapshots) -> None:
    """DeregisterImage leaves what is locked."""
    ec2 = snapshots.ec2
    snapshot = snapshots.make()
    ec2.lock_snapshot(SnapshotId=snapshot, LockMode="governance", LockDuration=1)
    device = {"DeviceName": "/dev/xvda", "Ebs": {"SnapshotId": snapshot}}
    image = ec2.register_image(Name=f"of-{snapshot}", RootDeviceName="/dev/xvda", BlockDeviceMappings=[device])
    gone = ec2.deregister_image(ImageId=image["ImageId"], DeleteAssociatedSnapshots=True)
    assert gone["DeleteSnapshotResults"] == [{"SnapshotId": snapshot, "ReturnCode": "client-error"}]
    assert snapshots.exists(snapshot)


def test_the_command_line(snapshots: Snapshots, cloud: Server) -> None:
    line = CommandLine(cloud)
    snapshot = snapshots.make()
    lock = ["ec2", "lock-snapshot", "--snapshot-id", snapshot, "--lock-mode", "compliance"]
    locked = json.loads(line.aws(*lock, "--lock-duration", "2", "--cool-off-period", "72", "--output", "json").stdout)
    assert locked["LockState"] == "compliance-cooloff"
    listed = json.loads(line.aws("ec2", "describe-locked-snapshots", "--output", "json").stdout)
    assert snapshot in [each["SnapshotId"] for each in listed["Snapshots"]]
    line.aws("ec2", "unlock-snapshot", "--snapshot-id", snapshot)
