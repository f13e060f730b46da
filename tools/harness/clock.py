"""A wall clock that tests can set, for the server and for boto3 in this process."""

from __future__ import annotations

import datetime
import shutil
import subprocess
from pathlib import Path
from typing import Any

import botocore.auth
import botocore.crt.auth

SOURCE = Path(__file__).with_name("clock_shim.c")
_real_now = botocore.auth.get_current_datetime


class SettableClock:
    """`settings` go to the server. set() works at once, also while it runs."""

    def __init__(self, folder: Path) -> None:
        self.file = folder / "clock"
        self.library = folder / "clock_shim.so"
        self.shift_seconds = 0
        command = ["cc", "-shared", "-fPIC", "-O1", "-Wall", "-Wextra", "-Werror", "-o", str(self.library), str(SOURCE)]
        subprocess.run(command, check=True, timeout=60)
        self.set(0)

    @property
    def settings(self) -> dict[str, str]:
        return {
            "LD_PRELOAD": str(self.library),
            "TEST_CLOCK_FILE": str(self.file),
            # The sanitized binary wants its own library to be the first.
            "ASAN_OPTIONS": "detect_leaks=0:exitcode=99:verify_asan_link_order=0",
        }

    def set(self, shift_seconds: int) -> None:
        """From now on it is this much later (or earlier) than it is."""
        if not self.file.exists():
            self.file.write_bytes(bytes(8))
        with self.file.open("r+b") as file:  # in place: the server has it mapped
            file.write(shift_seconds.to_bytes(8, "little", signed=True))
        self.shift_seconds = shift_seconds

    def now(self) -> datetime.datetime:
        return datetime.datetime.now(datetime.UTC) + datetime.timedelta(seconds=self.shift_seconds)

    def move_boto(self, monkeypatch: Any) -> None:
        """boto3 signs by this clock, too."""

        def shifted(*arguments: Any, **named: Any) -> datetime.datetime:
            return _real_now(*arguments, **named) + datetime.timedelta(seconds=self.shift_seconds)

        for signers in (botocore.auth, botocore.crt.auth):
            monkeypatch.setattr(signers, "get_current_datetime", shifted)


def missing_compiler() -> str:
    return (
        "" if shutil.which("cc") else "no C compiler here: it builds the clock that is set (tools/harness/clock_shim.c)"
    )
