"""Concurrent requests on few keys look as if each had happened at one moment between its call and its answer.

S3 promises this for a key, and for lists after writes: https://docs.aws.amazon.com/AmazonS3/latest/userguide/Welcome.html
#ConsistencyModel. A list of ours is of one moment, so whole buckets are checked here.
"""

from __future__ import annotations

import random
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tools.harness.clients import boto_client
from tools.harness.history import HistoryWorker, Operation, check, finish, missing_checker, outcomes
from tools.harness.server import Server

BUCKET = "few-keys"
KEYS = 3
WORKERS = 8

pytestmark = pytest.mark.skipif(missing_checker() != "", reason=missing_checker())


def start_workers(make_client: Callable[[], Any], seed: int) -> list[HistoryWorker]:
    workers = [HistoryWorker(make_client, BUCKET, KEYS, number, seed * 100 + number) for number in range(WORKERS)]
    for worker in workers:
        worker.start()
    return workers


WANTED = [(kind, "ok") for kind in ("put", "if_match", "if_none_match", "get", "list", "copy")]
WANTED += [("if_match", "failed"), ("if_none_match", "failed")]


def missing(history: list[Operation]) -> list[tuple[str, str]]:
    """Which outcomes a run that means something lacks."""
    counts = outcomes(history)
    return [outcome for outcome in WANTED if counts.get(outcome, 0) == 0]


def let_run(workers: list[HistoryWorker], seconds: float, limit_seconds: float = 120) -> None:
    """For this long, and on a slow machine until all of that has happened."""
    began = time.monotonic()
    time.sleep(seconds)
    while lacking := missing([operation for worker in workers for operation in list(worker.done)]):
        assert time.monotonic() - began < limit_seconds, f"never happened: {lacking}"
        time.sleep(0.1)


def test_concurrent_requests_are_linearizable(make_server: Callable[..., Server], tmp_path: Path) -> None:
    own = make_server()
    client = boto_client(own)
    client.create_bucket(Bucket=BUCKET)
    workers = start_workers(lambda: client, seed=1)
    let_run(workers, 4)
    history = finish(workers)
    check(history, tmp_path)


@pytest.mark.long
@pytest.mark.timeout(1800)
def test_linearizable_across_kills(make_server: Callable[..., Server], tmp_path: Path) -> None:
    own = make_server()
    client = boto_client(own)
    client.create_bucket(Bucket=BUCKET)
    history: list[Operation] = []
    seed = random.randrange(2**20)
    chance = random.Random(seed)
    for round_ in range(15):
        workers = start_workers(lambda: client, seed * 100 + round_)
        time.sleep(chance.uniform(1, 5))
        own.kill()
        died = time.monotonic_ns()
        history += finish(workers, died)
        own.start()
    print(f"seed {seed}: {len(history)} operations, {sorted(outcomes(history).items())}")
    assert missing(history) == []
    assert any(operation.got["result"] == "unknown" for operation in history)
    check(history, tmp_path)
