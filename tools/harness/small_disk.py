"""A small file system of its own for a data folder, to fill up: ext4 in a file, or tmpfs. Needs root."""

from __future__ import annotations

import ctypes
import errno
import os
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

MIB = 1 << 20
CLONE_NEWNS, MS_REC, MS_SLAVE = 0x00020000, 0x4000, 0x80000  # of <sched.h> and <sys/mount.h>


def missing_for_mounts() -> str:
    """Why nothing can be mounted here; empty when it can."""
    if os.geteuid() != 0:
        return "mounting a small disk needs root"
    missing = [name for name in ("mount", "umount", "mke2fs") if shutil.which(name) is None]
    return f"no {', '.join(missing)} here" if missing else ""


class CannotMount(RuntimeError):
    """The kernel or a container's limits refuse it."""


def _run(*command: str) -> None:
    result = subprocess.run(command, capture_output=True, text=True, timeout=60)
    if result.returncode != 0:
        raise CannotMount(f"{' '.join(command)}: {result.stderr.strip()}")


def _own_mounts() -> None:
    """This thread and the processes it starts see mounts of their own from here on, which end with them, however they end."""
    c = ctypes.CDLL(None, use_errno=True)
    if c.unshare(CLONE_NEWNS) != 0 or c.mount(b"none", b"/", None, MS_REC | MS_SLAVE, None) != 0:
        raise CannotMount(f"no mount namespace: {os.strerror(ctypes.get_errno())}")


@contextmanager
def small_disk(folder: Path, kind: str, size_bytes: int, is_seen_by_all: bool = False) -> Iterator[Path]:
    """`folder` with a file system of this size, gone again after the block. `is_seen_by_all`: also by what other processes
    start, as a server of instances does; else it goes with this one, however that ends."""
    if not is_seen_by_all:
        _own_mounts()
    folder.mkdir(parents=True)
    if kind == "tmpfs":
        _run("mount", "-t", "tmpfs", "-o", f"size={size_bytes},mode=700", "tmpfs", str(folder))
    else:
        image = folder.with_suffix(".image")
        with image.open("wb") as file:
            file.truncate(size_bytes)
        _run("mke2fs", "-q", "-F", "-t", kind, "-m", "0", str(image))
        _run("mount", "-t", kind, "-o", "loop", str(image), str(folder))
    try:
        yield folder
    finally:
        # Whatever still holds a file open there: the mount is gone from sight at once and for good when that ends.
        subprocess.run(["umount", "--lazy", str(folder)], capture_output=True, timeout=60)


def free_bytes(folder: Path) -> int:
    info = os.statvfs(folder)
    return info.f_bavail * info.f_frsize


def fill_up(path: Path, leave_bytes: int = 0) -> None:
    """Somebody else's file takes all the room that is left, or all but so much."""
    with path.open("wb", buffering=0) as file:
        for piece in (bytes(MIB), bytes(4096)):
            try:
                while free_bytes(path.parent) >= leave_bytes + len(piece) or not leave_bytes:
                    file.write(piece)
            except OSError as error:
                if error.errno != errno.ENOSPC:
                    raise
