"""Rows about many objects: listing them, writing beside them, starting with them."""

from __future__ import annotations

import statistics
import subprocess
import time

from tools.bench.s3.load import LoadFailed, arguments, environment, fill, run_load
from tools.bench.s3.sample import Row, Sample
from tools.bench.s3.settings import Settings
from tools.bench.s3.subject import Aerolith, Subject

TINY = 64  # bytes: these rows are about keys
FEW_OBJECTS = 10_000
STARTS = 3
LIST_SECONDS = 600


def list_keys(subject: Subject, settings: Settings) -> Sample:
    """One client, pages of 1,000, from the first key to the last."""
    count = fill(subject, settings.list_keys, TINY, settings.fill_seconds)
    load = run_load(subject, "list", clients=1, seconds=LIST_SECONDS, warm=0)
    listed = load.overall["items"]
    if load.errors or listed != count:
        raise LoadFailed(f"listed {listed} of {count} keys, {load.errors} errors: {load.first_error}")
    return Sample(load.overall["items_per_second"], {"keys": count} | load.details())


def crowded_put(subject: Subject, settings: Settings) -> Sample:
    """PUTs of 4 KiB among many objects, by the time of those among few."""
    options = {"size": 4096, "clients": 64, "seconds": settings.seconds, "warm": settings.warm_seconds}
    few = fill(subject, FEW_OBJECTS, TINY, settings.fill_seconds)
    before = run_load(subject, "put", prefix="before", **options)
    many = few + fill(subject, settings.crowded_objects - few, TINY, settings.fill_seconds, first=few)
    after = run_load(subject, "put", prefix="after", **options)
    return Sample(
        before.overall["per_second"] / after.overall["per_second"],
        {
            "objects": many,
            "per_second_among_10000": before.overall["per_second"],
            "per_second_among_all": after.overall["per_second"],
            "server_cpu_us_among_10000": before.server_cpu_us,
            "server_cpu_us_among_all": after.server_cpu_us,
        },
    )


def restart(subject: Subject, settings: Settings) -> Sample:
    """From exec to Ready, after SIGKILL while 64 clients write."""
    assert isinstance(subject, Aerolith)
    count = fill(subject, settings.restart_objects, TINY, settings.fill_seconds)
    times = []
    for round_ in range(STARTS):
        options = {"size": 4096, "clients": 64, "seconds": 30, "prefix": f"killed-{round_}"}
        with subprocess.Popen(
            arguments(subject, "put", options), env=environment(subject), stdout=subprocess.DEVNULL
        ) as load:
            try:
                time.sleep(2)
            finally:
                subject.server.kill()
                load.kill()
        started = time.perf_counter()
        subject.start()
        times.append((time.perf_counter() - started) * 1000)
    return Sample(statistics.median(times), {"objects": count, "fastest": min(times), "slowest": max(times)})


ROWS = (
    Row("list", "LIST of all keys, pages of 1,000, one client", "keys/s", list_keys),
    Row("put-crowded", "time of a PUT among many objects by that among 10,000", "x", crowded_put, ("aerolith",), False),
    Row("restart", "start to Ready after kill -9 under load, median of 3", "ms", restart, ("aerolith",), False),
)
