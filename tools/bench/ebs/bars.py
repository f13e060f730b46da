"""Bars of EBS: how fast volumes are on the paths that requests of both drivers' guests take; with containers, how soon they
come and go, what snapshots cost. Rates are ratios to a raw file on the same disk."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from tools.bench.ebs import calls, rates, snapshots
from tools.bench.ebs.host_path import HostPath
from tools.bench.ebs.machine_path import MachinePath
from tools.bench.ebs.rates import MachinePair, Pair
from tools.bench.measure import Measurement
from tools.harness.instances import Guests, public_cidr, wait_for, what_lacks, with_instances
from tools.harness.server import Server
from tools.harness.volumes import Volumes, login

# A type that holds nothing back: its limits are far above what a disk of ours does.
FAST: dict[str, Any] = {"VolumeType": "io2", "Size": 64, "Iops": 64_000}
LIMITED: dict[str, Any] = {"VolumeType": "gp3", "Size": 10}
LIMIT = 3000


def all_bars() -> Iterator[Measurement]:
    if not shutil.which("fio"):
        print("no bars of EBS: fio isn't installed (scripts/setup.sh bench)")
        return
    with tempfile.TemporaryDirectory(prefix="aerolith-bench-") as folder:
        server = Server(Path(folder), settings={"AEROLITH_EC2_PUBLIC_CIDR": public_cidr(7, 6)})
        if lacks := what_lacks(server, "containers"):
            print(f"no bars of EBS: {lacks}")
            return
        with with_instances(server):
            guests = Guests(server, Path(folder))
            yield from _measure(server, guests, Path(folder))
            guests.clear()


def _measure(server: Server, guests: Guests, folder: Path) -> Iterator[Measurement]:
    instance = guests.start()
    name = instance["InstanceId"]
    volumes = Volumes(guests, instance["Placement"]["AvailabilityZone"])
    shell = login(volumes, instance).wait()
    yield calls.volume_calls(server, volumes)
    yield from calls.attach_and_detach(volumes, shell, name)

    raw = folder / "raw"
    rates.write_raw_file(raw)

    def attached(**wanted: Any) -> tuple[str, Pair]:
        volume = volumes.make(**wanted)
        volumes.attach(volume, name, calls.DEVICE)
        return volume, Pair(HostPath.of(server, volumes, volume), raw)

    volume, pair = attached(**FAST)
    rates.fill(pair.volume.loop, raw)
    yield from rates.ratios(pair)
    _away(volumes, volume)

    volume, pair = attached(**LIMITED)
    rates.fill(pair.volume.loop, raw)
    yield rates.kept_limit(pair, LIMIT)
    _away(volumes, volume)

    volume, pair = attached(**(FAST | {"Size": 10, "Iops": 10_000}))
    snapshot, measured = snapshots.snapshots(server, volumes, volume, pair)
    yield from measured
    _away(volumes, volume)
    volume, soon = snapshots.first_read(volumes, shell, name, snapshot, VolumeType="io2", Iops=10_000)
    yield soon
    yield rates.first_writes(Pair(HostPath.of(server, volumes, volume), raw))
    _away(volumes, volume)
    yield from _machine(volumes, raw, snapshot)
    volumes.ec2.delete_snapshot(SnapshotId=snapshot)


def _machine(volumes: Volumes, raw: Path, snapshot: str) -> Iterator[Measurement]:
    """Volumes that are attached nowhere: what a machine's program does with their files is done without one."""
    region = raw.stat().st_size
    volume = volumes.make(**FAST)
    path = MachinePath(volumes.file(volume), region)
    path.fill(raw)
    yield from rates.ratios(MachinePair(path, raw))
    volumes.delete(volume)

    volume = volumes.make(SnapshotId=snapshot, Size=None, VolumeType="io2", Iops=10_000)
    behind = volumes.file(volume).parent.parent / f"snapshots/{snapshot}.qcow2"
    wait_for("the snapshot's file", behind.exists, 600)
    yield rates.first_writes(MachinePair(MachinePath(volumes.file(volume), region, behind), raw))
    volumes.delete(volume)


def _away(volumes: Volumes, volume: str) -> None:
    volumes.detach(volume)
    volumes.delete(volume)
