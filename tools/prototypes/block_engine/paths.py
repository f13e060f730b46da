"""Ways to the bytes of one disk, each of which a load can be put on: what compute/ builds of QEMU's programs, layer by layer."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tools.bench.ebs.host_path import fio, forget

MIB = 1 << 20
GIB = 1 << 30
PATIENCE = 15.0


@dataclass(frozen=True)
class Load:
    """What is asked of a path. A random one visits blocks all over the region, none of them twice."""

    name: str
    mode: str  # fio's: randread, randwrite, read, write
    block_bytes: int
    depth: int
    size_bytes: int

    @property
    def writes(self) -> bool:
        return self.mode.endswith("write")


@dataclass(frozen=True)
class Rate:
    operations_per_second: float
    mean_us: float  # of one operation


Run = Callable[[Load], Rate]


def with_fio(path: Path | str, region: int, **more: Any) -> Run:
    def run(load: Load) -> Rate:
        limits = {"size": region, "io_size": load.size_bytes, "runtime": 8, **more}
        done = fio(Path(path), load.mode, load.block_bytes, load.depth, **limits)
        return Rate(done.operations_per_second, done.mean_us)

    return run


def with_qemu_img(node: dict[str, Any], region: int) -> Run:
    """QEMU's block layer alone, as it is inside of a virtual machine's program; qemu-img knows no throttle groups."""

    def run(load: Load) -> Rate:
        count = load.size_bytes // load.block_bytes
        blocks = region // load.block_bytes
        # Steps of about the golden ratio, odd: all over the region, and each block once.
        step = (int(blocks * 0.618) | 1) if load.mode.startswith("rand") else 1
        wanted = {"driver": "raw", "size": region, "file": node}
        command = ["qemu-img", "bench", "-c", str(count), "-d", str(load.depth), "-s", str(load.block_bytes)]
        command += ["-S", str(step * load.block_bytes), *(["-w"] if load.writes else [])]
        told = subprocess.run(
            [*command, "json:" + json.dumps(wanted)], check=True, capture_output=True, text=True, timeout=120
        )
        found = re.search(r"completed in ([\d.]+) seconds", told.stdout)
        assert found, told.stdout
        seconds = float(found[1])
        return Rate(count / seconds, seconds / count * 1e6 * load.depth)

    return run


GROUP = {"qom-type": "throttle-group", "id": "limits", "limits": {"iops-total": 10_000_000}}
THROTTLE = ["--object", json.dumps(GROUP)]


def image(file: Path, base: Path | None = None, **of_file: Any) -> dict[str, Any]:
    """As compute/encrypted_files.cc describes it; `of_file` is what is tried."""
    node: dict[str, Any] = {
        "driver": "qcow2",
        "discard": "unmap",
        "file": {"driver": "file", "filename": str(file), "discard": "unmap", **of_file},
        "backing": None,
    }
    if base:
        node["backing"] = image(base, **of_file) | {"read-only": True}
        node["backing"]["file"]["read-only"] = True
    return node


def throttled(node: dict[str, Any]) -> dict[str, Any]:
    """As compute/throttle.cc describes it."""
    return {"driver": "throttle", "throttle-group": "limits", "discard": "unmap", "file": node}


@contextmanager
def daemon(node: dict[str, Any], *more: str, wait_for: Path) -> Iterator[None]:
    """qemu-storage-daemon with `node` as `disk`, and exports of it."""
    command = ["qemu-storage-daemon", *THROTTLE, "--blockdev", json.dumps(node | {"node-name": "disk"}), *more]
    with ended(subprocess.Popen(command, stdin=subprocess.DEVNULL)) as process:
        await_path(wait_for, process)
        yield


@contextmanager
def ended(process: subprocess.Popen[Any]) -> Iterator[subprocess.Popen[Any]]:
    try:
        yield process
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait(30)


def await_path(path: Path, process: subprocess.Popen[Any]) -> None:
    deadline = time.monotonic() + PATIENCE
    while not (path.is_socket() or (path.exists() and path.stat().st_size > 0)):
        if process.poll() is not None or time.monotonic() > deadline:
            raise RuntimeError(f"{path.name} doesn't come")
        time.sleep(0.02)


@contextmanager
def looped(file: Path, direct: bool = False) -> Iterator[Path]:
    words = ["losetup", "--find", "--show", f"--direct-io={'on' if direct else 'off'}", str(file)]
    device = subprocess.run(words, check=True, capture_output=True, text=True).stdout.strip()
    try:
        yield Path(device)
    finally:
        subprocess.run(["losetup", "-d", device], check=True)


def fuse_export(file: Path) -> list[str]:
    file.touch()
    return ["--export", f"type=fuse,id=fuse,node-name=disk,mountpoint={file},writable=on"]


def nbd_export(socket: Path) -> list[str]:
    server = ["--nbd-server", f"addr.type=unix,addr.path={socket}"]
    return [*server, "--export", "type=nbd,id=nbd,node-name=disk,name=disk,writable=on"]


def vhost_export(socket: Path) -> list[str]:
    return ["--export", f"type=vhost-user-blk,id=vhost,node-name=disk,addr.type=unix,addr.path={socket},writable=on"]


def forget_all(*files: Path) -> None:
    for file in files:
        if file.exists():
            forget(file)


