"""A disk under a server of instances that loses power: of what it wasn't told to flush, any part may be gone.

ext4 on a loop device over a file that qemu-storage-daemon serves (FUSE), which logs writes and flushes as the power cuts of
virtual machines do (tools/guest/write_log.py). Mounted where everybody sees it, since guests outlive the server. Needs root.
"""

from __future__ import annotations

import json
import random
import shutil
import socket
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tools.guest.write_log import cut_power, flushes, read_log
from tools.harness.instances import wait_for
from tools.harness.server import die_with_parent
from tools.harness.small_disk import CannotMount, missing_for_mounts

DISK_BYTES = 4 << 30
NO_LATE_WRITES = ("-E", "lazy_itable_init=0,lazy_journal_init=0")


def missing_for_power_cuts() -> str:
    """Why there is no such disk here; empty: there may be."""
    if missing := missing_for_mounts():
        return missing
    if shutil.which("qemu-storage-daemon") is None:
        return "no qemu-storage-daemon here: scripts/setup.sh instances"
    return "" if Path("/dev/fuse").exists() else "no /dev/fuse here: modprobe fuse"


def _run(*command: str) -> None:
    result = subprocess.run(command, capture_output=True, text=True, timeout=120)
    if result.returncode != 0:
        raise CannotMount(f"{' '.join(command)}: {result.stderr.strip()}")


class LosingDisk:
    def __init__(self, root: Path) -> None:
        root.mkdir(parents=True)
        self.folder = root / "mounted"
        self._raw, self._before, self._log = root / "disk.raw", root / "before.raw", root / "writes.log"
        self._served, self._socket = root / "served.raw", root / "control.sock"
        self._daemon: subprocess.Popen[bytes] | None = None
        self.folder.mkdir()
        with self._raw.open("wb") as file:
            file.truncate(DISK_BYTES)
        _run("mke2fs", "-q", "-F", "-t", "ext4", "-m", "0", *NO_LATE_WRITES, str(self._raw))

    def plug_in(self) -> None:
        _run("cp", "--sparse=always", "--reflink=auto", str(self._raw), str(self._before))
        self._log.write_bytes(b"")
        self._served.write_bytes(b"")
        nodes = (
            {"driver": "file", "node-name": "file", "filename": str(self._raw)},
            {"driver": "file", "node-name": "log", "filename": str(self._log)},
            {"driver": "blklogwrites", "node-name": "disk", "file": "file", "log": "log", "log-sector-size": 512},
        )
        export = {"type": "fuse", "id": "disk", "node-name": "disk", "mountpoint": str(self._served), "writable": True}
        self._daemon = subprocess.Popen(
            [
                "qemu-storage-daemon",
                *(word for node in nodes for word in ("--blockdev", json.dumps(node))),
                *("--export", json.dumps(export)),
                *("--chardev", f"socket,id=control,path={self._socket},server=on,wait=off"),
                *("--monitor", "chardev=control"),
            ],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            preexec_fn=die_with_parent,
        )
        wait_for("the disk", self._is_served, 30)
        _run("mount", "-t", "ext4", "-o", "loop", str(self._served), str(self.folder))

    def _is_served(self) -> bool:
        assert self._daemon is not None and self._daemon.stderr is not None
        if self._daemon.poll() is not None:
            raise CannotMount(f"qemu-storage-daemon: {self._daemon.stderr.read().decode().strip()}")
        try:
            with socket.socket(socket.AF_UNIX) as control:
                control.connect(str(self._socket))
        except OSError:
            return False
        return self._served.stat().st_size == DISK_BYTES

    def cut_power(self, chance: random.Random, last_flush_share: float = 1.0) -> tuple[int, int]:
        """From here on it answers nothing. Then it is what a power cut may leave of it: how many writes were flushed, and
        how many weren't. With a share below 1 it only claimed to flush what came after that share of the flushes."""
        self.pull_out()
        last = None if last_flush_share == 1.0 else int(len(flushes(read_log(self._log))) * last_flush_share)
        counts = cut_power(self._before, self._log, chance, last)
        self._before.replace(self._raw)
        return counts

    def pull_out(self) -> None:
        if self._daemon is not None:
            daemon, self._daemon = self._daemon, None
            daemon.kill()
            daemon.wait()
            if daemon.stderr is not None:
                daemon.stderr.close()
        # What still has something open there gets errors; the rest goes with the last of them.
        for mounted in (self.folder, self._served):
            subprocess.run(["umount", "--lazy", str(mounted)], capture_output=True, timeout=60)
        self._socket.unlink(missing_ok=True)


@contextmanager
def losing_disk(root: Path) -> Iterator[LosingDisk]:
    """Plugged in; gone after the block."""
    disk = LosingDisk(root)
    try:
        disk.plug_in()
        yield disk
    finally:
        disk.pull_out()
