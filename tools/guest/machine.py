"""A server in an emulated machine whose power can be cut: SIGKILL to QEMU.

The disk is a raw file that QEMU opens with cache=none: what the guest's kernel hasn't written to its disk by then is gone,
as it is when power fails. Its writes and flushes are logged too, for disks that lose what they weren't told to keep
(tools/guest/write_log.py).
"""

from __future__ import annotations

import random
import subprocess
import time
from pathlib import Path

from tools.guest.initramfs import PORT, write_initramfs
from tools.guest.parts import fetch_parts
from tools.guest.write_log import cut_power
from tools.harness.server import Credentials, Server, ServerFailed, die_with_parent, free_port

MEMORY_MB = 768
BOOT_SECONDS = 600  # 3 on an idle machine; where others starve it, a hundred times that
DISK_BYTES = 2 << 30
# On a busy host an emulated timer may be too late for the kernel's test of it, which then panics.
KERNEL_WORDS = "console=ttyS0 quiet panic=-1 no_timer_check"
NO_LATE_WRITES = ("-E", "lazy_itable_init=0,lazy_journal_init=0")


def _copy_sparse(source: Path, target: Path) -> None:
    subprocess.run(["cp", "--sparse=always", "--reflink=auto", str(source), str(target)], check=True, timeout=120)


class GuestServer:
    """Has what a client needs of a server: `endpoint` and `credentials()`."""

    def __init__(self, folder: Path, binary: Path | None = None) -> None:
        self.folder = folder
        self.disk = folder / "disk.raw"
        self.before = folder / "before.raw"
        self.write_log = folder / "writes.log"
        self.initramfs = folder / "initramfs.gz"
        self.console = folder / "console.log"
        self.port = free_port()
        self.process: subprocess.Popen[bytes] | None = None
        self.parts = fetch_parts()
        folder.mkdir(parents=True, exist_ok=True)
        self.installation = Server(folder / "installation", binary)
        write_initramfs(self.initramfs, self.parts, self.installation.binary)

    @property
    def endpoint(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def credentials(self) -> Credentials:
        return self.installation.credentials()

    def make_disk(self) -> None:
        """A new installation, made here so that its keys are known here, becomes the guest's disk."""
        self.installation.start().stop()
        with self.disk.open("wb") as file:
            file.truncate(DISK_BYTES)
        command = [
            "mke2fs",
            "-q",
            "-F",
            "-t",
            "ext4",
            *NO_LATE_WRITES,
            "-d",
            str(self.installation.root),
            str(self.disk),
        ]
        subprocess.run(command, check=True, capture_output=True, timeout=120)

    def _drive(self) -> list[str]:
        file = f"driver=file,node-name=file,filename={self.disk},cache.direct=on,cache.no-flush=off,aio=threads"
        log = f"driver=file,node-name=log,filename={self.write_log}"
        disk = "driver=blklogwrites,node-name=disk,file=file,log=log,log-sector-size=512,cache.direct=on"
        return ["-blockdev", file, "-blockdev", log, "-blockdev", disk, "-device", "virtio-blk-pci,drive=disk"]

    def start(self) -> float:
        """Boots, waits for the server; answers the seconds of it."""
        assert self.process is None, "already running"
        _copy_sparse(self.disk, self.before)
        self.write_log.write_bytes(b"")
        seen = self.console.stat().st_size if self.console.exists() else 0
        began = time.monotonic()
        with self.console.open("ab") as console:
            self.process = subprocess.Popen(
                [
                    *("qemu-system-x86_64", "-nodefaults", "-no-user-config", "-no-reboot", "-display", "none"),
                    *("-machine", "q35", "-cpu", "max", "-accel", "tcg,thread=multi,tb-size=128"),
                    *("-m", str(MEMORY_MB), "-smp", "2", "-serial", "stdio", "-monitor", "none"),
                    *("-kernel", str(self.parts.kernel), "-initrd", str(self.initramfs)),
                    *("-append", KERNEL_WORDS),
                    *("-netdev", f"user,id=net,restrict=on,hostfwd=tcp:127.0.0.1:{self.port}-:{PORT}"),
                    *("-device", "virtio-net-pci,netdev=net,romfile="),
                    *self._drive(),
                ],
                stdin=subprocess.DEVNULL,
                stdout=console,
                stderr=console,
                preexec_fn=die_with_parent,
            )
        while "Ready." not in self.said(seen):
            if self.process.poll() is not None or "guest: the server ended" in self.said(seen):
                self.kill()
                raise ServerFailed(f"the guest ended before its server was ready:\n{self.said(seen)[-4000:]}")
            if time.monotonic() - began > BOOT_SECONDS:
                self.kill()
                raise ServerFailed(f"no server in the guest after {BOOT_SECONDS} s:\n{self.said(seen)[-4000:]}")
            time.sleep(0.05)
        return time.monotonic() - began

    def said(self, offset: int = 0) -> str:
        return self.console.read_bytes()[offset:].decode(errors="replace") if self.console.exists() else ""

    def is_running(self) -> bool:
        return self.process is not None and self.process.poll() is None

    def kill(self) -> None:
        """The power cut."""
        if self.process is not None:
            process, self.process = self.process, None
            process.kill()
            process.wait()

    def lose_what_was_not_flushed(self, chance: random.Random, last_flush: int | None = None) -> tuple[int, int]:
        """After kill(): the disk becomes one with a volatile cache that lost power; see cut_power()."""
        assert self.process is None
        counts = cut_power(self.before, self.write_log, chance, last_flush)
        self.before.replace(self.disk)
        return counts
