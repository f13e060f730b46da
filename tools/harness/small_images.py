"""Images for tests of guests that behave badly: a file system of a few files, or no file system at all."""

from __future__ import annotations

import json
import os
import subprocess
from pathlib import Path

from tools.harness.server import Server


def bring_in(server: Server, disk: Path, name: str) -> str:
    made = server.command("image", "import", str(disk), "--name", name, "--json")
    assert made.returncode == 0, made.stderr
    return str(json.loads(made.stdout)["image_id"])


def file_system(folder: Path, **files: str | bytes) -> Path:
    """An ext4 of 16 MiB with these files, all of them programs."""
    tree = folder / "tree"
    (tree / "sbin").mkdir(parents=True)
    for name, content in files.items():
        (tree / "sbin" / name).write_bytes(content.encode() if isinstance(content, str) else content)
        (tree / "sbin" / name).chmod(0o755)
    disk = folder / "disk.raw"
    subprocess.run(["mke2fs", "-q", "-t", "ext4", "-d", str(tree), str(disk), "16M"], check=True)
    return disk


def garbage(folder: Path) -> Path:
    disk = folder / "disk.raw"
    disk.write_bytes(b"no boot loader, and no file system" * 100)
    os.truncate(disk, 16 << 20)
    return disk
