"""The path of a virtual machine's volume on the host: QEMU's block layer, which is part of the machine's own program. So
it is measured without a machine, by qemu-img, over the same nodes. What the throttle filter costs isn't in it: qemu-img
knows no throttle groups."""

from __future__ import annotations

import json
import math
import re
import subprocess
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tools.bench.ebs.host_path import Done, forget

# As compute/ opens a volume's own file where it can (compute/direct_io.h).
DIRECT: dict[str, Any] = {"aio": "io_uring", "cache": {"direct": True}}


def image(file: Path, behind: Path | None = None, **of_file: Any) -> dict[str, Any]:
    """As compute/encrypted_files.cc describes it; `of_file` are options of the volume's own file."""
    node: dict[str, Any] = {
        "driver": "qcow2",
        "discard": "unmap",
        "file": {"driver": "file", "filename": str(file), "discard": "unmap", **of_file},
        "backing": None,
    }
    if behind:
        node["backing"] = image(behind) | {"read-only": True}
        node["backing"]["file"]["read-only"] = True
    return node


def bench(node: dict[str, Any], region: int, mode: str, block_bytes: int, depth: int, size_bytes: int) -> Done:
    """A load on the first `region` bytes of it; the words are fio's. Random ones visit no block twice."""
    count = size_bytes // block_bytes
    blocks = region // block_bytes
    step = int(blocks * 0.618) if mode.startswith("rand") else 1
    while math.gcd(step, blocks) != 1:
        step += 1
    words = ["-d", str(depth), "-s", str(block_bytes), "-S", str(step * block_bytes)]
    words += ["-w"] if "write" in mode else []
    words.append("json:" + json.dumps({"driver": "raw", "size": region, "file": node}))
    told, whole = _run(["-c", str(count), *words])
    # It flushes when it closes the file, after it has told: what a run of one operation takes as well isn't counted.
    seconds = max(told, whole - _run(["-c", "1", *words])[1]) if "write" in mode else told
    return Done(count, size_bytes, seconds, told / count * depth * 1e6, count / told)


def _run(words: list[str]) -> tuple[float, float]:
    """Seconds: those that it tells, and those of the whole program."""
    begin = time.monotonic()
    done = subprocess.run(["qemu-img", "bench", *words], capture_output=True, text=True, timeout=900)
    whole = time.monotonic() - begin
    found = re.search(r"completed in ([\d.]+) seconds", done.stdout)
    if done.returncode != 0 or not found:
        raise RuntimeError(f"qemu-img: {done.stderr.strip()[-500:]}")
    return float(found[1]), whole


@dataclass
class MachinePath:
    """Of a volume that nobody has open."""

    file: Path
    region: int  # of its bytes, from the first on, what is measured
    behind: Path | None = None  # its snapshot's file

    def job(self, mode: str, block_bytes: int, depth: int, most_bytes: int) -> Done:
        for file in (self.file, *([self.behind] if self.behind else [])):
            forget(file)
        node = image(self.file, self.behind, **DIRECT)
        return bench(node, self.region, mode, block_bytes, depth, min(most_bytes, self.region))

    def fill(self, raw: Path) -> None:
        """With the raw file's bytes, on the disk on return."""
        options = (
            f"driver=raw,size={self.region},file.driver=qcow2,file.file.driver=file,file.file.filename={self.file}"
        )
        command = ["qemu-img", "convert", "-n", "-f", "raw", "--target-image-opts", str(raw), options]
        subprocess.run(command, check=True, stdin=subprocess.DEVNULL, capture_output=True, timeout=900)
        forget(self.file)
