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


def assert_meaningful(history: list[Operation]) -> None:
    counts = outcomes(history)
    for wanted in ("put", "if_match", "if_none_match", "get", "list", "copy"):
        assert counts.get((wanted, "ok"), 0) > 0, counts
    assert counts.get(("if_match", "failed"), 0) > 0 and counts.get(("if_none_match", "failed"), 0) > 0, counts


def test_concurrent_requests_are_linearizable(make_server: Callable[..., Server], tmp_path: Path) -> None:
    own = make_server()
    client = boto_client(own)
    client.create_bucket(Bucket=BUCKET)
    workers = start_workers(lambda: client, seed=1)
    time.sleep(4)
    history = finish(workers)
    assert_meaningful(history)
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
    assert_meaningful(history)
    assert any(operation.got["result"] == "unknown" for operation in history)
    check(history, tmp_path)
