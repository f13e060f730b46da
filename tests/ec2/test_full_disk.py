"""The host's disk runs full under sparse volumes: the guest that wants more of it is told so at once, the others go on, and
once there is room again it can write as before."""

from __future__ import annotations

import errno
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.ec2.conftest import tagged
from tools.harness import ordered
from tools.harness.instances import Guests, Login, prepare_machines, public_cidr, wait_for, what_lacks, with_instances
from tools.harness.preload import missing_compiler
from tools.harness.server import Server
from tools.harness.small_disk import MIB, CannotMount, fill_up, free_bytes, missing_for_mounts, small_disk
from tools.harness.volumes import Volumes, login, refusal

DISK_BYTES = 1600 * MIB  # volumes are made while a GiB is left
LEFT_BYTES = 24 * MIB
WRITE_SECONDS = 60  # of what fails, too: nothing hangs
_BOOT_SECONDS = 300.0

pytestmark = [
    pytest.mark.skipif(missing_for_mounts() != "", reason=missing_for_mounts()),
    pytest.mark.skipif(missing_compiler() != "", reason=missing_compiler()),
    pytest.mark.timeout(900),
]


@pytest.fixture
def volumes(tmp_path: Path, worker_id: str) -> Iterator[Volumes]:
    """Of a server whose data folder is a small disk."""
    number = int(worker_id.removeprefix("gw") or 0) if worker_id != "master" else 0
    try:
        with small_disk(tmp_path / "disk", "ext4", DISK_BYTES, is_seen_by_all=True) as disk:
            server = Server(tmp_path / "server", settings={"AEROLITH_EC2_PUBLIC_CIDR": public_cidr(number, 5)})
            server.data_folder = disk / "data"
            if lacks := what_lacks(server, "containers"):
                pytest.skip(f"no instances here: {lacks}")
            with with_instances(server):
                guests = Guests(server, tmp_path)
                subnets = guests.ec2.describe_subnets(Filters=[{"Name": "vpc-id", "Values": [guests.vpc]}])["Subnets"]
                made = Volumes(guests, sorted(each["AvailabilityZone"] for each in subnets)[0])
                yield made
                guests.clear()
                made.clear()
    except CannotMount as reason:
        pytest.skip(str(reason))


def write(shell: Login, device: str, first: int, pieces: int) -> tuple[int, int]:
    done, error, took = ordered.fill(shell, device, first, pieces, WRITE_SECONDS)
    assert took < WRITE_SECONDS
    return done, error


def fill_and_go_on(volumes: Volumes, tmp_path: Path, device: str, **wanted: Any) -> None:
    program = ordered.build(tmp_path)
    running = [volumes.guests.start(**wanted) for _ in range(2)]
    ids = [volumes.make(Size=4) for _ in running]
    shells = [login(volumes, each).wait(_BOOT_SECONDS) for each in running]
    for volume, each, shell in zip(ids, running, shells, strict=True):
        ordered.carry(shell, program)
        volumes.attach(volume, each["InstanceId"])
        wait_for(device, lambda shell=shell: shell.attempt(f"test -b {device}").returncode == 0)
    one, other = shells
    assert write(one, device, 0, 8) == (8, 0)
    assert write(other, device, 0, 32) == (32, 0)

    filler = volumes.file(ids[0]).parents[3] / "somebody-elses"
    fill_up(filler, leave_bytes=LEFT_BYTES)
    done, error = write(one, device, 8, 2000)
    assert error in (errno.EIO, errno.ENOSPC), (done, error)
    assert done < 2 * LEFT_BYTES // MIB
    # The server frees a little now and then, when it tidies its store of record.
    assert free_bytes(filler.parent) < LEFT_BYTES
    assert write(one, device, 1000, 2000)[1] in (errno.EIO, errno.ENOSPC), "it stays so"
    # What it has already it may still write, and so may the other.
    assert write(one, device, 0, 8) == (8, 0)
    assert write(other, device, 0, 32) == (32, 0)
    assert [volumes.guests.find(each["InstanceId"])["State"]["Name"] for each in running] == ["running", "running"]
    assert refusal(volumes.ec2.create_volume, AvailabilityZone=volumes.zone, Size=1)[0] == "InsufficientVolumeCapacity"

    filler.unlink()
    assert write(one, device, 8, 100) == (100, 0)
    assert write(other, device, 32, 32) == (32, 0)
    for volume in ids:
        volumes.detach(volume)
        subprocess.run(["qemu-img", "check", "-q", str(volumes.file(volume))], check=True)


def test_a_container_that_fills_the_disk(volumes: Volumes, tmp_path: Path) -> None:
    fill_and_go_on(volumes, tmp_path, "/dev/sdf")


@pytest.mark.long
def test_a_machine_that_fills_the_disk(volumes: Volumes, tmp_path: Path) -> None:
    if lacks := prepare_machines(volumes.guests.server):
        pytest.skip(f"no virtual machines here: {lacks}")
    driver = tagged("instance", **{"aerolith:driver": "vm"})
    fill_and_go_on(volumes, tmp_path, "/dev/vdb", TagSpecifications=driver)
