"""Some minutes of churn in which nothing may grow; `make soak` is the long one."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import pytest

from tools.soak.graph import write_graph
from tools.soak.run import soak
from tools.soak.samples import MIB, Sample, is_flat, judge, write_csv


@pytest.mark.long
@pytest.mark.timeout(1200)
def test_nothing_grows(tmp_path: Path) -> None:
    outcome = soak(tmp_path / "server", seconds=240)
    write_csv(outcome.samples, tmp_path / "soak.csv")
    write_graph(outcome.samples, "Soak", tmp_path / "soak.svg")
    lines = judge(outcome.samples)
    print(*lines, sep="\n")
    assert is_flat(lines), f"{lines}; samples and graph are in {tmp_path}"


FLAT = [Sample(float(second), 100 * MIB, 50, 300 * MIB, 100 * MIB, second * 500) for second in range(200)]


@pytest.mark.parametrize("grows", ["resident_bytes", "descriptors", "disk_bytes"])
def test_growth_is_noticed(grows: str) -> None:
    assert is_flat(judge(FLAT))
    rising = [
        dataclasses.replace(sample, **{grows: int(getattr(sample, grows) * (1 + sample.seconds / 200))})
        for sample in FLAT
    ]
    assert not is_flat(judge(rising))
