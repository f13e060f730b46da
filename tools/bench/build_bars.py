"""Bars of the developer's day: full build, edit of one operation, the tests' time."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import tempfile
import time
from pathlib import Path

from tools.bench.measure import Measurement
from tools.harness.server import REPOSITORY, Server
from tools.verify.stage import LOGS

BUILD = REPOSITORY / "build/bench"
EDITED = REPOSITORY / "src/services/s3/operations/get_object.cc"


def _run(*command: str) -> float:
    environment = os.environ | {"CCACHE_DISABLE": "1"}
    started = time.monotonic()
    subprocess.run(
        command, cwd=REPOSITORY, env=environment, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, check=True
    )
    return time.monotonic() - started


def full_build() -> Measurement:
    """Configure, generate, compile and link from an empty folder, without the compiler cache."""
    shutil.rmtree(BUILD, ignore_errors=True)
    seconds = _run("cmake", "--preset", "release", "-B", str(BUILD)) + _run("cmake", "--build", str(BUILD))
    return Measurement("full release build from nothing", seconds / 60, "minutes", 8)


def edit_to_running_binary() -> Measurement:
    """One operation's source is newer; until the new binary says Ready."""
    times = EDITED.stat()
    os.utime(EDITED)
    try:
        seconds = _run("cmake", "--build", str(BUILD))
    finally:
        os.utime(EDITED, ns=(times.st_atime_ns, times.st_mtime_ns))
    with tempfile.TemporaryDirectory(prefix="aerolith-bench-") as folder:
        server = Server(Path(folder), BUILD / "aerolith")
        started = time.monotonic()
        try:
            server.start()
            seconds += time.monotonic() - started
        finally:
            server.kill()
    return Measurement("edit of one operation to a running binary", seconds, "s", 30)


def test_run() -> list[Measurement]:
    """From the last `make test` in this tree, whatever was cached then."""
    log = LOGS / "times-test.json"
    if not log.exists():
        return []
    found = json.loads(log.read_text())
    return [Measurement("the last make test here", found["total"] / 60, "minutes", 12, details=found["stages"])]


def all_bars() -> list[Measurement]:
    try:
        return [full_build(), edit_to_running_binary(), *test_run()]
    finally:
        shutil.rmtree(BUILD, ignore_errors=True)
