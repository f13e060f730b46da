"""How much a run does. The defaults fit a normal `make bench`; --full is the issue's whole measure."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass
class Settings:
    seconds: float = 10  # measured time of each load
    warm_seconds: float = 2
    fill_seconds: float = 120  # the longest that filling a bucket may take; fewer objects are then said
    small_objects: int = 10_000  # that GETs of 4 KiB choose from
    list_keys: int = 100_000
    restart_objects: int = 100_000
    crowded_objects: int = 100_000  # against 10,000, for the cost of a PUT
    upload_seconds: float = 15  # of the 64 uploads of 256 MiB; full: until all are done
    space_objects: int = 20_000
    collect_seconds: float = 60  # the longest that collection is waited for

    def make_full(self) -> None:
        self.fill_seconds = 3 * 3600
        self.list_keys = 1_000_000
        self.restart_objects = 1_000_000
        self.crowded_objects = 10_000_000
        self.upload_seconds = 600
        self.space_objects = 200_000
        self.collect_seconds = 300
