"""EBS snapshots for tests: made of volumes that no instance has, and taken away again."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from botocore.exceptions import ClientError

from tools.harness.instances import wait_for
from tools.harness.volumes import Volumes


@dataclass
class Snapshots:
    """Of one test: made here, and gone after it."""

    volumes: Volumes
    made: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.ec2 = self.volumes.ec2

    def ask(self, volume: str | None = None, **wanted: Any) -> str:
        snapshot = self.ec2.create_snapshot(VolumeId=volume or self.volumes.make(), **wanted)["SnapshotId"]
        self.made.append(snapshot)
        return str(snapshot)

    def make(self, volume: str | None = None, **wanted: Any) -> str:
        return self.wait(self.ask(volume, **wanted))

    def find(self, snapshot: str) -> dict[str, Any]:
        return dict(self.ec2.describe_snapshots(SnapshotIds=[snapshot])["Snapshots"][0])

    def exists(self, snapshot: str) -> bool:
        try:
            self.find(snapshot)
        except ClientError as error:
            assert error.response["Error"]["Code"] == "InvalidSnapshot.NotFound"
            return False
        return True

    def wait(self, snapshot: str) -> str:
        wait_for(f"{snapshot} to be completed", lambda: self.find(snapshot)["State"] == "completed", 120)
        return snapshot

    def unlock(self) -> None:
        locked = self.ec2.describe_locked_snapshots()["Snapshots"]
        for each in locked:
            if each["SnapshotId"] in self.made and each["LockState"] in ("governance", "compliance-cooloff"):
                self.ec2.unlock_snapshot(SnapshotId=each["SnapshotId"])

    def clear(self) -> None:
        self.unlock()
        for snapshot in self.made:
            if self.exists(snapshot):
                self.ec2.delete_snapshot(SnapshotId=snapshot)
        self.made.clear()
