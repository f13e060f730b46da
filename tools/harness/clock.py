"""A wall clock that tests can set, for the server and for boto3 in this process."""

from __future__ import annotations

import datetime
from pathlib import Path
from typing import Any

import botocore.auth
import botocore.crt.auth

from tools.harness import preload

SOURCE = Path(__file__).with_name("clock_shim.c")
_real_now = botocore.auth.get_current_datetime


class SettableClock:
    """`settings` go to the server. set() works at once, also while it runs."""

    def __init__(self, folder: Path) -> None:
        self.file = folder / "clock"
        self.library = preload.build(SOURCE, folder)
        self.shift_seconds = 0
        self.set(0)

    @property
    def settings(self) -> dict[str, str]:
        return preload.settings(self.library, TEST_CLOCK_FILE=str(self.file))

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
