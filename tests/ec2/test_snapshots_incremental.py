"""Snapshots that cost what changed, and what becomes of their bytes: shared, lost, deleted."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ClientError

from tests.ec2.conftest import tagged
from tools.harness.clients import boto_client
from tools.harness.damage import flip_bit
from tools.harness.instances import Guests, Login, prepare_machines, public_cidr, wait_for, what_lacks, with_instances
from tools.harness.server import Server
from tools.harness.volumes import Volumes, login

MIB = 1 << 20


def wait_completed(ec2: Any, snapshot: str) -> str:
    def look() -> bool:
        (seen,) = ec2.describe_snapshots(SnapshotIds=[snapshot])["Snapshots"]
        assert seen["State"] != "error", seen
        return bool(seen["State"] == "completed" and seen["Progress"] == "100%")

    wait_for(f"{snapshot} to be completed", look)
    return snapshot


def pack_bytes(server: Server, snapshot: str) -> int:
    pack = server.data_folder / f"blocks/store/packs/{snapshot}.pack"
    return pack.stat().st_blocks * 512 if pack.exists() else 0


def file_of(server: Server, snapshot: str) -> Path:
    return server.data_folder / f"blocks/snapshots/{snapshot}.qcow2"


class Bench:
    """An instance with a volume that is written, and another place to look at its snapshots."""

    def __init__(self, guests: Guests, **wanted: Any) -> None:
        self.guests, self.ec2 = guests, guests.ec2
        self.running = guests.start(**wanted)
        self.instance = str(self.running["InstanceId"])
        self.volumes = Volumes(guests, self.running["Placement"]["AvailabilityZone"])
        self.shell: Login = login(self.volumes, self.running).wait()
        self.snapshots: list[str] = []

    def attach(self, volume: str, api: str, device: str) -> None:
        self.volumes.attach(volume, self.instance, api)
        wait_for("the device", lambda: self.shell.attempt(f"test -b {device}").returncode == 0)

    def write(self, device: str, mib: int, at: int, source: str = "/dev/urandom") -> None:
        self.shell.run(f"dd if={source} of={device} bs=1M count={mib} seek={at} conv=fsync,notrunc 2>/dev/null", 120)

    def sum(self, device: str, mib: int = 64, at: int = 0) -> str:
        return self.shell.run(f"dd if={device} bs=1M count={mib} skip={at} 2>/dev/null | sha256sum", 120).split()[0]

    def snapshot(self, volume: str) -> str:
        made = self.ec2.create_snapshot(VolumeId=volume)["SnapshotId"]
        self.snapshots.append(made)
        return wait_completed(self.ec2, made)

    def delete(self, snapshot: str) -> None:
        self.ec2.delete_snapshot(SnapshotId=snapshot)
        self.snapshots.remove(snapshot)

    def restored_sum(self, snapshot: str, api: str, device: str) -> str:
        volume = self.volumes.make(SnapshotId=snapshot, Size=None)
        self.attach(volume, api, device)
        found = self.sum(device)
        self.volumes.detach(volume)
        self.volumes.delete(volume)
        return found

    def clear(self) -> None:
        for snapshot in list(self.snapshots):
            self.delete(snapshot)
        self.volumes.clear()
        self.guests.clear()


@pytest.fixture
def bench(guests: Guests) -> Iterator[Bench]:
    made = Bench(guests)
    yield made
    made.clear()


def walk(bench: Bench, server: Server, devices: tuple[str, str]) -> None:
    """Three moments of one volume; the middle one goes, and the others are what they were."""
    device, other = devices
    volume = bench.volumes.make()
    bench.attach(volume, "/dev/sdf", device)
    bench.write(device, 64, 0)
    sums = [bench.sum(device)]
    snapshots = [bench.snapshot(volume)]
    for at in (8, 24):
        bench.write(device, 2, at)
        bench.write(device, 1, at + 8, "/dev/zero")
        sums.append(bench.sum(device))
        snapshots.append(bench.snapshot(volume))
    first, second, third = (pack_bytes(server, each) for each in snapshots)
    assert first > 64 * MIB
    assert second < 4 * MIB and third < 4 * MIB, "what changed, and no more"
    assert [bench.restored_sum(each, "/dev/sdg", other) for each in snapshots] == sums
    bench.delete(snapshots[1])
    wait_for(
        "its manifest to go", lambda: not list((server.data_folder / "blocks/store/snapshots").glob(f"{snapshots[1]}*"))
    )
    # The files that the copies became are no part of the snapshots.
    for each in snapshots:
        file_of(server, each).unlink(missing_ok=True)
    assert [bench.restored_sum(each, "/dev/sdg", other) for each in (snapshots[0], snapshots[2])] == [sums[0], sums[2]]
    bench.delete(snapshots[0])
    wait_for("its file to go", lambda: not file_of(server, snapshots[0]).exists())
    assert bench.restored_sum(snapshots[2], "/dev/sdg", other) == sums[2]
    # What the driver knew went with the attachment: all is read, and nothing is stored.
    bench.volumes.detach(volume)
    free = bench.snapshot(volume)
    bench.attach(volume, "/dev/sdf", device)
    again = bench.snapshot(volume)
    assert pack_bytes(server, free) == pack_bytes(server, again) == 0
    assert bench.restored_sum(again, "/dev/sdg", other) == sums[2]
    bench.volumes.detach(volume)
    bench.volumes.delete(volume)


def test_the_next_snapshot_of_a_container_costs_what_changed(bench: Bench, cloud: Server) -> None:
    walk(bench, cloud, ("/dev/sdf", "/dev/sdg"))


def test_the_next_snapshot_of_a_machine_costs_what_changed(guests: Guests, cloud: Server) -> None:
    lacks = prepare_machines(cloud)
    if lacks:
        pytest.skip(f"no virtual machines here: {lacks}")
    bench = Bench(guests, TagSpecifications=tagged("instance", **{"aerolith:driver": "vm"}))
    try:
        walk(bench, cloud, ("/dev/vdb", "/dev/vdc"))
    finally:
        bench.clear()


def test_several_at_once_are_each_of_their_own_moment(bench: Bench) -> None:
    volume = bench.volumes.make()
    bench.attach(volume, "/dev/sdf", "/dev/sdf")
    bench.write("/dev/sdf", 64, 0)
    bench.snapshot(volume)
    sums, made = [], []
    for at in range(3):
        bench.write("/dev/sdf", 1, at)
        sums.append(bench.sum("/dev/sdf"))
        made.append(bench.ec2.create_snapshot(VolumeId=volume)["SnapshotId"])
    bench.snapshots += made
    for each in made:
        wait_completed(bench.ec2, each)
    assert [bench.restored_sum(each, "/dev/sdg", "/dev/sdg") for each in made] == sums


def test_a_volume_grows_between_two_snapshots(bench: Bench) -> None:
    volume = bench.volumes.make()
    bench.attach(volume, "/dev/sdf", "/dev/sdf")
    bench.write("/dev/sdf", 8, 0)
    bench.snapshot(volume)
    bench.volumes.modify(volume, Size=2)
    wait_for("the guest to see it", lambda: int(bench.shell.run("blockdev --getsize64 /dev/sdf")) == 2 << 30)
    bench.write("/dev/sdf", 2, 1500)
    second = bench.snapshot(volume)
    restored = bench.volumes.make(SnapshotId=second, Size=None)
    assert bench.volumes.find(restored)["Size"] == 2
    bench.attach(restored, "/dev/sdg", "/dev/sdg")
    for mib, at in ((16, 0), (16, 1016), (16, 1492), (16, 2032)):
        assert bench.sum("/dev/sdg", mib, at) == bench.sum("/dev/sdf", mib, at), at


def test_a_flipped_bit_is_told_and_found(tmp_path: Path, worker_id: str) -> None:
    number = int(worker_id.removeprefix("gw") or 0) if worker_id != "master" else 0
    settings = {"AEROLITH_EC2_PUBLIC_CIDR": public_cidr(number, 3), "AEROLITH_EC2_SCRUB_EVERY": "1s"}
    server = Server(tmp_path, settings=settings)
    lacks = what_lacks(server, "containers")
    if lacks:
        pytest.skip(f"no instances here: {lacks}")
    with with_instances(server):
        guests = Guests(server, tmp_path)
        bench = Bench(guests)
        volume = bench.volumes.make()
        bench.attach(volume, "/dev/sdf", "/dev/sdf")
        bench.write("/dev/sdf", 4, 0)
        bench.volumes.detach(volume)
        snapshot = bench.snapshot(volume)
        wait_for("a scrub", lambda: "stored blocks of snapshots checked" in server.log())
        assert "is damaged" not in server.log()
        flip_bit(server.data_folder / f"blocks/store/packs/{snapshot}.pack", 100_000, 0)
        # Nobody has asked for it yet.
        wait_for("the scrub to find it", lambda: "a stored block of snapshots is damaged" in server.log(), 60)
        (line, *_) = [each for each in server.log().splitlines() if "a stored block of snapshots is damaged" in each]
        assert snapshot in line and "wrong checksum" in line
        ebs = boto_client(server, "ebs")
        blocks = {
            each["BlockIndex"]: each["BlockToken"] for each in ebs.list_snapshot_blocks(SnapshotId=snapshot)["Blocks"]
        }
        with pytest.raises(ClientError) as caught:
            ebs.get_snapshot_block(SnapshotId=snapshot, BlockIndex=0, BlockToken=blocks[0])
        assert caught.value.response["ResponseMetadata"]["HTTPStatusCode"] == 500
        assert (
            ebs.get_snapshot_block(SnapshotId=snapshot, BlockIndex=1, BlockToken=blocks[1])["DataLength"] == 512 << 10
        )
        broken = bench.volumes.ask(SnapshotId=snapshot, Size=None)["VolumeId"]
        wait_for("the volume to fail", lambda: bench.volumes.find(broken)["State"] == "error")
        assert not (server.data_folder / f"blocks/volumes/{broken}.qcow2").exists()
        assert "wrong checksum" in server.log()
        # The volume still has what was lost: the next snapshot has it of its own.
        mended = bench.snapshot(volume)
        assert bench.volumes.make(SnapshotId=mended, Size=None)
        server.stop()
        checked = server.command("fsck", "--json")
        report = json.loads(checked.stdout)
        assert checked.returncode != 0 and not report["ok"]
        assert any(snapshot in problem and "checksum" in problem for problem in report["problems"]), report
        server.start()
        bench.clear()
