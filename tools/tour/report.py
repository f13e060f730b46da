"""What the tour prints: a line a step with its time, a table at the end; everything else goes to the log."""

from __future__ import annotations

import sys
import time
import traceback
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

BAR_SECONDS = 300


class StepFailed(Exception):
    """A step found something wrong; the message says what."""


@dataclass
class Step:
    title: str
    seconds: float = 0.0
    detail: str = ""
    passed: bool = False
    part: str = ""


class Report:
    def __init__(self, log_path: Path) -> None:
        self.log_path = log_path
        log_path.parent.mkdir(parents=True, exist_ok=True)
        self._log = log_path.open("w", buffering=1)
        self.steps: list[Step] = []
        self.left_out: tuple[str, ...] = ()
        self._part = "the cloud"
        self._started = time.monotonic()
        self._colours = sys.stdout.isatty()

    def log(self, text: str) -> None:
        self._log.write(text.rstrip("\n") + "\n")

    @contextmanager
    def step(self, title: str) -> Iterator[Step]:
        """Runs the block as one step. Its failure ends the tour, after the line that says so."""
        step = Step(title, part=self._part)
        self.steps.append(step)
        self.log(f"\n== {title}")
        if self._colours:
            print(f"  … {title}", end="\r", flush=True)
        started = time.monotonic()
        try:
            yield step
            step.passed = True
        except BaseException as error:
            step.detail = (str(error) or type(error).__name__).strip().splitlines()[0][:200]
            self.log(traceback.format_exc())
            raise
        finally:
            step.seconds = time.monotonic() - started
            self.log(f"== {'ok' if step.passed else 'FAILED'} in {step.seconds:.1f} s  {step.detail}")
            self._print(step)

    def _paint(self, text: str, colour: int) -> str:
        return f"\x1b[{colour}m{text}\x1b[0m" if self._colours else text

    def _print(self, step: Step) -> None:
        mark = self._paint("✓", 32) if step.passed else self._paint("✗", 31)
        detail = self._paint(step.detail, 2) if step.passed else step.detail
        print(f"  {mark} {step.title:<46} {step.seconds:7.1f} s  {detail}".rstrip(), flush=True)

    def part(self, name: str) -> None:
        """What follows belongs to this part of the tour."""
        self._part = name

    def leave_out(self, titles: tuple[str, ...], why: str) -> None:
        """Says what this host can't do, and why; the tour doesn't fail by it."""
        self.log(f"\n== left out: {', '.join(titles)}: {why}")
        self.left_out += titles
        print(f"  - left out: {why}", flush=True)
        for title in titles:
            print(f"      {title}", flush=True)

    def _table(self) -> None:
        """Every step with its time, and each part's sum."""
        parts: dict[str, list[Step]] = {}
        for step in self.steps:
            parts.setdefault(step.part, []).append(step)
        for name, steps in parts.items():
            print(f"  {name:<60} {sum(step.seconds for step in steps):>7.1f} s")
            for step in steps:
                print(f"    {step.title:<58} {step.seconds:>7.1f} s{'' if step.passed else '  failed'}")

    def summary(self) -> bool:
        """The closing table; true when every step passed."""
        passed = sum(step.passed for step in self.steps)
        rule = "─" * 72
        print(f"  {rule}")
        self._table()
        print(f"  {rule}")
        if self.left_out:
            print(f"  {len(self.left_out)} left out")
        spent = time.monotonic() - self._started
        print(f"  {passed} of {len(self.steps)} steps passed in {spent:.0f} s; log: {self.log_path}")
        if spent > BAR_SECONDS:
            print(f"  slower than the {BAR_SECONDS} s that it should take on 2 cores")
        return passed == len(self.steps)
