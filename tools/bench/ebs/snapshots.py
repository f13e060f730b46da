"""What a snapshot of a volume costs whose guest writes on: time, bytes, and how long the guest waits at most."""

from __future__ import annotations

import mmap
import os
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tools.bench.ebs.calls import DEVICE, comes
from tools.bench.ebs.rates import MIB, Pair, fill, region_of
from tools.bench.measure import Measurement
from tools.harness.instances import Login, wait_for
from tools.harness.server import Server
from tools.harness.volumes import GIB, Volumes

CHANGED_BYTES = 10 * MIB
CHANGED_FROM = 64 * MIB  # within what was written
WRITER_AT = 5 * GIB


class Writer(threading.Thread):
    """4 KiB at a time, past the page cache of the loop device, as a database in the guest does."""

    def __init__(self, loop: Path) -> None:
        super().__init__(daemon=True)
        self._loop, self._ending = loop, threading.Event()
        self.slowest_ms = 0.0

    def run(self) -> None:
        block = mmap.mmap(-1, 4096)  # aligned, as O_DIRECT wants it
        opened = os.open(self._loop, os.O_WRONLY | os.O_DIRECT)
        try:
            while not self._ending.is_set():
                begin = time.monotonic()
                os.pwrite(opened, block, WRITER_AT)
                self.slowest_ms = max(self.slowest_ms, (time.monotonic() - begin) * 1000)
                time.sleep(0.001)
        finally:
            os.close(opened)

    def end(self) -> float:
        self._ending.set()
        self.join()
        return self.slowest_ms


@contextmanager
def _writing(loop: Path) -> Iterator[Writer]:
    writer = Writer(loop)
    writer.start()
    try:
        yield writer
    finally:
        writer.end()


def _bytes_on_disk(server: Server) -> int:
    """Of all that snapshots have."""
    volumes = server.data_folder / "blocks/volumes"
    files = (path for path in (server.data_folder / "blocks").rglob("*") if volumes not in path.parents)
    return sum(path.stat().st_blocks * 512 for path in files if path.is_file())


@dataclass
class Taken:
    snapshot: str
    answered_ms: float
    seconds: float  # until it is completed
    stall_ms: float  # the slowest write meanwhile
    size_bytes: int


def _take(server: Server, volumes: Volumes, volume: str, loop: Path) -> Taken:
    before = _bytes_on_disk(server)
    with _writing(loop) as writer:
        begin = time.monotonic()
        snapshot = volumes.ec2.create_snapshot(VolumeId=volume)["SnapshotId"]
        answered = time.monotonic() - begin

        def completed() -> bool:
            (seen,) = volumes.ec2.describe_snapshots(SnapshotIds=[snapshot])["Snapshots"]
            assert seen["State"] != "error", seen
            return bool(seen["State"] == "completed")

        wait_for("the snapshot", completed, 600, every=0.01)
        spent = time.monotonic() - begin
    return Taken(snapshot, answered * 1000, spent, writer.slowest_ms, _bytes_on_disk(server) - before)


def _quiet_stall(loop: Path, seconds: float) -> float:
    """The slowest write without a snapshot, in as much time."""
    with _writing(loop) as writer:
        time.sleep(min(seconds, 10))
    return writer.slowest_ms


def snapshots(server: Server, volumes: Volumes, volume: str, pair: Pair) -> tuple[str, list[Measurement]]:
    """Of a volume of 10 GiB whose first bytes are the raw file's. Answers the first snapshot too, which stays."""
    path = pair.volume
    fill(path.loop, pair.raw)
    first = _take(server, volumes, volume, path.loop)
    quiet = _quiet_stall(path.loop, first.seconds)
    with path.loop.open("r+b") as device:
        device.seek(CHANGED_FROM)
        device.write(os.urandom(CHANGED_BYTES))
        device.flush()
        os.fsync(device.fileno())
    second = _take(server, volumes, volume, path.loop)
    volumes.ec2.delete_snapshot(SnapshotId=second.snapshot)
    stall = max(first.stall_ms, second.stall_ms)
    details = {"first": first.stall_ms, "next": second.stall_ms, "without a snapshot": quiet}
    name = f"snapshot of 10 GiB with {region_of(pair.raw)} written"
    return first.snapshot, [
        Measurement(
            f"{name}: completed after",
            first.seconds,
            "s",
            details={"answered ms": first.answered_ms, "MiB on disk": first.size_bytes / MIB},
        ),
        Measurement(f"{name}: the guest's slowest write meanwhile", stall, "ms", 20, False, details),
        Measurement(
            "the next, with 10 MiB changed: bytes of the first's",
            100 * second.size_bytes / first.size_bytes,
            "%",
            5,
            False,
            {"MiB on disk": second.size_bytes / MIB},
        ),
        Measurement(
            "the next, with 10 MiB changed: time of the first's",
            100 * second.seconds / first.seconds,
            "%",
            5,
            False,
            {"seconds": second.seconds},
        ),
    ]


def first_read(volumes: Volumes, shell: Login, instance: str, snapshot: str, **wanted: Any) -> tuple[str, Measurement]:
    """From CreateVolume to the guest's first read. Answers the volume too, which stays attached."""
    looking = comes(shell)
    begin = time.monotonic()
    volume = volumes.make(SnapshotId=snapshot, Size=None, **wanted)
    made = time.monotonic() - begin
    volumes.ec2.attach_volume(VolumeId=volume, InstanceId=instance, Device=DEVICE)
    looking.wait()
    spent = (time.monotonic() - begin) * 1000
    volumes.wait(volume, "in-use")
    details = {"available after ms": made * 1000}
    return volume, Measurement("volume of that snapshot to a guest's first read", spent, "ms", 300, False, details)
