"""What fio wrote to a volume in a guest, each block with its crc32c, verifies there and elsewhere whatever is done to the
volume: attached, detached, grown, snapshotted, its instance stopped and started, the server killed."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.ec2.conftest import tagged
from tools.harness.carried import NoProgram, carry, pack
from tools.harness.fio import Fio, Stretch
from tools.harness.instances import Guests, prepare_machines, wait_for
from tools.harness.snapshots import Snapshots
from tools.harness.volumes import GIB, Volumes, login

_SEEDS = itertools.count(1)
_BOOT_SECONDS = 300.0
VM = {"TagSpecifications": tagged("instance", **{"aerolith:driver": "vm"})}


class Guest:
    """An instance with fio in it."""

    def __init__(self, volumes: Volumes, archive: Path, **wanted: Any) -> None:
        self.volumes, self.guests = volumes, volumes.guests
        self.id = str(self.guests.start(**wanted)["InstanceId"])
        self._login()
        self.fio_command = carry(self.fio_shell, archive)

    def _login(self) -> None:
        self.fio_shell = login(self.volumes, self.guests.find(self.id)).wait(_BOOT_SECONDS)

    @property
    def fio(self) -> Fio:
        return Fio(self.fio_shell, self.fio_command)

    def attach(self, volume: str, device: str) -> str:
        """Answers what the guest calls it."""
        self.volumes.attach(volume, self.id, device)
        return self.find(volume)

    def find(self, volume: str) -> str:
        """By its serial: a container has a link, a machine without udev a file in /sys."""
        serial = volume.replace("-", "")
        look = (
            f"if [ -e /dev/disk/by-id/virtio-{serial} ]; then readlink -f /dev/disk/by-id/virtio-{serial}; else "
            f"for each in /sys/block/vd*; do [ $(cat $each/serial) != {serial} ] || echo /dev/${{each##*/}}; done; fi"
        )
        return wait_for(f"{volume} in the guest", lambda: self.fio_shell.attempt(look).stdout.strip())

    def wait_size(self, device: str, gib: int) -> None:
        size = f"blockdev --getsize64 {device}"
        wait_for("the guest to see it grown", lambda: int(self.fio_shell.run(size)) == gib * GIB)

    def stop_and_start(self) -> None:
        self.guests.ec2.stop_instances(InstanceIds=[self.id])
        self.guests.wait_state(self.id, "stopped")
        self.guests.ec2.start_instances(InstanceIds=[self.id])
        self.guests.wait_state(self.id, "running")
        self._login()


@pytest.fixture(scope="module")
def archive(tmp_path_factory: pytest.TempPathFactory) -> Path:
    try:
        return pack("fio", tmp_path_factory.mktemp("fio"))
    except NoProgram as why:
        pytest.skip(str(why))


@pytest.fixture
def own(guests: Guests, volumes: Volumes) -> Iterator[Volumes]:
    """Instances that a test launches go before its volumes."""
    others = list(guests.made)
    yield volumes
    guests.terminate(*[each for each in guests.made if each not in others])


def check_a_snapshot(snapshots: Snapshots, guest: Guest, snapshot: str, kept: list[Stretch], later: Stretch) -> None:
    volumes = snapshots.volumes
    restored = volumes.make(SnapshotId=snapshot, Size=None)
    device = guest.attach(restored, "/dev/sdg")
    guest.fio.verify(device, *kept)
    assert not guest.fio.finds(device, later), "what was written after the snapshot is in it"
    volumes.detach(restored)
    volumes.delete(restored)


def walk(snapshots: Snapshots, one: Guest, other: Guest, rounds: int) -> None:
    volumes, server = snapshots.volumes, one.guests.server
    volume, size, kept = volumes.make(), 1, list[Stretch]()
    device = one.attach(volume, "/dev/sdf")
    for number in range(rounds):
        first, second = Stretch(next(_SEEDS), 64), Stretch(next(_SEEDS), 64)
        one.fio.write(device, first)
        one.fio.verify(device, first, *kept)
        assert not one.fio.finds(device, second), "blocks that were never written verify"
        snapshot = snapshots.make(volume)
        one.fio.write(device, second)
        server.kill()
        one.fio.verify(device, second, *kept)
        server.start()
        one.fio.verify(device, second, *kept)
        check_a_snapshot(snapshots, one, snapshot, [first, *kept], second)
        if number < 4:  # a volume changes four times a day
            size += 1
            volumes.modify(volume, Size=size)
            one.wait_size(device, size)
            kept.append(Stretch(next(_SEEDS), 1024 * (size - 1) - 8))  # over what was its end
            one.fio.write(device, kept[-1])
        volumes.detach(volume)
        elsewhere = other.attach(volume, "/dev/sdh")
        other.fio.verify(elsewhere, second, *kept)
        other.stop_and_start()
        other.fio.verify(other.find(volume), second, *kept)
        volumes.detach(volume)
        device = one.attach(volume, "/dev/sdf")
        one.fio.verify(device, second, *kept)
    volumes.detach(volume)


def test_one_round_in_containers(snapshots: Snapshots, own: Volumes, archive: Path) -> None:
    walk(snapshots, Guest(own, archive), Guest(own, archive), rounds=1)


@pytest.mark.long
@pytest.mark.timeout(1800)
def test_rounds_in_containers(snapshots: Snapshots, own: Volumes, archive: Path) -> None:
    walk(snapshots, Guest(own, archive), Guest(own, archive), rounds=12)


@pytest.mark.long
@pytest.mark.timeout(3600)
def test_rounds_between_a_machine_and_a_container(snapshots: Snapshots, own: Volumes, archive: Path) -> None:
    if lacks := prepare_machines(own.guests.server):
        pytest.skip(f"no virtual machines here: {lacks}")
    machine = Guest(own, archive, InstanceType="t3.small", **VM)
    walk(snapshots, machine, Guest(own, archive), rounds=3)
