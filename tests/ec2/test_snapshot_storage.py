"""Snapshots that are archived and restored, and such whose file is kept ready. What takes days is in
snapshot_storage_test.cc.
"""

from __future__ import annotations

import datetime
import json
from pathlib import Path
from typing import Any

from tools.harness.clients import CommandLine, boto_client
from tools.harness.instances import wait_for
from tools.harness.server import Server
from tools.harness.snapshots import Snapshots
from tools.harness.volumes import refusal

NOBODY = "snap-0123456789abcdef0"


def file_of(snapshots: Snapshots, snapshot: str) -> Path:
    """What volumes of it are children of."""
    return snapshots.volumes.guests.server.data_folder / f"blocks/snapshots/{snapshot}.qcow2"


def status(ec2: Any, snapshot: str) -> dict[str, Any]:
    only = [{"Name": "snapshot-id", "Values": [snapshot]}]
    (found,) = ec2.describe_snapshot_tier_status(Filters=only)["SnapshotTierStatuses"]
    return dict(found)


def wait_status(ec2: Any, snapshot: str, wanted: str) -> dict[str, Any]:
    wait_for(f"{snapshot}: {wanted}", lambda: status(ec2, snapshot).get("LastTieringOperationStatus") == wanted, 120)
    return status(ec2, snapshot)


def test_an_archived_snapshot_is_of_no_use_until_it_is_restored(snapshots: Snapshots) -> None:
    ec2 = snapshots.ec2
    snapshot = snapshots.make()
    volume = snapshots.volumes.make(SnapshotId=snapshot)
    snapshots.volumes.delete(volume)
    assert (status(ec2, snapshot)["StorageTier"], snapshots.find(snapshot)["StorageTier"]) == ("standard", "standard")
    begun = ec2.modify_snapshot_tier(SnapshotId=snapshot, StorageTier="archive")
    done = wait_status(ec2, snapshot, "archival-completed")
    assert (done["StorageTier"], done["LastTieringProgress"]) == ("archive", 100)
    assert done["LastTieringStartTime"] == begun["TieringStartTime"] <= done["ArchivalCompleteTime"]
    archived = [{"Name": "storage-tier", "Values": ["archive"]}]
    assert snapshot in [each["SnapshotId"] for each in ec2.describe_snapshots(Filters=archived)["Snapshots"]]
    assert not file_of(snapshots, snapshot).exists()
    device = {"DeviceName": "/dev/xvda", "Ebs": {"SnapshotId": snapshot}}
    register = {"Name": "of-what-is-archived", "RootDeviceName": "/dev/xvda", "BlockDeviceMappings": [device]}
    for call, wanted in (
        (ec2.create_volume, {"AvailabilityZone": snapshots.volumes.zone, "SnapshotId": snapshot}),
        (ec2.copy_snapshot, {"SourceSnapshotId": snapshot, "SourceRegion": ec2.meta.region_name}),
        (ec2.register_image, register),
        (ec2.modify_snapshot_tier, {"SnapshotId": snapshot, "StorageTier": "archive"}),
    ):
        assert refusal(call, **wanted)[0] == "IncorrectState", call
    direct = boto_client(snapshots.volumes.guests.server, "ebs")
    assert "archive tier" in refusal(direct.list_snapshot_blocks, SnapshotId=snapshot)[1]

    restored = ec2.restore_snapshot_tier(SnapshotId=snapshot, TemporaryRestoreDays=3)
    assert (restored["RestoreDuration"], restored["IsPermanentRestore"]) == (3, False)
    until = wait_status(ec2, snapshot, "temporary-restore-completed")["RestoreExpiryTime"]
    assert datetime.timedelta(days=3) <= until - restored["RestoreStartTime"] < datetime.timedelta(days=3, minutes=5)
    assert snapshots.find(snapshot)["RestoreExpiryTime"] == until
    assert snapshots.volumes.make(SnapshotId=snapshot)
    assert ec2.restore_snapshot_tier(SnapshotId=snapshot, PermanentRestore=True)["IsPermanentRestore"]
    kept = wait_status(ec2, snapshot, "permanent-restore-completed")
    assert kept["StorageTier"] == "standard" and "RestoreExpiryTime" not in kept
    assert refusal(ec2.restore_snapshot_tier, SnapshotId=snapshot, PermanentRestore=True)[0] == "IncorrectState"


def test_a_file_is_ready_before_a_volume_asks(snapshots: Snapshots, cloud: Server) -> None:
    ec2 = snapshots.ec2
    zone = snapshots.volumes.zone
    volume = snapshots.volumes.make()
    snapshot = snapshots.make(volume)
    wanted = {"AvailabilityZones": [zone], "SourceSnapshotIds": [snapshot]}
    (begun,) = ec2.enable_fast_snapshot_restores(**wanted)["Successful"]
    assert (begun["State"], begun["AvailabilityZone"]) == ("enabling", zone)

    def find() -> list[dict[str, Any]]:
        only = [{"Name": "snapshot-id", "Values": [snapshot]}]
        return list(ec2.describe_fast_snapshot_restores(Filters=only)["FastSnapshotRestores"])

    wait_for("it to be enabled", lambda: find()[0]["State"] == "enabled", 120)
    assert find()[0]["EnabledTime"] >= find()[0]["OptimizingTime"] >= find()[0]["EnablingTime"]
    assert file_of(snapshots, snapshot).exists()
    made = snapshots.volumes.make(SnapshotId=snapshot)
    assert snapshots.volumes.find(made)["FastRestored"]
    assert refusal(ec2.modify_snapshot_tier, SnapshotId=snapshot, StorageTier="archive")[0] == "IncorrectState"
    snapshots.volumes.delete(made)
    # It is kept by the next process, too.
    cloud.stop()
    cloud.start()
    assert file_of(snapshots, snapshot).exists()
    (ended,) = ec2.disable_fast_snapshot_restores(**wanted)["Successful"]
    assert ended["State"] == "disabling"
    wait_for("it to be disabled", lambda: not find(), 120)
    (refused,) = ec2.disable_fast_snapshot_restores(**wanted)["Unsuccessful"]
    assert refused["FastSnapshotRestoreStateErrors"][0]["AvailabilityZone"] == zone


def test_a_deleted_snapshot_is_kept_ready_no_more(snapshots: Snapshots) -> None:
    ec2 = snapshots.ec2
    snapshot = snapshots.make()
    zones = {"AvailabilityZones": [snapshots.volumes.zone]}
    ec2.enable_fast_snapshot_restores(**zones, SourceSnapshotIds=[snapshot])
    ec2.delete_snapshot(SnapshotId=snapshot)
    wait_for("its file to go", lambda: not file_of(snapshots, snapshot).exists(), 120)
    listed = ec2.describe_fast_snapshot_restores()["FastSnapshotRestores"]
    assert snapshot not in [each["SnapshotId"] for each in listed]
    (unknown,) = ec2.enable_fast_snapshot_restores(**zones, SourceSnapshotIds=[snapshot])["Unsuccessful"]
    assert unknown["FastSnapshotRestoreStateErrors"][0]["Error"]["Code"] == "Client.InvalidSnapshot.NotFound"


def test_what_is_wrong_with_a_request(snapshots: Snapshots) -> None:
    ec2 = snapshots.ec2
    snapshot = snapshots.make()
    zones = {"AvailabilityZones": ["eu-west-1a"], "SourceSnapshotIds": [snapshot]}
    for call, wanted, expected in (
        (ec2.modify_snapshot_tier, {"SnapshotId": NOBODY, "StorageTier": "archive"}, "InvalidSnapshot.NotFound"),
        (ec2.modify_snapshot_tier, {"SnapshotId": snapshot}, "MissingParameter"),
        (ec2.modify_snapshot_tier, {"SnapshotId": snapshot, "StorageTier": "archive", "DryRun": True}, "DryRunOperation"),
        (ec2.restore_snapshot_tier, {"SnapshotId": snapshot}, "MissingParameter"),
        (ec2.restore_snapshot_tier, {"SnapshotId": snapshot, "TemporaryRestoreDays": 0}, "InvalidParameterValue"),
        (ec2.restore_snapshot_tier, {"SnapshotId": snapshot, "TemporaryRestoreDays": 1}, "IncorrectState"),
        (ec2.enable_fast_snapshot_restores, zones, "InvalidZone.NotFound"),
        (ec2.enable_fast_snapshot_restores, {"SourceSnapshotIds": [snapshot]}, "MissingParameter"),
    ):  # fmt: skip
        assert refusal(call, **wanted)[0] == expected, (call, wanted)


def test_the_command_line(snapshots: Snapshots, cloud: Server) -> None:
    line = CommandLine(cloud)
    snapshot = snapshots.make()
    line.aws("ec2", "modify-snapshot-tier", "--snapshot-id", snapshot, "--storage-tier", "archive")
    wait_status(snapshots.ec2, snapshot, "archival-completed")
    line.aws("ec2", "restore-snapshot-tier", "--snapshot-id", snapshot, "--permanent-restore")
    wait_status(snapshots.ec2, snapshot, "permanent-restore-completed")
    listed = json.loads(line.aws("ec2", "describe-snapshot-tier-status", "--output", "json").stdout)
    assert snapshot in [each["SnapshotId"] for each in listed["SnapshotTierStatuses"]]
