"""kill -9 in the middle of writes to a bucket with versions: each acknowledged version is there, in its order."""

from __future__ import annotations

import random
from collections.abc import Callable
from typing import Any

import pytest

from tools.harness.clients import boto_client
from tools.harness.load import let_run
from tools.harness.server import Server
from tools.harness.versioned_load import VersionedWorker, VersionLedger, lost_versions, read_versions

BUCKET = "versions"
WORKERS = 4


def set_versioning(s3: Any, status: str) -> None:
    s3.put_bucket_versioning(Bucket=BUCKET, VersioningConfiguration={"Status": status})


def run_rounds(own: Server, rounds: int, longest_seconds: float, seed: int) -> int:
    s3 = boto_client(own)
    s3.create_bucket(Bucket=BUCKET)
    ledger, chance = VersionLedger(), random.Random(seed)
    for number in range(rounds):
        suspended = number % 3 == 2
        set_versioning(s3, "Suspended" if suspended else "Enabled")
        workers = [VersionedWorker(lambda: s3, BUCKET, ledger, n, chance.getrandbits(32)) for n in range(WORKERS)]
        for worker in workers:
            worker.suspended = suspended
            worker.start()
        let_run(ledger, chance.uniform(0.05, longest_seconds))
        own.kill()
        for worker in workers:
            worker.stopping.set()
            worker.join(60)
            assert worker.problem is None, worker.problem
        own.start()
        found = read_versions(s3, BUCKET)
        assert lost_versions(ledger, found) == [], f"after kill {number + 1} of {rounds}, seed {seed}"
        ledger.settle(found)
    return ledger.acknowledged_count


def test_no_version_is_lost(make_server: Callable[..., Server]) -> None:
    assert run_rounds(make_server(), rounds=3, longest_seconds=2.0, seed=1) >= 30


@pytest.mark.long
@pytest.mark.timeout(3600)
def test_no_version_is_lost_in_many_kills(make_server: Callable[..., Server]) -> None:
    assert run_rounds(make_server(), rounds=30, longest_seconds=5.0, seed=random.randrange(2**32)) >= 300
