"""kill -9 in the middle of a load: what was acknowledged is there, what was deleted stays deleted."""

from __future__ import annotations

import random
import statistics
import time
from collections.abc import Callable

import pytest

from tools.harness.clients import boto_client
from tools.harness.load import Ledger, LoadWorker, let_run, lost, read_all, risen_uploads
from tools.harness.server import Server

BUCKET = "crash-test"
WORKERS = 6
# Far over what a start takes here, so that only one that depends on the size of what it finds goes past them.
USUAL_START_SECONDS = 2.0
LONGEST_START_SECONDS = 15.0


def start_after_kill(own: Server, chance: random.Random) -> float:
    """Starts the server; now and then it is killed once more on its way up. Answers how long the last start took."""
    if chance.random() < 0.25:
        own.launch()
        time.sleep(chance.uniform(0, 0.3))
        own.kill()
    began = time.monotonic()
    own.start()
    return time.monotonic() - began


def run_rounds(own: Server, rounds: int, longest_seconds: float, seed: int) -> int:
    client = boto_client(own)
    client.create_bucket(Bucket=BUCKET)
    ledger, chance, start_seconds = Ledger(), random.Random(seed), []
    for number in range(rounds):
        workers = [
            LoadWorker(lambda: client, BUCKET, ledger, worker, seed=chance.getrandbits(32)) for worker in range(WORKERS)
        ]
        for worker in workers:
            worker.start()
        let_run(ledger, chance.uniform(0.05, longest_seconds))
        assert own.is_running()
        own.kill()
        for worker in workers:
            worker.stopping.set()
            worker.join(60)
            assert not worker.is_alive()
            assert worker.problem is None, worker.problem
        start_seconds.append(start_after_kill(own, chance))
        found = read_all(client, BUCKET)
        assert lost(ledger, found) == [], f"after kill {number + 1} of {rounds}, seed {seed}"
        assert risen_uploads(client, BUCKET, ledger) == []
        ledger.settle(found)
    usual, longest = statistics.median(start_seconds), max(start_seconds)
    print(f"{rounds} kills, {ledger.acknowledged_count} acknowledged; start {usual:.2f} s, longest {longest:.2f} s")
    assert usual < USUAL_START_SECONDS and longest < LONGEST_START_SECONDS
    return ledger.acknowledged_count


def test_nothing_acknowledged_is_lost(make_server: Callable[..., Server]) -> None:
    assert run_rounds(make_server(), rounds=3, longest_seconds=2.0, seed=1) >= 30


@pytest.mark.long
@pytest.mark.timeout(3600)
def test_nothing_acknowledged_is_lost_in_a_hundred_kills(make_server: Callable[..., Server]) -> None:
    seed = random.randrange(2**32)  # other moments in each run; the seed is in the message of a failure
    assert run_rounds(make_server(), rounds=100, longest_seconds=5.0, seed=seed) >= 1000


def test_kill_while_starting(make_server: Callable[..., Server]) -> None:
    """A start that dies half way leaves a folder that the next start takes."""
    own = make_server(start=False)
    for delay in (0.0, 0.005, 0.01, 0.02, 0.04, 0.08):
        own.launch()
        time.sleep(delay)
        own.kill()
    own.start()
    boto_client(own).create_bucket(Bucket=BUCKET)


def test_open_uploads_survive(make_server: Callable[..., Server]) -> None:
    own = make_server()
    s3 = boto_client(own)
    s3.create_bucket(Bucket=BUCKET)
    names = {"Bucket": BUCKET, "Key": "k"}
    upload = s3.create_multipart_upload(**names)["UploadId"]
    first = s3.upload_part(**names, UploadId=upload, PartNumber=1, Body=b"a" * 5 * 1024 * 1024)["ETag"]
    own.kill()
    own.start()
    s3 = boto_client(own)
    second = s3.upload_part(**names, UploadId=upload, PartNumber=2, Body=b"b")["ETag"]
    parts = [{"PartNumber": 1, "ETag": first}, {"PartNumber": 2, "ETag": second}]
    s3.complete_multipart_upload(**names, UploadId=upload, MultipartUpload={"Parts": parts})
    assert s3.get_object(**names)["Body"].read() == b"a" * 5 * 1024 * 1024 + b"b"


def test_keys_and_account_survive(make_server: Callable[..., Server]) -> None:
    own = make_server()
    before = own.credentials()
    own.kill()
    own.start()
    assert own.credentials() == before
    own.stop()
    own.start()
    assert own.credentials() == before
