"""Closing lines of the runners are read right, and a run that counts nothing is a failure."""

from __future__ import annotations

import pytest

from tools.verify.counts import count_ctest, count_pytest

CTEST = """\
 1/3 Test #1: a ................   Passed    0.01 sec
 2/3 Test #2: b ................***Skipped   0.01 sec
 3/3 Test #3: c ................***Failed    0.01 sec

67% tests passed, 1 tests failed out of 3
"""


def test_ctest() -> None:
    counts = count_ctest(CTEST, False)
    assert (counts.passed, counts.failed, counts.skipped) == (1, 1, 1)
    assert counts.closing_lines == ["67% tests passed, 1 tests failed out of 3"]


def test_ctest_of_several_folders_adds_up() -> None:
    text = "100% tests passed, 0 tests failed out of 4\n100% tests passed, 0 tests failed out of 6\n"
    assert count_ctest(text, True).passed == 10


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("12 passed in 3.21s", (12, 0, 0)),
        ("2 failed, 10 passed, 3 skipped, 1 warning in 63.2s (0:01:03)", (10, 2, 3)),
        ("==== 1 passed, 1 error in 0.10s ====", (1, 1, 0)),
        ("5 skipped in 0.10s", (0, 0, 5)),
        ("5 passed, 7 deselected in 0.10s", (5, 0, 0)),
    ],
)
def test_pytest(line: str, expected: tuple[int, int, int]) -> None:
    counts = count_pytest(f"....\n{line}\n", expected[1] == 0)
    assert (counts.passed, counts.failed, counts.skipped) == expected


@pytest.mark.parametrize(("text", "passed"), [("", True), ("no tests ran in 0.1s", True), ("12 passed in 1.0s", False)])
def test_silence_is_a_failure(text: str, passed: bool) -> None:
    assert count_pytest(text, passed).failed == 1
