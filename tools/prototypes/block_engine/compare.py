"""What each way to a disk's bytes costs, beside a raw file in the same run.

    python -m tools.prototypes.block_engine.compare <folder on the disk> [--rounds 3] [--only word,word] [--json file]

Needs root, fio, qemu-utils, qemu-storage-daemon (qemu-system-common), g++, liburing-dev, libfmt-dev."""

from __future__ import annotations

import argparse
import json
import os
import shutil
import statistics
import subprocess
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tools.bench.ebs.host_path import forget
from tools.bench.ebs.machine_path import DIRECT as URING
from tools.bench.ebs.machine_path import image
from tools.bench.ebs.rates import write_raw_file
from tools.prototypes.block_engine import paths
from tools.prototypes.block_engine.paths import MIB, NATIVE, Load, Rate, Run

HERE = Path(__file__).parent
REGION = 1024 * MIB
LOADS = (
    Load("random read", "randread", 4096, 32, 48 * MIB),
    Load("random write", "randwrite", 4096, 32, 48 * MIB),
    Load("latency", "randread", 4096, 1, 4 * MIB),
    Load("sequential write", "write", MIB, 4, 512 * MIB),
    Load("sequential read", "read", MIB, 4, 512 * MIB),
)
FIRST = Load("first write", "randwrite", 4096, 32, 24 * MIB)


@dataclass
class Disk:
    """A volume in both formats, of the raw file's bytes; with `base` a new child of a snapshot of them."""

    folder: Path
    program: Path
    base: Path | None = None
    is_fresh: bool = False
    of_image: list[str] = field(default_factory=list)

    @property
    def raw(self) -> Path:
        return self.folder / "raw"

    @property
    def qcow2(self) -> Path:
        return self.folder / ("child.qcow2" if self.is_fresh else "volume.qcow2")

    @property
    def own(self) -> list[str]:
        words = ["own", str(self.folder / ("child" if self.is_fresh else "volume")), str(REGION // MIB)]
        return [*words, str(self.raw)] if self.is_fresh else words

    def node(self, **of_file: Any) -> dict[str, Any]:
        return image(self.qcow2, self.base, **of_file)

    def renew(self) -> None:
        if not self.is_fresh:
            return
        self.qcow2.unlink(missing_ok=True)
        backing = ["-F", "qcow2", "-b", str(self.base)]
        options = ["-o", ",".join(self.of_image)] if self.of_image else []
        subprocess.run(["qemu-img", "create", "-q", "-f", "qcow2", *backing, *options, self.qcow2], check=True)
        shutil.rmtree(self.own[1], ignore_errors=True)
        Path(self.own[1]).mkdir()

    def forget(self) -> None:
        for file in self.folder.rglob("*"):
            if file.is_file() and not file.is_mount() and file.suffix != ".sock":
                forget(file)


Opened = Callable[[ExitStack, Disk], Run]


def raw(_: ExitStack, disk: Disk) -> Run:
    return paths.with_fio(disk.raw, REGION)


def machine(**of_file: Any) -> Opened:
    return lambda _, disk: paths.with_qemu_img(disk.node(**of_file), REGION)


def vhost(**of_file: Any) -> Opened:
    def opened(stack: ExitStack, disk: Disk) -> Run:
        socket = disk.folder / "qemu.sock"
        stack.enter_context(paths.daemon(disk.node(**of_file), socket, "vhost-user-blk"))
        return paths.with_prototype(disk.program, REGION, "vhost-user", str(socket))

    return opened


def fuse(loop: bool, **of_file: Any) -> Opened:
    def opened(stack: ExitStack, disk: Disk) -> Run:
        file = disk.folder / "exported"
        stack.enter_context(paths.daemon(disk.node(**of_file), file, "fuse"))
        return paths.with_fio(stack.enter_context(paths.looped(file, direct=False)) if loop else file, REGION)

    return opened


def own(stack: ExitStack, disk: Disk) -> Run:
    return paths.with_prototype(disk.program, REGION, *disk.own)


def own_vhost(stack: ExitStack, disk: Disk) -> Run:
    socket = disk.folder / "own.sock"

    def run(load: Load) -> Rate:
        with paths.served(disk.program, "vhost-user", socket, *disk.own):
            return paths.with_prototype(disk.program, REGION, "vhost-user", str(socket))(load)

    return run


def own_fuse(stack: ExitStack, disk: Disk) -> Run:
    file = disk.folder / "own"
    stack.enter_context(paths.served(disk.program, "fuse", file, *disk.own))
    return paths.with_fio(stack.enter_context(paths.looped(file, direct=True)), REGION)


def relayed(**of_file: Any) -> Opened:
    def opened(stack: ExitStack, disk: Disk) -> Run:
        socket, file = disk.folder / "qemu.sock", disk.folder / "relayed"
        stack.enter_context(paths.daemon(disk.node(**of_file), socket, "vhost-user-blk"))
        stack.enter_context(paths.served(disk.program, "fuse", file, "vhost-user", str(socket)))
        return paths.with_fio(stack.enter_context(paths.looped(file, direct=True)), REGION)

    return opened


WAYS: dict[str, Opened] = {
    "raw file": raw,
    "machine: QEMU's block layer, threads, page cache": machine(),
    "machine: QEMU's block layer, threads, direct": machine(cache={"direct": True}),
    "machine: QEMU's block layer, io_uring, direct": machine(**URING),
    "machine: QEMU's block layer, native, direct": machine(**NATIVE),
    "qemu-storage-daemon, vhost-user, threads, page cache": vhost(),
    "qemu-storage-daemon, vhost-user, io_uring, direct": vhost(**URING),
    "QEMU's FUSE file, threads, page cache": fuse(False),
    "QEMU's FUSE file, io_uring, direct": fuse(False, **URING),
    "container: loop over FUSE, threads, page cache": fuse(True),
    "container: loop over FUSE, io_uring, direct": fuse(True, **URING),
    "relay: loop, own FUSE, qemu-storage-daemon, io_uring, direct": relayed(**URING),
    "engine: alone": own,
    "engine: vhost-user": own_vhost,
    "engine: loop, own FUSE": own_fuse,
}


Seen = dict[tuple[str, str], list[Rate]]


def measure(disk: Disk, words: list[str]) -> Iterator[tuple[str, str, Rate]]:
    """One round: way, load, rate."""
    ways = {name: way for name, way in WAYS.items() if name == "raw file" or not words or any(w in name for w in words)}
    snapshot = disk.folder / "snapshot.qcow2"
    child = Disk(disk.folder, disk.program, snapshot, True)
    finer = Disk(disk.folder, disk.program, snapshot, True, ["extended_l2=on", "cluster_size=128k"])
    for name, way in ways.items():
        for load in LOADS:
            yield name, load.name, _once(way, disk, load)
        yield name, FIRST.name, _once(way, child, FIRST)
        if "io_uring" in name:
            yield f"{name}, subclusters", FIRST.name, _once(way, finer, FIRST)


def _once(way: Opened, disk: Disk, load: Load) -> Rate:
    disk.renew()
    disk.forget()
    with ExitStack() as stack:
        return way(stack, disk)(load)


def prepare(folder: Path) -> Disk:
    folder.mkdir(parents=True, exist_ok=True)
    program = folder / "engine"
    sources = [str(file) for file in sorted(HERE.glob("*.cc"))]
    subprocess.run(["g++", "-std=c++23", "-O2", *sources, "-o", program, "-luring", "-lfmt"], check=True)
    disk = Disk(folder, program)
    if not disk.raw.exists():
        write_raw_file(disk.raw)
    for name in ("volume.qcow2", "snapshot.qcow2"):
        subprocess.run(["qemu-img", "convert", "-f", "raw", "-O", "qcow2", disk.raw, folder / name], check=True)
    shutil.rmtree(folder / "volume", ignore_errors=True)
    (folder / "volume").mkdir()
    own(ExitStack(), disk)(Load("fill", "write", MIB, 4, REGION))
    os.sync()
    return disk


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--only", default="", help="words of the ways to measure, beside the raw file")
    parser.add_argument("--json", type=Path)
    asked = parser.parse_args()
    disk = prepare(asked.folder.resolve())
    seen: Seen = {}
    for _ in range(asked.rounds):
        for name, load, rate in measure(disk, [word for word in asked.only.split(",") if word]):
            seen.setdefault((name, load), []).append(rate)
    tell(seen, asked.json)


def tell(seen: Seen, file: Path | None) -> None:
    sizes = {load.name: load.size_bytes / MIB for load in (*LOADS, FIRST)}
    rows: dict[str, dict[str, float]] = {}
    for (name, load), rates in seen.items():
        value = [rate.mean_us if load == "latency" else sizes[load] / rate.seconds for rate in rates]
        rows.setdefault(name, {})[load] = statistics.median(value)
    print("| way | " + " | ".join(sizes) + " |")
    for name, values in rows.items():
        cells = []
        for load in sizes:
            plain = rows["raw file"][load]
            cells.append(f"{values[load]:,.0f} ({values[load] / plain:.2f})" if load in values else "")
        print(f"| {name} | " + " | ".join(cells) + " |")
    if file:
        file.write_text(json.dumps(rows, indent=2) + "\n")


if __name__ == "__main__":
    main()
