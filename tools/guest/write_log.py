"""What a guest wrote to its disk, in order, with its flushes; and the disk as a power cut may leave it.

QEMU's blklogwrites writes the log in the format of the kernel's dm-log-writes: a sector that names the format, then for each
request a sector (number of the first sector, how many, flags, length of data: 64 bits each) and its data. A request is in the
log before the guest hears of its end, so whatever the guest had flushed stands before that flush.
"""

from __future__ import annotations

import random
import struct
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

SECTOR_BYTES = 512
MAGIC = 0x6A736677736872
FLUSH, FUA, DISCARD, MARK = 1, 2, 4, 8


@dataclass(frozen=True)
class Write:
    """A request of the guest. Without sectors it is a flush alone."""

    sector: int
    sectors: int
    flags: int
    log_offset: int  # of its data


def read_log(path: Path) -> list[Write]:
    """Goes by the entries, not by the count in the first sector: that one is behind when QEMU was killed."""
    writes = []
    size = path.stat().st_size
    with path.open("rb") as log:
        magic, version = struct.unpack("<QQ", log.read(16))
        assert (magic, version) == (MAGIC, 1), f"{path} isn't a log of writes"
        at = SECTOR_BYTES
        while at + 32 <= size:
            log.seek(at)
            sector, sectors, flags, _ = struct.unpack("<QQQQ", log.read(32))
            if sectors == 0 and flags == 0:
                break
            at += SECTOR_BYTES
            data_bytes = 0 if flags & DISCARD else sectors * SECTOR_BYTES
            if at + data_bytes > size:
                break
            writes.append(Write(sector, sectors, flags, at))
            at += data_bytes
    return writes


def flushes(writes: list[Write]) -> list[int]:
    """Where in the list the flushes stand."""
    return [index for index, write in enumerate(writes) if write.flags & (FLUSH | FUA)]


def _kept_sectors(write: Write, chance: random.Random) -> Iterator[int]:
    """Half of the writes is lost, a quarter is kept, and a quarter is torn: each sector is lost or kept."""
    kind = chance.random()
    for number in range(write.sectors):
        if kind >= 0.75 or (kind >= 0.5 and chance.random() < 0.5):
            yield number


def cut_power(disk: Path, log_path: Path, chance: random.Random, last_flush: int | None = None) -> tuple[int, int]:
    """Brings `disk`, as it was when the log began, to a state in which a power cut may leave it: all up to the last flush, and by
    chance what came behind. Given `last_flush`, an index of `flushes`, the disk is one that had only claimed the later ones.
    Answers how many writes were flushed and how many weren't."""
    writes = read_log(log_path)
    ends = flushes(writes)
    assert ends, "the guest has flushed nothing"
    end = ends[-1] if last_flush is None else ends[last_flush]
    considered = writes if last_flush is None else writes[: end + 1]
    with disk.open("r+b") as target, log_path.open("rb") as log:
        for index, write in enumerate(considered):
            if write.flags & DISCARD or write.sectors == 0:
                continue
            log.seek(write.log_offset)
            data = log.read(write.sectors * SECTOR_BYTES)
            if index <= end:
                target.seek(write.sector * SECTOR_BYTES)
                target.write(data)
                continue
            for number in _kept_sectors(write, chance):
                target.seek((write.sector + number) * SECTOR_BYTES)
                target.write(data[number * SECTOR_BYTES : (number + 1) * SECTOR_BYTES])
    return end + 1, len(writes) - end - 1
