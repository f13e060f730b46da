"""kill -9 in the middle of a load: what was acknowledged is there, what was deleted stays deleted."""

from __future__ import annotations

import time
from collections.abc import Callable

import pytest

from tools.harness.clients import boto_client
from tools.harness.load import Ledger, LoadWorker, lost, read_all
from tools.harness.server import Server

BUCKET = "crash-test"


def run_rounds(own: Server, rounds: int, seconds: float) -> int:
    boto_client(own).create_bucket(Bucket=BUCKET)
    ledger = Ledger()
    for number in range(rounds):
        workers = [
            LoadWorker(lambda: boto_client(own), BUCKET, ledger, worker, seed=number * 100 + worker)
            for worker in range(6)
        ]
        for worker in workers:
            worker.start()
        time.sleep(seconds * (0.5 + number / rounds))  # another moment each time
        assert own.is_running()
        own.kill()
        for worker in workers:
            worker.stopping.set()
            worker.join(60)
            assert not worker.is_alive()
            assert worker.problem is None, worker.problem
        own.start()
        found = read_all(boto_client(own), BUCKET)
        assert lost(ledger, found) == []
        ledger.settle(found)
    return ledger.acknowledged_count


def test_nothing_acknowledged_is_lost(make_server: Callable[..., Server]) -> None:
    assert run_rounds(make_server(), rounds=4, seconds=2.0) > 100


@pytest.mark.long
@pytest.mark.timeout(1800)
def test_nothing_acknowledged_is_lost_in_many_rounds(make_server: Callable[..., Server]) -> None:
    assert run_rounds(make_server(), rounds=40, seconds=4.0) > 1000


def test_kill_while_starting(make_server: Callable[..., Server]) -> None:
    """A start that dies half way leaves a folder that the next start takes."""
    import os
    import signal
    import subprocess

    own = make_server(start=False)
    for delay in (0.0, 0.005, 0.01, 0.02, 0.04, 0.08):
        process = subprocess.Popen(
            [str(own.binary), "serve"],
            env=own.environment(),
            cwd=own.root,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )
        time.sleep(delay)
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()
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
