"""The disk answers EIO: what fails is an error and is never acknowledged, what was acknowledged stays."""

from __future__ import annotations

import hashlib
import random
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import BotoCoreError, ClientError

from tools.harness.clients import boto_client
from tools.harness.failing_disk import FailingDisk
from tools.harness.preload import missing_compiler
from tools.harness.server import Server

BUCKET = "failing"
SIZES = (100, 8_000, 70_000, 900_000)

pytestmark = pytest.mark.skipif(missing_compiler() != "", reason=missing_compiler())


@pytest.fixture
def disk(tmp_path: Path) -> FailingDisk:
    return FailingDisk(tmp_path)


@pytest.fixture
def own(disk: FailingDisk, make_server: Callable[..., Server]) -> Server:
    made = make_server(start=False)
    made.settings.update(disk.settings(made.data_folder))
    return made.start()


def put_all(s3: Any, name: str, digests: dict[str, str]) -> None:
    for size in SIZES:
        body, key = random.Random(f"{name}{size}").randbytes(size), f"{name}/{size}"
        s3.put_object(Bucket=BUCKET, Key=key, Body=body)
        digests[key] = hashlib.sha256(body).hexdigest()


def assert_all_there(s3: Any, digests: dict[str, str]) -> None:
    for key, digest in digests.items():
        body = s3.get_object(Bucket=BUCKET, Key=key)["Body"].read()
        assert hashlib.sha256(body).hexdigest() == digest, key


def fails_on_the_servers_side(call: Callable[[], Any]) -> bool:
    """False when it succeeds; an answer that blames the client is an error."""
    try:
        call()
    except ClientError as error:
        assert error.response["ResponseMetadata"]["HTTPStatusCode"] >= 500, error
        return True
    except (BotoCoreError, ConnectionError):  # an answer that breaks off, or a server that ended itself
        return True
    return False


def put_is_taken(s3: Any, key: str, body: bytes) -> bool:
    return not fails_on_the_servers_side(lambda: s3.put_object(Bucket=BUCKET, Key=key, Body=body))


@pytest.mark.parametrize("kind", ["syncs", "writes"])
def test_writes_that_fail_are_not_acknowledged(kind: str, disk: FailingDisk, own: Server) -> None:
    s3, digests = boto_client(own), {}
    s3.create_bucket(Bucket=BUCKET)
    put_all(s3, "before", digests)
    refused = {f"during/{size}": bytes(size) for size in SIZES}
    with disk.failing(kind):
        for key, body in refused.items():
            assert not put_is_taken(s3, key, body)
        assert fails_on_the_servers_side(lambda: s3.delete_object(Bucket=BUCKET, Key="before/100"))
    assert disk.failed_calls > 0
    assert "error" in own.log().lower(), "it says so"
    # What the disk holds after a failed sync isn't known: until a restart, refusing is right, but what is taken counts.
    for size in SIZES:
        body, key = bytes([7]) * size, f"after/{size}"
        if own.is_running() and put_is_taken(s3, key, body):
            digests[key] = hashlib.sha256(body).hexdigest()
        else:
            refused[key] = body
    own.kill()
    own.start()
    # A 5xx says that nobody knows: it may have happened, but then all of it.
    there = {entry["Key"]: entry["Size"] for entry in s3.list_objects_v2(Bucket=BUCKET)["Contents"]}
    if "before/100" not in there:
        del digests["before/100"]
    for key in there.keys() - digests.keys():
        assert s3.get_object(Bucket=BUCKET, Key=key)["Body"].read() == refused[key], key
    put_all(s3, "restarted", digests)
    assert_all_there(s3, digests)


def test_reads_that_fail_are_errors(disk: FailingDisk, own: Server) -> None:
    s3, digests = boto_client(own), {}
    s3.create_bucket(Bucket=BUCKET)
    put_all(s3, "k", digests)
    own.kill()
    own.start()  # nothing is in memory that needn't be
    failed = 0
    with disk.failing("reads"):
        for key, digest in digests.items():
            bodies: list[bytes] = []
            if fails_on_the_servers_side(
                lambda key=key, bodies=bodies: bodies.append(s3.get_object(Bucket=BUCKET, Key=key)["Body"].read())
            ):
                failed += 1
            else:  # read from memory
                assert hashlib.sha256(bodies[0]).hexdigest() == digest
    assert failed > 0 and disk.failed_calls > 0
    assert own.is_running(), "a read error is one object's matter"
    assert_all_there(s3, digests)
