"""Ways to the bytes of one disk, each of which a load can be put on: what compute/ builds of QEMU's programs, layer by
layer, and the prototype beside it."""

from __future__ import annotations

import json
import signal
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tools.bench.ebs.host_path import fio
from tools.bench.ebs.machine_path import bench

MIB = 1 << 20
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
    """Seconds include a flush after writes, and no program's start."""

    seconds: float
    mean_us: float  # of one operation


Run = Callable[[Load], Rate]


def with_fio(path: Path | str, region: int) -> Run:
    def run(load: Load) -> Rate:
        size = min(load.size_bytes, region)
        done = fio(Path(path), load.mode, load.block_bytes, load.depth, size=region, io_size=size, runtime=8)
        return Rate(done.seconds * size / done.size_bytes, done.mean_us)

    return run


def with_qemu_img(node: dict[str, Any], region: int) -> Run:
    """QEMU's block layer alone, as it is inside of a virtual machine's program; qemu-img knows no throttle groups."""

    def run(load: Load) -> Rate:
        done = bench(node, region, load.mode, load.block_bytes, load.depth, load.size_bytes)
        return Rate(done.seconds, done.mean_us)

    return run


def with_prototype(program: Path, region: int, *disk: str) -> Run:
    def run(load: Load) -> Rate:
        words = [load.mode, *(str(number) for number in (load.block_bytes, load.depth, load.size_bytes, region))]
        told = subprocess.run([program, "load", *words, *disk], check=True, capture_output=True, text=True, timeout=120)
        answer = json.loads(told.stdout)
        return Rate(answer["seconds"], answer["mean_us"])

    return run


# Far above what any disk does: the filter counts, and holds nothing back.
GROUP = {"qom-type": "throttle-group", "id": "limits", "limits": {"iops-total": 10_000_000}}
NATIVE: dict[str, Any] = {"aio": "native", "cache": {"direct": True}}


def throttled(node: dict[str, Any]) -> dict[str, Any]:
    """As compute/throttle.cc describes it."""
    return {"driver": "throttle", "throttle-group": "limits", "discard": "unmap", "file": node}


@contextmanager
def ended(process: subprocess.Popen[Any], wait_for: Path) -> Iterator[None]:
    try:
        _await(wait_for, process)
        yield
    finally:
        if process.poll() is None:
            process.send_signal(signal.SIGTERM)
        process.wait(30)


def _await(path: Path, process: subprocess.Popen[Any]) -> None:
    deadline = time.monotonic() + PATIENCE
    while not (path.is_socket() or (path.exists() and path.stat().st_size > 0)):
        if process.poll() is not None or time.monotonic() > deadline:
            raise RuntimeError(f"{path.name} doesn't come")
        time.sleep(0.02)


@contextmanager
def daemon(node: dict[str, Any], file: Path, export: str) -> Iterator[None]:
    """qemu-storage-daemon with `node`, and an export of it as `file`."""
    words = ["--object", json.dumps(GROUP), "--blockdev", json.dumps(throttled(node) | {"node-name": "disk"})]
    file.unlink(missing_ok=True)
    if export == "fuse":
        file.touch()
        words += ["--export", f"type=fuse,id=disk,node-name=disk,mountpoint={file},writable=on"]
    elif export == "nbd":
        words += ["--nbd-server", f"addr.type=unix,addr.path={file}"]
        words += ["--export", "type=nbd,id=disk,node-name=disk,name=disk,writable=on"]
    else:
        at = f"addr.type=unix,addr.path={file}"
        words += ["--export", f"type=vhost-user-blk,id=disk,node-name=disk,{at},writable=on"]
    with ended(subprocess.Popen(["qemu-storage-daemon", *words], stdin=subprocess.DEVNULL), file):
        yield


@contextmanager
def served(program: Path, front_end: str, file: Path, *disk: str) -> Iterator[None]:
    """The prototype, which ends with its client."""
    file.unlink(missing_ok=True)
    if front_end == "fuse":
        file.touch()
    process = subprocess.Popen([program, "serve", front_end, str(file), *disk], stdin=subprocess.DEVNULL)
    try:
        _await(file, process)
        yield
    finally:
        if front_end == "fuse":
            subprocess.run(["umount", str(file)], check=False)
        elif process.poll() is None and not _was_used(process):
            process.terminate()
        process.wait(30)


def _was_used(process: subprocess.Popen[Any]) -> bool:
    try:
        process.wait(2)
    except subprocess.TimeoutExpired:
        return False
    return True


@contextmanager
def looped(file: Path, direct: bool) -> Iterator[Path]:
    words = ["losetup", "--find", "--show", f"--direct-io={'on' if direct else 'off'}"]
    words += ["--sector-size", "4096"] if direct else []
    told = subprocess.run([*words, str(file)], check=True, capture_output=True, text=True).stdout.strip()
    try:
        # As compute/loop_device.cc has it: zeros are written.
        (Path("/sys/block") / Path(told).name / "queue/discard_max_bytes").write_text("0")
        yield Path(told)
    finally:
        subprocess.run(["losetup", "-d", told], check=True)
        deadline = time.monotonic() + PATIENCE
        while (Path("/sys/block") / Path(told).name / "loop/backing_file").exists() and time.monotonic() < deadline:
            time.sleep(0.02)
