"""Runs the load generator (tools/bench/load) against one server and reads its result."""

from __future__ import annotations

import json
import os
import subprocess
import time
from dataclasses import dataclass
from typing import Any

from tools.bench.measure import machine_busy_seconds
from tools.bench.s3.subject import Subject
from tools.harness.server import REPOSITORY

BUILD = REPOSITORY / "build/load"
PROGRAM = BUILD / "aerolith-load"
QUIET_CORES = 0.1  # what others may use without a word in the table
GRACE_SECONDS = 90  # a client waits up to 60 s for an answer


class LoadFailed(RuntimeError):
    """The generator itself failed, or no request succeeded."""


@dataclass
class Load:
    """What one run measured. `overall` is over all kinds of requests."""

    overall: dict[str, float]
    kinds: dict[str, dict[str, float]]
    seconds: float
    errors: int
    first_error: str
    server_cpu_us: float  # server processor time per request, warm-up included
    client_cpu_us: float
    other_cores: float  # processors that neither of the two used: on a quiet machine near 0
    operations: int

    def details(self) -> dict[str, Any]:
        found: dict[str, Any] = {
            "p50_ms": self.overall["p50_ms"],
            "p99_ms": self.overall["p99_ms"],
            "server_cpu_us": self.server_cpu_us,
            "client_cpu_us": self.client_cpu_us,
        }
        if self.other_cores > QUIET_CORES:
            found["other_cores"] = self.other_cores
        if self.errors:
            found |= {"errors": self.errors, "first_error": self.first_error}
        return found


def build_generator() -> None:
    """Some seconds the first time, nothing after that."""
    configure = ["cmake", "-S", str(REPOSITORY / "tools/bench/load"), "-B", str(BUILD), "-G", "Ninja"]
    for command in (configure, ["cmake", "--build", str(BUILD)]):
        done = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, text=True)
        if done.returncode != 0:
            raise LoadFailed(f"the load generator does not build:\n{(done.stdout + done.stderr)[-3000:]}")


def arguments(subject: Subject, operation: str, options: dict[str, Any]) -> list[str]:
    flags = [f"--{name}={value}" for name, value in options.items()]
    return [str(PROGRAM), operation, f"--port={subject.port}", f"--bucket={subject.bucket}", *flags]


def environment(subject: Subject) -> dict[str, str]:
    return os.environ | subject.credential_variables()


def run_load(subject: Subject, operation: str, **options: Any) -> Load:
    """Options are the generator's flags. Raises LoadFailed where nothing could be measured."""
    before, busy_before, started = subject.cpu_seconds(), machine_busy_seconds(), time.monotonic()
    limit = float(options.get("seconds", 10)) + float(options.get("warm", 2)) + GRACE_SECONDS
    done = subprocess.run(
        arguments(subject, operation, options),
        env=environment(subject),
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=limit,
    )
    used, busy, wall = (
        subject.cpu_seconds() - before,
        machine_busy_seconds() - busy_before,
        time.monotonic() - started,
    )
    if done.returncode != 0:
        raise LoadFailed(done.stderr.strip()[-300:])
    found = json.loads(done.stdout)
    operations = found["all_operations"]
    if operations == 0:
        raise LoadFailed(f"no request succeeded: {found['first_error']}")
    if found["all"]["operations"] == 0:
        raise LoadFailed("no request ended in the measured time: more --seconds")
    return Load(
        found["all"],
        found["kinds"],
        found["seconds"],
        found["errors"],
        found["first_error"],
        used / operations * 1e6,
        found["client_cpu_seconds"] / operations * 1e6,
        max(0.0, busy - used - found["client_cpu_seconds"]) / wall,
        operations,
    )


def fill(subject: Subject, count: int, size: int, seconds: float, first: int = 0) -> int:
    """Objects `first` to `first + count`; answers how many were written in that time."""
    if subject.serves_files:
        subprocess.run(
            [str(PROGRAM), "files", f"--folder={subject.data_folder}", f"--bucket={subject.bucket}",
             f"--count={count}", f"--size={size}", f"--first={first}"],
            check=True,
        )  # fmt: skip
        return count
    done = run_load(subject, "put", count=count, size=size, clients=64, seconds=seconds, warm=0, first=first)
    if done.errors:
        raise LoadFailed(f"{done.errors} errors while filling: {done.first_error}")
    return done.operations
