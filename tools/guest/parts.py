"""A kernel, its modules and a busybox for a guest, as files of Debian packages: fetched with apt, unpacked, not installed."""

from __future__ import annotations

import lzma
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

from tools.harness.server import REPOSITORY

FOLDER = REPOSITORY / "build/guest"
KERNEL_PACKAGE = "linux-image-cloud-amd64"  # depends on the package of the newest kernel
BUSYBOX_PACKAGE = "busybox-static"
# What a guest needs beyond what its kernel has built in: its bus, its disk, its network card, its file system.
WANTED_MODULES = ("virtio_pci", "virtio_blk", "virtio_net", "crc32c_generic", "ext4")


class NoGuest(RuntimeError):
    """No guest can be run here; the message says what is missing."""


@dataclass(frozen=True)
class Parts:
    kernel: Path
    busybox: Path
    modules: dict[str, bytes]  # by file name, in the order of loading


def missing_programs() -> str:
    """What is missing for a guest, in words; empty when all is there."""
    names = ("qemu-system-x86_64", "mke2fs", "apt-get", "dpkg-deb")
    missing = [name for name in names if shutil.which(name) is None]
    return f"no {', '.join(missing)} here: scripts/setup.sh trust installs them" if missing else ""


def _run(*command: str, folder: Path) -> str:
    result = subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=300)
    if result.returncode != 0:
        raise NoGuest(f"{' '.join(command)}: {result.stderr.strip()[-500:]}")
    return result.stdout


def _kernel_package() -> str:
    for line in _run("apt-cache", "depends", KERNEL_PACKAGE, folder=FOLDER).splitlines():
        if "Depends:" in line and "linux-image-" in line:
            return line.split()[-1]
    raise NoGuest(f"{KERNEL_PACKAGE} names no kernel package")


def _unpack(package: str) -> Path:
    target = FOLDER / package
    if target.exists():
        return target
    _run("apt-get", "download", "-q", package, folder=FOLDER)
    archives = sorted(FOLDER.glob(f"{package}_*.deb"), key=lambda path: path.stat().st_mtime)
    half_done = FOLDER / f"{package}.half-done"
    shutil.rmtree(half_done, ignore_errors=True)
    _run("dpkg-deb", "-x", str(archives[-1]), str(half_done), folder=FOLDER)
    half_done.rename(target)
    for archive in archives:
        archive.unlink()
    return target


def _content(module: Path) -> bytes:
    return lzma.decompress(module.read_bytes()) if module.suffix == ".xz" else module.read_bytes()


def _needs(module: bytes) -> list[str]:
    """Names of the modules that this one needs, from its .modinfo section."""
    for text in module.split(b"\0"):
        if text.startswith(b"depends="):
            return [name for name in text.removeprefix(b"depends=").decode().split(",") if name]
    return []


def _modules(kernel_folder: Path) -> dict[str, bytes]:
    files = {path.name.split(".")[0].replace("-", "_"): path for path in kernel_folder.rglob("*.ko*")}
    order: dict[str, bytes] = {}

    def visit(name: str) -> None:
        file_name = f"{name}.ko"
        if name not in files or file_name in order:  # built into this kernel, or there already
            return
        content = _content(files[name])
        for need in _needs(content):
            visit(need.replace("-", "_"))
        order[file_name] = content

    for name in WANTED_MODULES:
        visit(name)
    if "virtio_blk.ko" not in order:
        raise NoGuest(f"no virtio_blk under {kernel_folder}")
    return order


def fetch_parts() -> Parts:
    """Fetched once, kept in build/guest."""
    FOLDER.mkdir(parents=True, exist_ok=True)
    kernel_folder = _unpack(_kernel_package())
    busybox = _unpack(BUSYBOX_PACKAGE)
    kernels = sorted((kernel_folder / "boot").glob("vmlinuz-*"))
    programs = [path for path in (busybox / "bin/busybox", busybox / "usr/bin/busybox") if path.exists()]
    if not kernels or not programs:
        raise NoGuest(f"no kernel or no busybox in what was unpacked into {FOLDER}")
    return Parts(kernels[-1], programs[0], _modules(kernel_folder))
