"""Folders of files to carry through a store and compare byte for byte."""

from __future__ import annotations

import hashlib
import os
import time
from pathlib import Path

# Names that broke stores before: each is a legal file name on Linux and a legal key.
ODD_NAMES = (
    "plain.txt",
    "with space.txt",
    " leading and trailing ",
    "plus+sign+.txt",
    "per%cent%20.txt",
    "a%2Fb",
    "quotes'and\"double.txt",
    "amper&sand;semi=equals.txt",
    "question?mark#hash.txt",
    "brackets[1]{2}(3)<4>.txt",
    "back\\slash.txt",
    "tilde~star*pipe|.txt",
    "colon:at@comma,.txt",
    "dollar$bang!caret^.txt",
    "ünïcödé-ñ.txt",
    "décomposé-e\u0301.txt",
    "日本語/ファイル.txt",
    "emoji-🪨🚀.txt",
    "עברית.txt",
    "...three-dots",
    "deep/er/and/deep/er/still/file",
    "empty-file",
    "-leading-dash",
    "x" * 200,
)


def write_odd_tree(folder: Path) -> int:
    """
    Writes one file for each odd name; its bytes depend on the name. Answers how many.

    The files are an hour old: S3 tells times in whole seconds, so a file written in the second of its upload looks
    newer than its object, and a second sync sends it again.
    """
    written = time.time() - 3600
    for name in ODD_NAMES:
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(b"" if name == "empty-file" else name.encode() * (len(name) + 1))
        os.utime(path, (written, written))
    return len(ODD_NAMES)


def digests(folder: Path) -> dict[str, str]:
    """Relative path -> SHA-256 of every regular file. Symbolic links are followed, as the AWS CLI does."""
    found: dict[str, str] = {}
    for parent, _, names in os.walk(folder, followlinks=True):
        for name in names:
            path = Path(parent, name)
            if path.is_file():
                with path.open("rb") as file:
                    found[str(path.relative_to(folder))] = hashlib.file_digest(file, "sha256").hexdigest()
    return found


def differences(left: dict[str, str], right: dict[str, str]) -> list[str]:
    """A line for each file that is missing, extra or different; empty when the trees are the same."""
    lines = [f"missing: {name}" for name in sorted(left.keys() - right.keys())]
    lines += [f"extra: {name}" for name in sorted(right.keys() - left.keys())]
    return lines + [f"different: {name}" for name in sorted(left.keys() & right.keys()) if left[name] != right[name]]
