"""What the tour carries through the cloud: files that every machine has, odd names, and one file of gigabytes."""

from __future__ import annotations

import hashlib
import os
import shutil
from collections.abc import Iterator
from pathlib import Path

from tools.harness.trees import write_odd_tree

# Where files come from, and how many of each at most. All are on any machine that can build Aerolith.
SOURCES: tuple[tuple[str, int], ...] = (
    ("/usr/include", 1300),
    ("/usr/share/doc", 400),
    ("/usr/share/zoneinfo", 300),
    ("/usr/share/cmake*", 400),
    (".venv/lib", 600),
)
LARGEST_FILE_BYTES = 8 << 20
BLOCK_BYTES = 16 << 20


def _regular_files(folder: Path) -> Iterator[Path]:
    for parent, folders, names in os.walk(folder):
        folders.sort()
        for name in sorted(names):
            path = Path(parent, name)
            if not path.is_symlink() and path.is_file() and path.stat().st_size <= LARGEST_FILE_BYTES:
                yield path


def gather_tree(target: Path, repository: Path, binary: Path) -> tuple[int, int]:
    """Copies files of this machine into `target`. Answers how many, and how many bytes."""
    for pattern, limit in SOURCES:
        base = repository if not pattern.startswith("/") else Path("/")
        taken = 0
        for source in sorted(base.glob(pattern.lstrip("/"))):
            for path in _regular_files(source):
                if taken == limit:
                    break
                copy = target / path.relative_to(base)
                copy.parent.mkdir(parents=True, exist_ok=True)
                shutil.copy2(path, copy)
                taken += 1
    shutil.copy2(binary, target / "a-larger-file")
    write_odd_tree(target / "odd names")
    sizes = [path.stat().st_size for path in target.rglob("*") if path.is_file()]
    return len(sizes), sum(sizes)


def write_large_file(path: Path, size_bytes: int) -> str:
    """Random bytes, none of them sparse or repeated; answers their SHA-256."""
    digest = hashlib.sha256()
    with path.open("wb") as file:
        for start in range(0, size_bytes, BLOCK_BYTES):
            block = os.urandom(min(BLOCK_BYTES, size_bytes - start))
            digest.update(block)
            file.write(block)
    return digest.hexdigest()
