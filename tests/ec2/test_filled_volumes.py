"""Volumes of snapshots that are blocks alone: usable at once, and filled in the background."""

from __future__ import annotations

import hashlib
import os
import signal
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.ec2.conftest import tagged
from tools.harness.instances import Guests, mark_of, prepare_machines, public_cidr, wait_for, what_lacks, with_instances
from tools.harness.server import Server
from tools.harness.volumes import Volumes, login, refusal

MIB = 1 << 20
SIZE_MIB = 1024
RATE_MIB = 16
VM = {"TagSpecifications": tagged("instance", **{"aerolith:driver": "vm"})}


@pytest.fixture(scope="module")
def slow(tmp_path_factory: pytest.TempPathFactory, worker_id: str) -> Iterator[Guests]:
    """Of a server that takes a minute for a gigabyte."""
    number = int(worker_id.removeprefix("gw") or 0) if worker_id != "master" else 0
    settings = {"AEROLITH_EC2_PUBLIC_CIDR": public_cidr(number, 3), "AEROLITH_EC2_FILL_RATE": f"{RATE_MIB}MiB"}
    server = Server(tmp_path_factory.mktemp("slow"), settings=settings)
    lacks = what_lacks(server, "containers")
    if lacks:
        pytest.skip(f"no instances here: {lacks}")
    with with_instances(server):
        yield Guests(server, tmp_path_factory.mktemp("guests"))


@pytest.fixture(scope="module")
def disk(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Random bytes, so that none of them is guessed."""
    path = tmp_path_factory.mktemp("disk") / "disk.raw"
    with path.open("wb") as file:
        for _ in range(SIZE_MIB // 16):
            file.write(os.urandom(16 * MIB))
    return path


def sum_of(path: Path, at_mib: int = 0, mib: int = SIZE_MIB) -> str:
    digest = hashlib.sha256()
    with path.open("rb") as file:
        file.seek(at_mib * MIB)
        for _ in range(mib):
            digest.update(file.read(MIB))
    return digest.hexdigest()


class Bench:
    def __init__(self, guests: Guests, **wanted: Any) -> None:
        self.server = guests.server
        self.guests = guests
        self.ec2 = self.guests.ec2
        self.running = self.guests.start(**wanted)
        self.instance = str(self.running["InstanceId"])
        self.is_vm = wanted == VM
        self.device = "/dev/vdb" if self.is_vm else "/dev/sdf"
        self.volumes = Volumes(self.guests, self.running["Placement"]["AvailabilityZone"])
        self.shell = login(self.volumes, self.running).wait()
        self.snapshots: list[str] = []

    def store(self, disk: Path) -> str:
        """As blocks alone."""
        imported = self.server.command("ebs", "import", str(disk), timeout_seconds=300)
        assert imported.returncode == 0, imported.stderr
        return self.strip(imported.stdout.split()[0])

    def strip(self, snapshot: str) -> str:
        """Without its file."""
        self.snapshots.append(snapshot)
        self.ec2.modify_snapshot_tier(SnapshotId=snapshot, StorageTier="archive")
        self.wait_tier(snapshot, "archive")
        self.ec2.restore_snapshot_tier(SnapshotId=snapshot, PermanentRestore=True)
        self.wait_tier(snapshot, "standard")
        assert not self.file(snapshot).exists()
        return snapshot

    def wait_completed(self, snapshot: str) -> None:
        def look() -> bool:
            return bool(self.ec2.describe_snapshots(SnapshotIds=[snapshot])["Snapshots"][0]["State"] == "completed")

        wait_for("the snapshot", look, 120)

    def wait_tier(self, snapshot: str, tier: str) -> None:
        def look() -> bool:
            return bool(self.ec2.describe_snapshots(SnapshotIds=[snapshot])["Snapshots"][0]["StorageTier"] == tier)

        wait_for(tier, look)

    def file(self, snapshot: str) -> Path:
        return self.server.data_folder / f"blocks/snapshots/{snapshot}.qcow2"

    def make(self, snapshot: str, **wanted: Any) -> str:
        """Long before its bytes could be read."""
        begun = time.monotonic()
        volume = self.volumes.make(SnapshotId=snapshot, Size=None, **wanted)
        assert time.monotonic() - begun < 3
        assert not self.file(snapshot).exists()
        return volume

    def attach(self, volume: str) -> None:
        self.volumes.attach(volume, self.instance)
        wait_for("the device", lambda: self.shell.attempt(f"test -b {self.device}").returncode == 0)

    def sum(self, at_mib: int, mib: int, seconds: float = 120) -> str:
        return self.shell.run(
            f"dd if={self.device} bs=1M count={mib} skip={at_mib} 2>/dev/null | sha256sum", seconds
        ).split()[0]

    def status(self, volume: str) -> dict[str, Any]:
        return dict(self.ec2.describe_volume_status(VolumeIds=[volume])["VolumeStatuses"][0])

    def state(self, volume: str) -> str:
        details = {each["Name"]: each["Status"] for each in self.status(volume)["VolumeStatus"]["Details"]}
        return str(details["initialization-state"])

    def progress(self, volume: str) -> int:
        return int(self.status(volume)["InitializationStatusDetails"]["Progress"])

    def servers(self, volume: str) -> list[int]:
        """The processes that serve its blocks."""
        found = []
        for entry in Path("/proc").iterdir():
            if not entry.name.isdigit():
                continue
            try:
                words = (entry / "cmdline").read_bytes().split(b"\0")
            except OSError:
                continue
            mark = f"/{mark_of(self.server)}/"
            if b"serve-snapshot" in words and any(mark in w.decode() and volume in w.decode() for w in words):
                found.append(int(entry.name))
        return found

    def kill_servers(self, volume: str) -> None:
        pids = self.servers(volume)
        assert pids
        for pid in pids:
            os.kill(pid, signal.SIGKILL)

    def wait_filled(self, volume: str, snapshot: str) -> None:
        wait_for("the fill", lambda: self.state(volume) == "completed", 180)
        assert self.progress(volume) == 100 and self.file(snapshot).exists()

    def wait_handed_over(self, volume: str) -> None:
        wait_for("the file to be behind it", lambda: not self.servers(volume), 30)

    def clear(self) -> None:
        self.volumes.clear()
        for snapshot in self.snapshots:
            self.ec2.delete_snapshot(SnapshotId=snapshot)
        self.guests.clear()


@pytest.fixture
def bench(slow: Guests) -> Iterator[Bench]:
    made = Bench(slow)
    yield made
    made.clear()


@pytest.fixture
def machine(slow: Guests) -> Iterator[Bench]:
    lacks = prepare_machines(slow.server)
    if lacks:
        pytest.skip(f"no virtual machines here: {lacks}")
    made = Bench(slow, **VM)
    yield made
    made.clear()


def walk(bench: Bench, disk: Path, **wanted: Any) -> None:
    """Read, written, killed and deleted under while it is filled; then it is what it should be."""
    snapshot = bench.store(disk)
    volume = bench.make(snapshot, **wanted)
    bench.attach(volume)
    assert bench.sum(SIZE_MIB - 8, 4) == sum_of(disk, SIZE_MIB - 8, 4)
    assert bench.state(volume) == "initializing" and bench.progress(volume) < 100
    assert not bench.file(snapshot).exists()
    # What serves its blocks dies: the guest only waits.
    bench.kill_servers(volume)
    assert bench.sum(SIZE_MIB - 200, 4) == sum_of(disk, SIZE_MIB - 200, 4)
    bench.shell.run(f"dd if=/dev/zero of={bench.device} bs=1M count=2 seek=500 conv=fsync,notrunc 2>/dev/null", 60)
    # The guest reads on while there is no server, and the next one goes on with the fill.
    bench.server.kill()
    assert bench.sum(SIZE_MIB - 400, 4) == sum_of(disk, SIZE_MIB - 400, 4)
    bench.server.start()
    bench.kill_servers(volume)
    assert bench.sum(SIZE_MIB - 300, 4) == sum_of(disk, SIZE_MIB - 300, 4)
    # The snapshot goes, its blocks stay for as long as they are read.
    bench.snapshots.remove(snapshot)
    bench.ec2.delete_snapshot(SnapshotId=snapshot)
    assert bench.state(volume) == "initializing"
    bench.wait_filled(volume, snapshot)
    bench.wait_handed_over(volume)
    manifests = bench.server.data_folder / "blocks/store/snapshots"
    wait_for("its blocks to go", lambda: not (manifests / f"{snapshot}.manifest").exists(), 60)
    expected = hashlib.sha256()
    with disk.open("rb") as file:
        for index in range(SIZE_MIB):
            block = file.read(MIB)
            expected.update(bytes(MIB) if index in (500, 501) else block)
    assert bench.sum(0, SIZE_MIB, 600) == expected.hexdigest()
    bench.volumes.detach(volume)
    bench.volumes.delete(volume)
    wait_for("its file to go", lambda: not bench.file(snapshot).exists(), 60)


def test_a_container_reads_before_the_bytes_are_there(bench: Bench, disk: Path) -> None:
    walk(bench, disk)


@pytest.mark.long
@pytest.mark.timeout(600)
def test_a_machine_reads_before_the_bytes_are_there(machine: Bench, disk: Path) -> None:
    walk(machine, disk)


@pytest.mark.long
@pytest.mark.timeout(600)
def test_encrypted_blocks_are_read_before_they_are_there(bench: Bench, disk: Path) -> None:
    bench.ec2.enable_ebs_encryption_by_default()
    try:
        walk(bench, disk)
    finally:
        bench.ec2.disable_ebs_encryption_by_default()


def test_an_encrypted_volume_of_what_is_not_encrypted(bench: Bench, disk: Path) -> None:
    snapshot = bench.store(disk)
    volume = bench.make(snapshot, Encrypted=True)
    bench.attach(volume)
    assert bench.sum(SIZE_MIB - 8, 4) == sum_of(disk, SIZE_MIB - 8, 4)
    bench.volumes.detach(volume)


@pytest.mark.long
@pytest.mark.timeout(600)
def test_it_is_changed_while_it_is_filled(bench: Bench, disk: Path) -> None:
    snapshot = bench.store(disk)
    volume = bench.make(snapshot)
    bench.attach(volume)
    bench.shell.run(f"dd if=/dev/zero of={bench.device} bs=1M count=2 seek=500 conv=fsync,notrunc 2>/dev/null", 60)
    # Of a running guest, whose snapshot reads all of it through what is served.
    second = bench.ec2.create_snapshot(VolumeId=volume)["SnapshotId"]
    bench.snapshots.append(second)
    bench.volumes.modify(volume, Size=2)
    bench.wait_completed(second)
    bench.volumes.detach(volume)
    assert bench.servers(volume) == [], "nothing has it open"
    bench.attach(volume)
    assert bench.sum(SIZE_MIB - 8, 4) == sum_of(disk, SIZE_MIB - 8, 4)
    bench.volumes.detach(volume)
    # Free, and perhaps still not filled.
    third = bench.ec2.create_snapshot(VolumeId=volume)["SnapshotId"]
    bench.snapshots.append(third)
    bench.wait_completed(third)
    bench.wait_filled(volume, snapshot)
    for each in (second, third):
        path = disk.parent / f"{each}.raw"
        assert bench.server.command("ebs", "export", each, "--output", str(path), timeout_seconds=300).returncode == 0
        with path.open("rb") as file, disk.open("rb") as was:
            for index in range(SIZE_MIB):
                block, before = file.read(MIB), was.read(MIB)
                assert block == (bytes(MIB) if index in (500, 501) else before), (each, index)
        path.unlink()
    bench.volumes.delete(volume)


@pytest.mark.long
@pytest.mark.timeout(600)
def test_an_incremental_snapshot_of_a_gigabyte(bench: Bench, disk: Path) -> None:
    first = bench.store(disk)
    volume = bench.make(first)
    bench.attach(volume)
    bench.shell.run(f"dd if=/dev/zero of={bench.device} bs=1M count=2 seek=500 conv=fsync,notrunc 2>/dev/null", 60)
    second = bench.ec2.create_snapshot(VolumeId=volume)["SnapshotId"]
    bench.wait_completed(second)
    bench.volumes.detach(volume)
    bench.strip(second)
    child = bench.make(second)
    bench.attach(child)
    assert bench.sum(500, 2) == hashlib.sha256(bytes(2 * MIB)).hexdigest()
    assert bench.sum(SIZE_MIB - 8, 4) == sum_of(disk, SIZE_MIB - 8, 4)
    assert bench.state(child) == "initializing"
    bench.volumes.detach(child)


def test_an_instance_boots_from_what_is_not_there_yet(bench: Bench, tmp_path: Path) -> None:
    image = bench.ec2.describe_images(Filters=[{"Name": "name", "Values": ["tiny"]}])["Images"][0]
    # More than is read at once.
    (root, *_) = [each["Ebs"]["VolumeId"] for each in bench.running["BlockDeviceMappings"]]
    bench.shell.run("dd if=/dev/urandom of=/root/much bs=1M count=300 2>/dev/null; sync", 120)
    wanted = bench.shell.run("sha256sum /root/much", 60).split()[0]
    snapshot = bench.ec2.create_snapshot(VolumeId=root)["SnapshotId"]
    bench.wait_completed(snapshot)
    bench.strip(snapshot)
    registered = bench.ec2.register_image(
        Name=f"own-{snapshot}",
        RootDeviceName=image["RootDeviceName"],
        BlockDeviceMappings=[{"DeviceName": image["RootDeviceName"], "Ebs": {"SnapshotId": snapshot}}],
        Architecture="x86_64",
    )["ImageId"]
    started = bench.guests.start(ImageId=registered)
    own = next(each["Ebs"]["VolumeId"] for each in started["BlockDeviceMappings"])
    shell = login(bench.volumes, started).wait()
    assert bench.state(own) == "initializing"
    assert shell.run("sha256sum /root/much", 120).split()[0] == wanted
    bench.guests.terminate(started["InstanceId"])
    assert bench.servers(own) == []
    bench.ec2.deregister_image(ImageId=registered)


def test_a_rate_is_kept_to(bench: Bench, disk: Path) -> None:
    assert refusal(bench.ec2.create_volume, AvailabilityZone=bench.volumes.zone, Size=1, VolumeInitializationRate=100)[
        0
    ] == ("InvalidParameterCombination")
    snapshot = bench.store(disk)
    for rate in (99, 301):
        assert refusal(
            bench.ec2.create_volume,
            AvailabilityZone=bench.volumes.zone,
            SnapshotId=snapshot,
            VolumeInitializationRate=rate,
        )[0] == ("InvalidParameterValue")
    begun = time.monotonic()
    volume = bench.make(snapshot, VolumeInitializationRate=100)
    assert bench.volumes.find(volume)["VolumeInitializationRate"] == 100
    details = bench.status(volume)["InitializationStatusDetails"]
    assert details["InitializationType"] == "provisioned-rate" and details["Progress"] < 100
    wait_for("it to begin", lambda: bench.progress(volume) > 0)
    assert 0 < bench.status(volume)["InitializationStatusDetails"]["EstimatedTimeToCompleteInSeconds"] <= 11
    bench.wait_filled(volume, snapshot)
    assert 9 < time.monotonic() - begun < SIZE_MIB / RATE_MIB
    assert bench.status(volume)["InitializationStatusDetails"]["EstimatedTimeToCompleteInSeconds"] == 0
    check_file(bench, volume, disk)


def check_file(bench: Bench, volume: str, disk: Path) -> None:
    """Nobody has it open: on the host it is what it was."""
    raw = disk.parent / "filled.raw"
    subprocess.run(["qemu-img", "convert", "-O", "raw", str(bench.volumes.file(volume)), str(raw)], check=True)
    assert sum_of(raw) == sum_of(disk)
    raw.unlink()


@pytest.mark.long
def test_a_fill_goes_on_after_restarts(bench: Bench, disk: Path) -> None:
    snapshot = bench.store(disk)
    volume = bench.make(snapshot, VolumeInitializationRate=300)
    wait_for("some of it", lambda: bench.progress(volume) >= 20)
    bench.server.stop()
    bench.server.start()
    wait_for("it to go on", lambda: bench.progress(volume) >= 20, 3)
    assert bench.state(volume) == "initializing"
    # Of one that is killed the last part is made again.
    wait_for("more of it", lambda: bench.progress(volume) >= 60)
    bench.server.kill()
    bench.server.start()
    wait_for("it to go on", lambda: bench.progress(volume) >= 25, 3)
    bench.wait_filled(volume, snapshot)
    assert not list((bench.server.data_folder / "blocks/snapshots").glob(f".{snapshot}*"))
    check_file(bench, volume, disk)


def test_what_nobody_needs_is_not_filled(bench: Bench, disk: Path) -> None:
    snapshot = bench.store(disk)
    volume = bench.make(snapshot)
    bench.volumes.delete(volume)
    folder = bench.server.data_folder / "blocks/snapshots"
    wait_for("the half file to go", lambda: not list(folder.glob(f".{snapshot}*")), 10)
    assert not bench.file(snapshot).exists()
