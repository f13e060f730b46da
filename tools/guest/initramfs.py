"""The first file system of a guest: busybox, kernel modules, the server's binary with its libraries, and an init.

The archive is a cpio of the "newc" kind, as the kernel documents it (Documentation/driver-api/early-userspace/buffer-format.rst).
"""

from __future__ import annotations

import gzip
import re
import subprocess
from pathlib import Path

from tools.guest.parts import NoGuest, Parts

DIRECTORY, REGULAR, LINK, DEVICE = 0o040755, 0o100755, 0o120777, 0o020600
PORT = 4566

# eth0 has the address that QEMU's user network expects of a guest. What the server says goes to the serial port.
INIT = """#!/bin/busybox sh
bb=/bin/busybox
$bb mount -t proc proc /proc
$bb mount -t sysfs sysfs /sys
$bb mount -t devtmpfs devtmpfs /dev
for module in $($bb cat /modules/order); do $bb insmod /modules/$module || echo "guest: no $module"; done
$bb ip link set lo up
$bb ip link set eth0 up
$bb ip addr add 10.0.2.15/24 dev eth0
$bb ip route add default via 10.0.2.2
if ! $bb mount -t ext4 /dev/vda /disk; then echo "guest: the disk can't be mounted"; $bb poweroff -f; fi
export HOME=/disk/home PATH=/bin AEROLITH_DATA_FOLDER=/disk/data AEROLITH_LISTEN=0.0.0.0:%d AEROLITH_LOG_ACCESS=false
/bin/aerolith serve
echo "guest: the server ended with $?"
$bb sync
$bb poweroff -f
"""


def _libraries(binary: Path) -> list[Path]:
    """The shared libraries of a binary and its loader, by the names that it asks for."""
    result = subprocess.run(["ldd", str(binary)], capture_output=True, text=True)
    if "not found" in result.stdout or result.returncode != 0:
        raise NoGuest(f"ldd {binary}: {result.stdout}{result.stderr}")
    return [Path(found) for found in re.findall(r"(/\S+) \(0x", result.stdout)]


class Archive:
    def __init__(self) -> None:
        self._bytes = bytearray()
        self._number = 0
        self._folders: set[Path] = set()

    def add(self, path: Path, mode: int, content: bytes = b"", device: tuple[int, int] = (0, 0)) -> None:
        for parent in reversed(path.parents):
            if parent not in self._folders and parent != Path("/"):
                self._folders.add(parent)
                self._entry(str(parent)[1:], DIRECTORY, b"", (0, 0))
        self._entry(str(path)[1:], mode, content, device)

    def finish(self) -> bytes:
        self._entry("TRAILER!!!", 0, b"", (0, 0))
        return bytes(self._bytes)

    def _entry(self, name: str, mode: int, content: bytes, device: tuple[int, int]) -> None:
        self._number += 1
        numbers = (self._number, mode, 0, 0, 1, 0, len(content), 0, 0, *device, len(name) + 1, 0)
        self._bytes += b"070701" + "".join(f"{number:08x}" for number in numbers).encode() + name.encode() + b"\0"
        self._align()
        self._bytes += content
        self._align()

    def _align(self) -> None:
        self._bytes += b"\0" * (-len(self._bytes) % 4)


def write_initramfs(target: Path, parts: Parts, binary: Path) -> None:
    archive = Archive()
    for name in ("/proc", "/sys", "/dev", "/disk", "/tmp"):
        archive.add(Path(name), DIRECTORY)
    archive.add(Path("/dev/console"), DEVICE, device=(5, 1))
    archive.add(Path("/init"), REGULAR, (INIT % PORT).encode())
    archive.add(Path("/bin/busybox"), REGULAR, parts.busybox.read_bytes())
    archive.add(Path("/bin/aerolith"), REGULAR, binary.read_bytes())
    for library in _libraries(binary):
        archive.add(library, REGULAR, library.read_bytes())
    for name, content in parts.modules.items():
        archive.add(Path("/modules") / name, REGULAR, content)
    archive.add(Path("/modules/order"), REGULAR, " ".join(parts.modules).encode())
    target.write_bytes(gzip.compress(archive.finish(), compresslevel=1))
