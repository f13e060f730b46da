"""How fast a volume is, of a raw file on the same disk, in turns; and whether its limit is kept."""

from __future__ import annotations

import os
import shutil
import statistics
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from tools.bench.ebs.host_path import Done, HostPath, fio, forget
from tools.bench.ebs.machine_path import MachinePath
from tools.bench.measure import Measurement

MIB = 1 << 20
REGION_BYTES = 1024 * MIB  # what is written and read again; less on a slow disk, as rows then say
LEAST_REGION_BYTES = 128 * MIB
FILL_SECONDS = 30
RANDOM_BYTES = 96 * MIB  # of 4 KiB each, spread over the region
SECONDS = 20  # at most, for one job
ROUNDS = 3

# name, mode, block, depth, bytes at most, bar
JOBS = (
    ("4 KiB random read, depth 32", "randread", 4096, 32, RANDOM_BYTES, 0.6),
    ("4 KiB random write, depth 32", "randwrite", 4096, 32, RANDOM_BYTES, 0.6),
    ("1 MiB sequential write", "write", MIB, 4, REGION_BYTES, 0.8),
    ("1 MiB sequential read", "read", MIB, 4, REGION_BYTES, 0.8),
)


def write_raw_file(path: Path) -> int:
    """Random bytes, so that nothing under it finds zeros; answers how many fit the time."""
    written, begin = 0, time.monotonic()
    with path.open("wb") as file:
        while written < REGION_BYTES:
            if written >= LEAST_REGION_BYTES and time.monotonic() > begin + FILL_SECONDS:
                break
            file.write(os.urandom(LEAST_REGION_BYTES))
            file.flush()
            os.fsync(file.fileno())
            written += LEAST_REGION_BYTES
    return written


def region_of(raw: Path) -> str:
    return f"{raw.stat().st_size // MIB:,} MiB"


def fill(loop: Path, raw: Path) -> None:
    """The raw file's bytes to the volume, flushed."""
    with raw.open("rb") as source, loop.open("r+b") as target:
        shutil.copyfileobj(source, target, 16 * MIB)
        target.flush()
        os.fsync(target.fileno())


@dataclass
class Pair:
    """The volume and the raw file, of the same bytes."""

    volume: HostPath
    raw: Path

    def ours(self, mode: str, block: int, depth: int, most_bytes: int) -> Done:
        self.volume.forget()
        return _job(self.volume.loop, self.raw, mode, block, depth, most_bytes)

    def plain(self, mode: str, block: int, depth: int, most_bytes: int) -> Done:
        forget(self.raw)
        return _job(self.raw, self.raw, mode, block, depth, most_bytes)


@dataclass
class MachinePair:
    """The same, of a volume on a virtual machine's path."""

    volume: MachinePath
    raw: Path

    def ours(self, mode: str, block: int, depth: int, most_bytes: int) -> Done:
        return self.volume.job(mode, block, depth, most_bytes)

    def plain(self, mode: str, block: int, depth: int, most_bytes: int) -> Done:
        forget(self.raw)
        return _job(self.raw, self.raw, mode, block, depth, most_bytes)


AnyPair = Pair | MachinePair


def _job(path: Path, raw: Path, mode: str, block: int, depth: int, most_bytes: int) -> Done:
    region = raw.stat().st_size
    return fio(path, mode, block, depth, size=region, io_size=min(most_bytes, region), runtime=SECONDS)


def _whose(pair: AnyPair) -> str:
    return "a machine's path: " if isinstance(pair, MachinePair) else ""


def ratios(pair: AnyPair) -> Iterator[Measurement]:
    """Of a volume whose type doesn't hold it back, and whose region is written. In turns, so that the disk's moods meet both."""
    for name, mode, block, depth, size, bar in JOBS:
        ours: list[float] = []
        plain: list[float] = []
        for _ in range(ROUNDS):
            ours.append(pair.ours(mode, block, depth, size).bytes_per_second)
            plain.append(pair.plain(mode, block, depth, size).bytes_per_second)
        details = {"volume MiBps": statistics.median(ours) / MIB, "raw MiBps": statistics.median(plain) / MIB}
        ratio = statistics.median(ours) / statistics.median(plain)
        row = f"{_whose(pair)}{name}, {region_of(pair.raw)}, of the raw file's"
        yield Measurement(row, ratio, "", bar, True, details)
    yield _latency(pair)


def _latency(pair: AnyPair) -> Measurement:
    ours: list[float] = []
    plain: list[float] = []
    for _ in range(ROUNDS):
        ours.append(pair.ours("randread", 4096, 1, 8 * MIB).mean_us)
        plain.append(pair.plain("randread", 4096, 1, 8 * MIB).mean_us)
    details = {"volume us": statistics.median(ours), "raw us": statistics.median(plain)}
    ratio = statistics.median(ours) / statistics.median(plain)
    row = f"{_whose(pair)}4 KiB random read, depth 1, latency of the raw file's"
    return Measurement(row, ratio, "", 1.8, False, details)


def first_writes(pair: AnyPair) -> Measurement:
    """To a volume that was just made from a snapshot of the region: each block of it is copied."""
    ours = pair.ours("randwrite", 4096, 32, RANDOM_BYTES).bytes_per_second
    plain = pair.plain("randwrite", 4096, 32, RANDOM_BYTES).bytes_per_second
    details = {"volume MiBps": ours / MIB, "raw MiBps": plain / MIB}
    name = "first 4 KiB random write to a volume of a snapshot, depth 32, of the raw file's"
    return Measurement(f"{_whose(pair)}{name}", ours / plain, "", 0.3, True, details)


def kept_limit(pair: Pair, operations: int) -> Measurement:
    """How far the guest's writes are from what the type allows; those of the first seconds aren't counted."""
    region = pair.raw.stat().st_size
    done = fio(pair.volume.loop, "randwrite", 4096, 32, size=region, time_based=1, ramp_time=4, runtime=12)
    off = abs(done.operations_per_second - operations) / operations * 100
    # A disk that doesn't do as many by itself says nothing of the limit.
    plain = fio(pair.raw, "randwrite", 4096, 32, size=region, time_based=1, ramp_time=2, runtime=4)
    details = {"operations a second": done.operations_per_second, "the raw file's": plain.operations_per_second}
    return Measurement(f"{operations:,} operations a second, kept to within", off, "%", 3, False, details)
