"""The bench counts syncs as they were, and calls a bar met only when it is."""

from __future__ import annotations

from pathlib import Path

import pytest

from tools.bench.s3.bars import BARS, BEST_PEER, Bar, judge
from tools.bench.s3.command import ROWS
from tools.bench.s3.sample import Row, Sample
from tools.bench.s3.settings import Settings
from tools.bench.s3.sync_rows import read_trace
from tools.bench.s3.table import Run, document, markdown

TRACE = """\
10 recvmsg(9, {msg_iov=[{iov_base="PUT /bench/a HTTP/1.1"..., iov_len=4096}], msg_iovlen=1}, 0) = 4096
11 fdatasync(5 <unfinished ...>
11 <... fdatasync resumed>) = 0
10 sendmsg(9, {msg_iov=[{iov_base="HTTP/1.1 200 OK\\r\\n"..., iov_len=300}], msg_iovlen=1}, MSG_NOSIGNAL) = 300
11 fsync(6) = 0
10 read(9, "PUT /bench/b HTTP/1.1"..., 4096) = 4096
12 openat(AT_FDCWD, "x", O_WRONLY|O_CREAT|O_DSYNC|O_CLOEXEC, 0666) = 7
11 fdatasync(5) = -1 EIO (Input/output error)
10 write(9, "HTTP/1.1 200 OK\\r\\n"..., 300) = 300
"""


def test_a_sync_covers_an_answer_only_between_its_request_and_it() -> None:
    trace = read_trace(TRACE)
    assert (trace.answers, trace.covered) == (2, 1)
    assert trace.syncs == 2  # the failed one is none
    assert trace.synchronous_opens == 1


@pytest.mark.parametrize(
    ("bar", "ours", "met"),
    [
        (Bar("r", 100), 100, True),
        (Bar("r", 100), 99, False),
        (Bar("r", 100, at_least=False), 101, False),
        (Bar("r", 5, "minio"), 50, True),
        (Bar("r", 5, "minio"), 49, False),
        (Bar("r", 2, BEST_PEER), 39, False),
        (Bar("r", 2, BEST_PEER), 40, True),
        (Bar("r", 1, "nginx"), 1000, None),
    ],
)
def test_bars(bar: Bar, ours: float, met: bool | None) -> None:
    samples = {
        "aerolith": Sample(ours),
        "minio": Sample(10),
        "seaweedfs": Sample(20),
        "nginx": Sample(None, reason="not installed"),
    }
    assert judge(bar, samples).met is met


def test_a_smaller_run_than_the_bar_says_so() -> None:
    verdict = judge(Bar("list", 1, only_among=1_000_000), {"aerolith": Sample(2, {"keys": 1000})})
    assert "1,000 objects" in verdict.reference


def test_a_bar_without_our_number_is_not_met() -> None:
    assert judge(Bar("r", 1), {"aerolith": Sample(None, reason="it died")}).met is None


def test_each_bar_has_its_row() -> None:
    assert {bar.row for bar in BARS} <= {row.name for row in ROWS}


def test_the_page_tells_why_a_number_is_missing() -> None:
    row = Row("put-4k", "4 KiB PUT", "requests/s", lambda *_: Sample(1))
    results = {
        "put-4k": {
            "aerolith": Sample(9.0, {"p99_ms": 11.0, "other_cores": 0.7}),
            "minio": Sample(None, reason="no Go here"),
        }
    }
    titles = {"aerolith": "Aerolith", "minio": "MinIO"}
    run = Run("2026-01-02", {"cores": 2}, Settings(), [row], titles, {}, {}, results)
    page = markdown(run)
    assert "- MinIO: no Go here" in page
    assert "not quiet" in page
    assert "**no**" in page
    assert document(run)["results"]["put-4k"]["minio"]["reason"] == "no Go here"


def test_scripts_install_every_peer() -> None:
    from tools.bench.s3.peers import SUBJECTS

    script = (Path(__file__).parents[2] / "scripts/peers.sh").read_text()
    assert all(f"    {name}) provide " in script for name in SUBJECTS if name != "aerolith")
