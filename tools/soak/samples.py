"""What a server takes of the machine, over time, and whether that stays flat."""

from __future__ import annotations

import csv
import os
import statistics
import time
from dataclasses import astuple, dataclass, fields
from pathlib import Path

MIB = 1 << 20


@dataclass(frozen=True)
class Sample:
    seconds: float
    resident_bytes: int
    descriptors: int
    disk_bytes: int  # as allocated
    live_bytes: int  # of the objects that are there
    requests: int


def resident_bytes(pid: int) -> int:
    for line in Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith("VmRSS:"):
            return int(line.split()[1]) * 1024
    raise ValueError(f"process {pid} has no memory")


def descriptors(pid: int) -> int:
    return len(os.listdir(f"/proc/{pid}/fd"))


def disk_bytes(folder: Path) -> int:
    total = 0
    for parent, _, names in os.walk(folder):
        for name in names:
            try:
                total += os.lstat(os.path.join(parent, name)).st_blocks * 512
            except FileNotFoundError:  # collected meanwhile
                pass
    return total


def take(pid: int, folder: Path, live: int, requests: int, began: float) -> Sample:
    return Sample(
        round(time.monotonic() - began, 1), resident_bytes(pid), descriptors(pid), disk_bytes(folder), live, requests
    )


def write_csv(samples: list[Sample], path: Path) -> None:
    with path.open("w", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(field.name for field in fields(Sample))
        writer.writerows(astuple(sample) for sample in samples)


WARM_UP_SHARE = 0.25  # caches fill, the set of objects reaches its size


@dataclass(frozen=True)
class Bound:
    """The median of the last quarter may be this much over that of the first quarter behind the warm-up."""

    name: str
    factor: float
    extra: float

    def line(self, before: float, after: float) -> str:
        limit = before * self.factor + self.extra
        verdict = "flat" if after <= limit else "NOT FLAT"
        return f"{self.name}: {before:.1f} at first, {after:.1f} at the end, limit {limit:.1f}: {verdict}"


# What the store of record gathers in memory before it writes a table comes and goes with the load.
MEMORY = Bound("resident memory, MiB", 1.10, 24)
DESCRIPTORS = Bound("descriptors", 1.10, 8)
OVERHEAD = Bound("disk beyond the objects' bytes, MiB", 1.25, 48)


def judge(samples: list[Sample]) -> list[str]:
    """A line for each measure; those that grew say NOT FLAT."""
    warm = samples[int(len(samples) * WARM_UP_SHARE) :]
    assert len(warm) >= 8, f"{len(samples)} samples are too few to say anything"
    first, last = warm[: len(warm) // 4], warm[-(len(warm) // 4) :]

    def median(part: list[Sample], value: str) -> float:
        numbers = {
            "memory": [sample.resident_bytes / MIB for sample in part],
            "descriptors": [float(sample.descriptors) for sample in part],
            "overhead": [(sample.disk_bytes - sample.live_bytes) / MIB for sample in part],
        }
        return statistics.median(numbers[value])

    return [
        bound.line(median(first, value), median(last, value))
        for bound, value in ((MEMORY, "memory"), (DESCRIPTORS, "descriptors"), (OVERHEAD, "overhead"))
    ]


def is_flat(lines: list[str]) -> bool:
    return not any("NOT FLAT" in line for line in lines)
