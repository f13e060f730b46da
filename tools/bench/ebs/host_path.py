"""The path of a container's volume on the host: the loop device that the guest has, and what caches lie under it."""

from __future__ import annotations

import json
import os
import subprocess
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tools.harness.instances import mark_of
from tools.harness.server import Server
from tools.harness.volumes import Volumes


class NoLoop(RuntimeError):
    """The volume isn't attached to a container here."""


@dataclass
class HostPath:
    """Of one attached volume."""

    loop: Path  # what the guest has as its device
    export: Path  # QEMU's FUSE file under it
    image: Path  # the qcow2 file

    @staticmethod
    def of(server: Server, volumes: Volumes, volume: str) -> HostPath:
        for loop in Path("/sys/block").glob("loop*"):
            try:
                backing = (loop / "loop/backing_file").read_text().strip()
            except OSError:
                continue
            if backing.startswith(f"/run/aerolith/{mark_of(server)}/") and backing.endswith(f"/disks/{volume}"):
                return HostPath(Path("/dev", loop.name), Path(backing), volumes.file(volume))
        raise NoLoop(f"{volume} is behind no loop device")

    def forget(self) -> None:
        """What was written goes to the disk, and out of the host's page cache: reads come from there again."""
        for path in (self.loop, self.export, self.image):
            forget(path)


def forget(path: Path) -> None:
    opened = os.open(path, os.O_RDONLY)
    try:
        os.fsync(opened)
        os.posix_fadvise(opened, 0, 0, os.POSIX_FADV_DONTNEED)
    finally:
        os.close(opened)


@dataclass
class Done:
    """What one fio job did. Seconds are those of its operations and of the flush after writes, without fio's own start."""

    operations: int
    size_bytes: int
    seconds: float
    mean_us: float
    operations_per_second: float  # fio's own count, after its ramp

    @property
    def bytes_per_second(self) -> float:
        return self.size_bytes / self.seconds


def fio(path: Path, mode: str, block_bytes: int, depth: int, **more: Any) -> Done:
    """One job with O_DIRECT; `more` are fio's options, with _ for -. Writes end with a flush."""
    options = {"rw": mode, "bs": block_bytes, "iodepth": depth, "ioengine": "libaio", "direct": 1}
    options |= {"randrepeat": 0, "group_reporting": 1, "allow_file_create": 0, **more}
    words = [f"--{name}={value}" for name, value in options.items()]
    command = ["fio", "--name=bench", f"--filename={path}", "--output-format=json", *words]
    told = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=900)
    if told.returncode != 0:
        raise RuntimeError(f"fio: {told.stderr.strip()[-500:]}{told.stdout.strip()[-500:]}")
    job = json.loads(told.stdout[told.stdout.index("{") :])["jobs"][0]
    side = job["write" if "write" in mode else "read"]
    # Not fio's end_fsync: its seconds aren't told, and those of the whole program would be mostly its start.
    spent = side["runtime"] / 1000 + (_flush_seconds(path) if "write" in mode else 0)
    return Done(side["total_ios"], side["io_bytes"], spent, side["clat_ns"]["mean"] / 1000, side["iops"])


def _flush_seconds(path: Path) -> float:
    opened = os.open(path, os.O_WRONLY)
    try:
        begin = time.monotonic()
        os.fsync(opened)
        return time.monotonic() - begin
    finally:
        os.close(opened)
