"""How many tests passed, from what each test runner prints at its end."""

from __future__ import annotations

import re
from dataclasses import dataclass, field


@dataclass
class Counts:
    passed: int = 0
    failed: int = 0
    skipped: int = 0
    closing_lines: list[str] = field(default_factory=list)  # as the runners printed them

    def __add__(self, other: Counts) -> Counts:
        return Counts(
            self.passed + other.passed,
            self.failed + other.failed,
            self.skipped + other.skipped,
            self.closing_lines + other.closing_lines,
        )

    def line(self) -> str:
        return f"{self.passed} passed, {self.failed} failed, {self.skipped} skipped"


_CTEST_END = re.compile(r"^\d+% tests passed, (\d+) tests failed out of (\d+)$", re.MULTILINE)
_CTEST_SKIPPED = re.compile(r"^\s*\d+/\d+ Test .*\*\*\*(?:Skipped|Not Run)", re.MULTILINE)
_PYTEST_END = re.compile(r"^=* ?((?:\d+ [a-z]+,? ?)+) in [\d.]+s(?: \([\d:]+\))? ?=*$", re.MULTILINE)
_PYTEST_PART = re.compile(r"(\d+) ([a-z]+)")


def count_command(_: str, passed: bool) -> Counts:
    """A check that is one thing: passed or not."""
    return Counts(passed=int(passed), failed=int(not passed))


def count_build(_: str, passed: bool) -> Counts:
    """A build is no test, but one that fails is a failure."""
    return Counts(failed=int(not passed))


def count_ctest(text: str, passed: bool) -> Counts:
    total = Counts()
    for match in _CTEST_END.finditer(text):
        failed, all_tests = int(match[1]), int(match[2])
        total += Counts(all_tests - failed, failed, 0, [match[0]])
    skipped = len(_CTEST_SKIPPED.findall(text))
    total.passed -= skipped
    total.skipped += skipped
    return _never_silent(total, passed)


def count_pytest(text: str, passed: bool) -> Counts:
    total = Counts()
    for match in _PYTEST_END.finditer(text):
        parts = {word: int(number) for number, word in _PYTEST_PART.findall(match[1])}
        failed = parts.get("failed", 0) + parts.get("error", 0) + parts.get("errors", 0)
        total += Counts(parts.get("passed", 0), failed, parts.get("skipped", 0), [match[0].strip("= ")])
    return _never_silent(total, passed)


def _never_silent(counts: Counts, passed: bool) -> Counts:
    """A runner that failed, or ran nothing, without saying which test failed is one failure."""
    if counts.failed == 0 and (not passed or counts.passed + counts.skipped == 0):
        counts.failed = 1
    return counts
