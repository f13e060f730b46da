"""EBS volumes for tests: made, attached, changed, and taken away again."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ClientError

from tools.harness.instances import Guests, Login, wait_for

GIB = 1 << 30


@dataclass
class Volumes:
    """Of one test: made here, and gone after it."""

    guests: Guests
    zone: str
    made: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.ec2 = self.guests.ec2

    def ask(self, **wanted: Any) -> dict[str, Any]:
        wanted = {"Size": 1, "AvailabilityZone": self.zone, "VolumeType": "gp3", **wanted}
        answer = self.ec2.create_volume(**{key: value for key, value in wanted.items() if value is not None})
        self.made.append(answer["VolumeId"])
        return dict(answer)

    def make(self, **wanted: Any) -> str:
        return self.wait(self.ask(**wanted)["VolumeId"], "available")

    def find(self, volume: str) -> dict[str, Any]:
        return dict(self.ec2.describe_volumes(VolumeIds=[volume])["Volumes"][0])

    def wait(self, volume: str, state: str, seconds: float = 120) -> str:
        def look() -> bool:
            seen = self.find(volume)
            return bool(seen["State"] == state and all(each["State"] == "attached" for each in seen["Attachments"]))

        wait_for(f"{volume} to be {state}", look, seconds)
        return volume

    def attach(self, volume: str, instance: str, device: str = "/dev/sdf") -> None:
        answer = self.ec2.attach_volume(VolumeId=volume, InstanceId=instance, Device=device)
        assert (answer["State"], answer["Device"], answer["DeleteOnTermination"]) == ("attaching", device, False)
        self.wait(volume, "in-use")

    def detach(self, volume: str, **more: Any) -> None:
        answer = self.ec2.detach_volume(VolumeId=volume, **more)
        assert answer["State"] == "detaching"
        self.wait(volume, "available")

    def leave(self, volume: str, instance: str, **more: Any) -> None:
        """One that others may keep."""
        self.ec2.detach_volume(VolumeId=volume, InstanceId=instance, **more)
        wait_for(f"{volume} to leave {instance}", lambda: instance not in self.holders(volume), 120)

    def holders(self, volume: str) -> list[str]:
        return [str(each["InstanceId"]) for each in self.find(volume)["Attachments"]]

    def delete(self, volume: str) -> None:
        self.ec2.delete_volume(VolumeId=volume)
        wait_for(f"{volume} to be gone", lambda: not self.exists(volume), 120)
        self.made.remove(volume)

    def exists(self, volume: str) -> bool:
        found = self.ec2.describe_volumes(Filters=[{"Name": "volume-id", "Values": [volume]}])["Volumes"]
        return bool(found)

    def modification(self, volume: str) -> dict[str, Any]:
        return dict(self.ec2.describe_volumes_modifications(VolumeIds=[volume])["VolumesModifications"][0])

    def modify(self, volume: str, **wanted: Any) -> dict[str, Any]:
        begun = self.ec2.modify_volume(VolumeId=volume, **wanted)["VolumeModification"]
        assert begun["ModificationState"] == "modifying" and begun["Progress"] == 0
        wait_for(f"{volume} to be modified", lambda: self.modification(volume)["ModificationState"] == "completed", 120)
        return self.modification(volume)

    def file(self, volume: str) -> Path:
        return self.guests.server.data_folder / f"blocks/volumes/{volume}.qcow2"

    def clear(self) -> None:
        for volume in list(self.made):
            if not self.exists(volume):
                continue
            for instance in self.holders(volume):
                self.leave(volume, instance, Force=True)
            self.delete(volume)


def login(volumes: Volumes, instance: dict[str, Any]) -> Login:
    """As who may open devices."""
    return Login(instance["PublicIpAddress"], volumes.guests.key_file, "root")


def refusal(call: Callable[..., Any], **wanted: Any) -> tuple[str, str]:
    """Code and message of what `call` is refused with."""
    with pytest.raises(ClientError) as caught:
        call(**wanted)
    error = caught.value.response["Error"]
    return error["Code"], error["Message"]
