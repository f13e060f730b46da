"""A disk that answers EIO while a test says so, under a real server."""

from __future__ import annotations

import struct
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tools.harness import preload

SOURCE = Path(__file__).with_name("disk_shim.c")
KINDS = ("syncs", "reads", "writes")


class FailingDisk:
    """`settings(data_folder)` go to the server."""

    def __init__(self, folder: Path) -> None:
        self.file = folder / "disk"
        self.file.write_bytes(bytes(16))
        self.library = preload.build(SOURCE, folder)

    def settings(self, data_folder: Path) -> dict[str, str]:
        return preload.settings(self.library, TEST_DISK_FILE=str(self.file), TEST_DISK_FOLDER=str(data_folder))

    @property
    def failed_calls(self) -> int:
        return struct.unpack("<4i", self.file.read_bytes())[3]

    @contextmanager
    def failing(self, kind: str) -> Iterator[None]:
        """In the block every call of the kind fails."""
        self._set(kind, 1)
        try:
            yield
        finally:
            self._set(kind, 0)

    def _set(self, kind: str, value: int) -> None:
        with self.file.open("r+b") as file:  # in place: the server has it mapped
            file.seek(4 * KINDS.index(kind))
            file.write(struct.pack("<i", value))
