"""Rows in which clients read and write as fast as they can."""

from __future__ import annotations

from typing import Any

from tools.bench.s3.load import Load, fill, run_load
from tools.bench.s3.sample import ALL, Row, Sample
from tools.bench.s3.settings import Settings
from tools.bench.s3.subject import Subject

KIB = 1024
MIB = 1024 * 1024


def _load(subject: Subject, settings: Settings, operation: str, **options: Any) -> Load:
    return run_load(subject, operation, seconds=settings.seconds, warm=settings.warm_seconds, **options)


def _megabytes(load: Load) -> Sample:
    return Sample(load.overall["bytes_per_second"] / 1e6, load.details())


def put_small(subject: Subject, settings: Settings) -> Sample:
    load = _load(subject, settings, "put", size=4 * KIB, clients=64)
    return Sample(load.overall["per_second"], load.details())


def get_small(subject: Subject, settings: Settings) -> Sample:
    count = fill(subject, settings.small_objects, 4 * KIB, settings.fill_seconds)
    load = _load(subject, settings, "get", size=4 * KIB, clients=64, count=count)
    return Sample(load.overall["per_second"], load.details())


def get_large(subject: Subject, settings: Settings) -> Sample:
    count = fill(subject, 256, MIB, settings.fill_seconds)
    return _megabytes(_load(subject, settings, "get", size=MIB, clients=64, count=count))


def put_large(subject: Subject, settings: Settings) -> Sample:
    return _megabytes(_load(subject, settings, "put", size=MIB, clients=16))


def multipart(subject: Subject, settings: Settings) -> Sample:
    """By the bytes of whole parts: begin and completion are in the time, and a slow server still gets a number."""
    load = _load(subject, settings, "multipart", size=64 * MIB, part=8 * MIB, clients=8)
    parts = load.kinds["part"]
    details = load.details() | {"part_p50_ms": parts["p50_ms"], "part_p99_ms": parts["p99_ms"]}
    for percentile in ("p50_ms", "p99_ms"):
        details[percentile] = load.kinds.get("multipart", {}).get(percentile, "none ended")
    return Sample(parts["bytes_per_second"] / 1e6, details)


def mixed(subject: Subject, settings: Settings) -> Sample:
    """warp's default mix, objects and clients, with smaller objects."""
    count = fill(subject, 2500, 256 * KIB, settings.fill_seconds)
    load = _load(subject, settings, "mixed", size=256 * KIB, clients=20, count=count)
    each = {kind: round(found["per_second"]) for kind, found in load.kinds.items()}
    return Sample(load.overall["per_second"], load.details() | {"per_second_by_kind": each})


ROWS = (
    Row("put-4k", "4 KiB PUT, 64 clients", "requests/s", put_small),
    Row("get-4k", "4 KiB GET, 64 clients", "requests/s", get_small, ALL),
    Row("get-1m", "1 MiB GET, 64 clients", "MB/s", get_large, ALL),
    Row("put-1m", "1 MiB PUT, 16 clients", "MB/s", put_large),
    Row("multipart-64m", "64 MiB multipart, 8 clients, parts of 8 MiB", "MB/s", multipart),
    Row("mixed-256k", "mixed 256 KiB (45 GET, 30 HEAD, 15 PUT, 10 DELETE), 20 clients", "requests/s", mixed),
)
