"""A snapshot of a running instance's volume ends well whatever becomes of the volume, or of the instance, before all of
it is read."""

from __future__ import annotations

import hashlib
import os
import signal
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.ec2.test_filled_volumes import MIB, VM, Bench, sum_of
from tools.harness.instances import Guests, prepare_machines, public_cidr, wait_for, what_lacks, with_instances
from tools.harness.server import Server
from tools.harness.volumes import login

SIZE_MIB = 160  # more than is read at once when a volume is made


@pytest.fixture(scope="module")
def slow(tmp_path_factory: pytest.TempPathFactory, worker_id: str) -> Iterator[Guests]:
    """Of a server that fills volumes no faster than the test needs it."""
    number = int(worker_id.removeprefix("gw") or 0) if worker_id != "master" else 0
    settings = {"AEROLITH_EC2_PUBLIC_CIDR": public_cidr(number, 3), "AEROLITH_EC2_FILL_RATE": "2MiB"}
    server = Server(tmp_path_factory.mktemp("slow"), settings=settings)
    lacks = what_lacks(server, "containers")
    if lacks:
        pytest.skip(f"no instances here: {lacks}")
    with with_instances(server):
        yield Guests(server, tmp_path_factory.mktemp("guests"))


@pytest.fixture(scope="module")
def disk(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("disk") / "disk.raw"
    path.write_bytes(os.urandom(SIZE_MIB * MIB))
    return path


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


def begin(bench: Bench, disk: Path, **wanted: Any) -> tuple[str, str]:
    """A volume that is filled still, with something of the guest's, and a snapshot that reads it."""
    volume = bench.make(bench.store(disk), **wanted)
    bench.attach(volume)
    bench.shell.run(f"dd if=/dev/zero of={bench.device} bs=1M count=2 seek=100 conv=fsync,notrunc 2>/dev/null", 60)
    snapshot = bench.ec2.create_snapshot(VolumeId=volume)["SnapshotId"]
    bench.snapshots.append(snapshot)
    return volume, snapshot


def check(bench: Bench, snapshot: str, disk: Path) -> None:
    def look() -> bool:
        seen = bench.ec2.describe_snapshots(SnapshotIds=[snapshot])["Snapshots"][0]
        assert seen["State"] != "error", seen
        return bool(seen["State"] == "completed")

    wait_for("the snapshot", look, 120)
    path = disk.parent / f"{snapshot}.raw"
    exported = bench.server.command("ebs", "export", snapshot, "--output", str(path), timeout_seconds=300)
    assert exported.returncode == 0, exported.stderr
    expected = hashlib.sha256()
    with disk.open("rb") as file:
        for index in range(disk.stat().st_size // MIB):
            block = file.read(MIB)
            expected.update(bytes(MIB) if index in (100, 101) else block)
    assert sum_of(path, 0, disk.stat().st_size // MIB) == expected.hexdigest()
    path.unlink()


def detach(bench: Bench, volume: str) -> None:
    bench.volumes.detach(volume)


def detach_by_force(bench: Bench, volume: str) -> None:
    bench.volumes.detach(volume, Force=True)


def detach_and_delete(bench: Bench, volume: str) -> None:
    bench.volumes.detach(volume)
    bench.volumes.delete(volume)


def stop(bench: Bench, volume: str) -> None:
    bench.ec2.stop_instances(InstanceIds=[bench.instance], Force=True)
    bench.guests.wait_state(bench.instance, "stopped")
    bench.volumes.detach(volume)


def terminate(bench: Bench, volume: str) -> None:
    """With its volume."""
    mapping = {"DeviceName": "/dev/sdf", "Ebs": {"DeleteOnTermination": True}}
    bench.ec2.modify_instance_attribute(InstanceId=bench.instance, BlockDeviceMappings=[mapping])
    bench.guests.terminate(bench.instance)
    wait_for(f"{volume} to be gone", lambda: not bench.volumes.exists(volume))


def power_off(bench: Bench, volume: str) -> None:
    """The guest itself."""
    bench.shell.attempt("poweroff")
    bench.guests.wait_state(bench.instance, "stopped")
    bench.volumes.detach(volume)


def lose_what_serves(bench: Bench, volume: str) -> None:
    """Its blocks: they are served again."""
    for process in bench.servers(volume):
        os.kill(process, signal.SIGKILL)
    bench.volumes.detach(volume)


def kill_the_server(bench: Bench, volume: str) -> None:
    bench.ec2.detach_volume(VolumeId=volume)
    bench.server.kill()
    bench.server.start()
    bench.volumes.wait(volume, "available")


OFTEN = [detach, terminate, lose_what_serves]
SELDOM = [detach_by_force, detach_and_delete, stop, power_off, kill_the_server]


@pytest.mark.parametrize("way", [*OFTEN, *(pytest.param(each, marks=pytest.mark.long) for each in SELDOM)])
def test_of_a_container(bench: Bench, disk: Path, way: Callable[[Bench, str], None]) -> None:
    volume, snapshot = begin(bench, disk)
    way(bench, volume)
    check(bench, snapshot, disk)


@pytest.mark.long
@pytest.mark.timeout(900)
@pytest.mark.parametrize("way", OFTEN + SELDOM)
def test_of_a_machine(machine: Bench, disk: Path, way: Callable[[Bench, str], None]) -> None:
    volume, snapshot = begin(machine, disk)
    way(machine, volume)
    check(machine, snapshot, disk)


@pytest.fixture(scope="module")
def large_disk(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("disk") / "disk.raw"
    with path.open("wb") as file:
        for _ in range(64):
            file.write(os.urandom(16 * MIB))
    return path


@pytest.mark.long
@pytest.mark.timeout(300)
@pytest.mark.parametrize("kind", ["bench", "machine"])
def test_its_file_comes_while_it_is_read(request: pytest.FixtureRequest, kind: str, large_disk: Path) -> None:
    """Behind the volume, in the place of what serves its blocks: about when half of it is read, as seen."""
    bench: Bench = request.getfixturevalue(kind)
    volume, snapshot = begin(bench, large_disk, VolumeInitializationRate=300)

    assert bench.servers(volume)
    bench.wait_handed_over(volume)
    check(bench, snapshot, large_disk)
    bench.volumes.detach(volume)


def test_of_a_stopped_instance_whose_volume_goes(bench: Bench, disk: Path) -> None:
    """It is read from the volume's file, which stays until then."""
    volume = bench.make(bench.store(disk))
    bench.attach(volume)
    bench.shell.run(f"dd if=/dev/zero of={bench.device} bs=1M count=2 seek=100 conv=fsync,notrunc 2>/dev/null", 60)
    bench.ec2.stop_instances(InstanceIds=[bench.instance])
    bench.guests.wait_state(bench.instance, "stopped")
    snapshot = bench.ec2.create_snapshot(VolumeId=volume)["SnapshotId"]
    bench.snapshots.append(snapshot)
    bench.volumes.detach(volume)
    bench.volumes.delete(volume)
    check(bench, snapshot, disk)


def test_a_volume_that_is_read_is_not_written_elsewhere(bench: Bench, disk: Path) -> None:
    """Detached of what is stopped and attached to what runs, it comes when it is read."""
    volume = bench.make(bench.store(disk))
    bench.attach(volume)
    bench.shell.run(f"dd if=/dev/zero of={bench.device} bs=1M count=2 seek=100 conv=fsync,notrunc 2>/dev/null", 60)
    second: dict[str, Any] = bench.guests.start()
    shell = login(bench.volumes, second).wait()
    bench.ec2.stop_instances(InstanceIds=[bench.instance])
    bench.guests.wait_state(bench.instance, "stopped")
    snapshot = bench.ec2.create_snapshot(VolumeId=volume)["SnapshotId"]
    bench.snapshots.append(snapshot)
    bench.ec2.detach_volume(VolumeId=volume)
    bench.volumes.attach(volume, second["InstanceId"])
    wait_for("the device", lambda: shell.attempt("test -b /dev/sdf").returncode == 0)
    shell.run(f"dd if=/dev/zero of=/dev/sdf bs=1M count={SIZE_MIB} conv=fsync,notrunc 2>/dev/null", 120)
    check(bench, snapshot, disk)
    bench.volumes.detach(volume)
