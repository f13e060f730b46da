"""Rows about what is spent: time of a copy, memory, disk."""

from __future__ import annotations

import statistics
import subprocess
import time

from tools.bench.s3.load import LoadFailed, arguments, environment, fill, run_load
from tools.bench.s3.sample import Row, Sample
from tools.bench.s3.settings import Settings
from tools.bench.s3.subject import Subject

KIB = 1024
MIB = 1024 * KIB
GIB = 1024 * MIB
COPIES = 5


def _copy_milliseconds(subject: Subject, prefix: str, copies: int) -> float:
    client = subject.client()
    source = client.list_objects_v2(Bucket=subject.bucket, Prefix=f"{prefix}/")["Contents"][0]["Key"]
    client.head_object(Bucket=subject.bucket, Key=source)  # the connection is there
    times = []
    for i in range(copies):
        started = time.perf_counter()
        client.copy_object(Bucket=subject.bucket, Key=f"copy/{prefix}/{i}", CopySource=f"{subject.bucket}/{source}")
        times.append((time.perf_counter() - started) * 1000)
    return statistics.median(times)


def copy(subject: Subject, settings: Settings) -> Sample:
    """CopyObject of 1 GiB that was uploaded in parts of 8 MiB; beside it, one that was uploaded in one piece."""
    found = {}
    for prefix, operation in (("parts", "multipart"), ("whole", "put")):
        upload = run_load(subject, operation, prefix=prefix, count=1, clients=1, warm=0, size=GIB, seconds=300)
        if upload.errors:
            raise LoadFailed(f"the upload failed: {upload.first_error}")
        copies = COPIES if subject.name == "aerolith" else 1  # the others copy a gigabyte each time
        found[prefix] = _copy_milliseconds(subject, prefix, copies)
    return Sample(max(found.values()), {"uploaded_in_parts_ms": found["parts"], "uploaded_whole_ms": found["whole"]})


def idle_memory(subject: Subject, settings: Settings) -> Sample:
    time.sleep(5)
    return Sample(subject.resident_bytes() / 1e6)


def upload_memory(subject: Subject, settings: Settings) -> Sample:
    """The peak while 64 clients send 256 MiB each, in one PUT each."""
    options = {"size": 256 * MIB, "count": 64, "clients": 64, "seconds": settings.upload_seconds, "warm": 0}
    peak = 0
    samples = 0
    with subprocess.Popen(
        arguments(subject, "put", options), env=environment(subject), stdout=subprocess.DEVNULL
    ) as load:
        try:
            deadline = time.monotonic() + settings.upload_seconds + 1  # and a second for the generator's own start
            while load.poll() is None and time.monotonic() < deadline:
                peak = max(peak, subject.resident_bytes())
                samples += 1
                time.sleep(0.05)
        finally:
            load.kill()
    return Sample(peak / 1e6, {"samples": samples, "gigabytes_on_disk_then": subject.disk_bytes() / 1e9})


def space(subject: Subject, settings: Settings) -> Sample:
    """Disk blocks of the data folder by bytes of the objects left, when it has stopped shrinking."""
    size = 10 * KIB
    count = fill(subject, settings.space_objects, size, settings.fill_seconds)
    full = subject.disk_bytes()
    removed = run_load(
        subject, "remove", count=count // 2, step=2, size=size, clients=16, seconds=settings.fill_seconds, warm=0
    )
    if removed.errors or removed.operations != count // 2:
        raise LoadFailed(f"removed {removed.operations} of {count // 2}: {removed.first_error}")
    left = (count - removed.operations) * size
    deadline = time.monotonic() + settings.collect_seconds
    used, unchanged = subject.disk_bytes(), 0
    while time.monotonic() < deadline and unchanged < 15:
        time.sleep(1)
        now = subject.disk_bytes()
        unchanged = unchanged + 1 if now == used else 0
        used = now
    return Sample(
        used / left, {"objects": count, "before_deletes": full / (count * size), "still_shrinking": unchanged < 15}
    )


ROWS = (
    Row("copy-1g", "server-side copy of 1 GiB", "ms", copy, higher_is_better=False),
    Row("memory-idle", "resident memory, idle, 5 s after the start", "MB", idle_memory, higher_is_better=False),
    Row("memory-uploads", "resident memory, 64 uploads of 256 MiB each", "MB", upload_memory, higher_is_better=False),
    Row("space", "disk bytes per stored byte, 10 KiB objects, half deleted and collected", "x", space,
        higher_is_better=False),
)  # fmt: skip
