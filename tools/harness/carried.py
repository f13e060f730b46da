"""Programs of this host in a guest that has none of their libraries."""

from __future__ import annotations

import re
import shutil
import subprocess
import tarfile
from pathlib import Path

from tools.harness.instances import Login

LOADER = "ld-linux-x86-64.so.2"


class NoProgram(RuntimeError):
    """This host hasn't got it."""


def pack(name: str, folder: Path) -> Path:
    """An archive of the program, its libraries and their loader."""
    program = shutil.which(name)
    if program is None:
        raise NoProgram(f"no {name} here: scripts/setup.sh test")
    listed = subprocess.run(["ldd", program], capture_output=True, text=True, check=True).stdout
    archive = folder / f"{name}.tar"
    with tarfile.open(archive, "w") as tar:
        for path in [program, *re.findall(r"(/\S+) \(0x", listed)]:
            tar.add(Path(path).resolve(), arcname=f"{name}/{Path(path).name}")
    return archive


def carry(shell: Login, archive: Path, seconds: float = 300) -> str:
    """The words that run it there."""
    name = archive.stem
    shell.send(archive, "tar x -C /root", seconds)
    return f"/root/{name}/{LOADER} --library-path /root/{name} /root/{name}/{name}"
