"""A kernel, its modules and a busybox for a guest, as files of Debian packages: fetched with apt, unpacked, not installed."""

from __future__ import annotations

import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

from tools.harness.server import REPOSITORY

FOLDER = REPOSITORY / "build/guest"
KERNEL_PACKAGE = "linux-image-cloud-amd64"  # depends on the package of the newest kernel
BUSYBOX_PACKAGE = "busybox-static"
# In order of what a guest needs: its bus, its disk, its network card.
WANTED_MODULES = ("virtio_pci", "virtio_blk", "virtio_net")


class NoGuest(RuntimeError):
    """No guest can be run here; the message says what is missing."""


@dataclass(frozen=True)
class Parts:
    kernel: Path
    busybox: Path
    modules: list[Path]  # in the order of loading


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


def _needs(module: Path) -> list[str]:
    """Names of the modules that this one needs, from its .modinfo section."""
    for text in module.read_bytes().split(b"\0"):
        if text.startswith(b"depends="):
            return [name for name in text.removeprefix(b"depends=").decode().split(",") if name]
    return []


def _load_order(kernel_folder: Path) -> list[Path]:
    files = {path.stem.replace("-", "_"): path for path in kernel_folder.rglob("*.ko")}
    order: list[Path] = []

    def visit(name: str) -> None:
        path = files.get(name)
        if path is None or path in order:  # built into this kernel
            return
        for need in _needs(path):
            visit(need.replace("-", "_"))
        order.append(path)

    for name in WANTED_MODULES:
        visit(name)
    if not order:
        raise NoGuest(f"no module that can be read under {kernel_folder}")
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
    return Parts(kernels[-1], programs[0], _load_order(kernel_folder))
