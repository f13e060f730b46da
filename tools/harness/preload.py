"""Small libraries of our own that are loaded before the server, to stand between it and the machine."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

# The sanitized binary wants its own library to be the first.
ASAN_OPTIONS = "detect_leaks=0:exitcode=99:verify_asan_link_order=0"


def missing_compiler() -> str:
    """Why none can be built here; empty when they can."""
    return "" if shutil.which("cc") else "no C compiler here: it builds a library that is loaded before the server"


def build(source: Path, folder: Path) -> Path:
    library = folder / f"{source.stem}.so"
    flags = ["-shared", "-fPIC", "-O1", "-std=gnu17", "-Wall", "-Wextra", "-Werror"]
    result = subprocess.run(["cc", *flags, "-o", str(library), str(source)], capture_output=True, text=True, timeout=60)
    assert result.returncode == 0, result.stderr
    return library


def settings(library: Path, **more: str) -> dict[str, str]:
    """What the server's environment needs for it."""
    return {"LD_PRELOAD": str(library), "ASAN_OPTIONS": ASAN_OPTIONS, **more}
