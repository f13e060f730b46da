"""One cell of the table: what one server did in one row, or why there is nothing."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from tools.bench.s3.settings import Settings
from tools.bench.s3.subject import Subject

ALL = ("aerolith", "minio", "versitygw", "seaweedfs", "nginx")
STORES = ALL[:-1]  # those that one can write to


@dataclass
class Sample:
    value: float | None
    details: dict[str, Any] = field(default_factory=dict)
    reason: str = ""  # where there is no value


@dataclass(frozen=True)
class Row:
    name: str  # on the command line
    title: str
    unit: str
    measure: Callable[[Subject, Settings], Sample]  # on a server that runs, with an empty bucket
    subjects: tuple[str, ...] = STORES
    higher_is_better: bool = True
