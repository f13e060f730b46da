"""One step of a run: commands in order, their output in a log, their result counted."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from tools.verify.counts import Counts

REPOSITORY = Path(__file__).resolve().parents[2]
LOGS = REPOSITORY / "build/logs"
SHOWN_LINES_OF_A_FAILURE = 150

Counter = Callable[[str, bool], Counts]


@dataclass
class Stage:
    name: str
    commands: list[list[str]]
    count: Counter
    environment: dict[str, str] = field(default_factory=dict)
    needs: tuple[str, ...] = ()  # stages that must have passed
    shows_output: bool = False  # as it comes; else only the end of a failure


@dataclass
class Outcome:
    name: str
    passed: bool
    seconds: float
    counts: Counts


def run_stage(stage: Stage, outcomes: dict[str, Outcome]) -> Outcome:
    blockers = [need for need in stage.needs if need in outcomes and not outcomes[need].passed]
    if blockers:
        print(f"-- {stage.name}: not run, since {', '.join(blockers)} failed", flush=True)
        return Outcome(stage.name, False, 0.0, Counts(failed=1))
    print(f"-- {stage.name}", flush=True)
    LOGS.mkdir(parents=True, exist_ok=True)
    log_path = LOGS / f"{stage.name.replace(' ', '-')}.log"
    started = time.monotonic()
    with log_path.open("w") as log:
        passed = all(_run(command, stage, log) for command in stage.commands)
    seconds = time.monotonic() - started
    text = log_path.read_text(errors="replace")
    counts = stage.count(text, passed)
    passed = passed and counts.failed == 0
    if not passed and not stage.shows_output:
        print("\n".join(text.splitlines()[-SHOWN_LINES_OF_A_FAILURE:]))
    for line in counts.closing_lines:
        print(f"   {line}")
    print(f"   {stage.name}: {'ok' if passed else 'FAILED'} in {seconds:.0f} s", flush=True)
    return Outcome(stage.name, passed, seconds, counts)


def _run(command: list[str], stage: Stage, log: object) -> bool:
    process = subprocess.Popen(
        command,
        cwd=REPOSITORY,
        env={**os.environ, **stage.environment},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        errors="replace",
    )
    assert process.stdout is not None
    for line in process.stdout:
        log.write(line)  # type: ignore[attr-defined]
        if stage.shows_output:
            sys.stdout.write(line)
            sys.stdout.flush()
    return process.wait() == 0
