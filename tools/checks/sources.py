"""Which files the checks look at: what git tracks or would track."""

from __future__ import annotations

import subprocess
from pathlib import Path

REPOSITORY = Path(__file__).resolve().parents[2]


def project_files(*patterns: str) -> list[Path]:
    """Paths relative to the repository, sorted; files that are ignored or gone are left out."""
    listed = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard", "--", *patterns],
        cwd=REPOSITORY,
        capture_output=True,
        text=True,
        check=True,
    ).stdout
    return sorted({Path(name) for name in listed.split("\0") if name and (REPOSITORY / name).is_file()})
