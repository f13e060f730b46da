"""A full disk: writes answer 507, nothing is lost, deletes make room, and then writes work again.

AWS has no code for this; ours is InsufficientStorage with status 507 (docs/guide/s3.md).
"""

from __future__ import annotations

import hashlib
import random
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ClientError

from tools.harness.clients import boto_client
from tools.harness.instances import wait_for
from tools.harness.server import Server, ServerFailed
from tools.harness.small_disk import MIB, CannotMount, fill_up, free_bytes, missing_for_mounts, small_disk

BUCKET = "full"
DISK_BYTES = 128 * MIB
SIZES = (1000, 8_000, 70_000, 1_000_000, 3_000_000)
LARGE_SIZES = SIZES[1:]  # small ones may go on for a while: the store of record keeps room for them
ANSWER_SECONDS = 60  # also where others starve this machine

pytestmark = [pytest.mark.skipif(missing_for_mounts() != "", reason=missing_for_mounts()), pytest.mark.timeout(300)]


@pytest.fixture(params=["ext4", pytest.param("tmpfs", marks=pytest.mark.long)])
def disk(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Path]:
    try:
        with small_disk(tmp_path / "disk", request.param, DISK_BYTES) as folder:
            yield folder
    except CannotMount as reason:
        pytest.skip(str(reason))


def server_on(disk: Path, make_server: Callable[..., Server]) -> Server:
    own = make_server(start=False)
    own.data_folder = disk / "data"
    return own.start()


def put(s3: Any, key: str, body: bytes) -> bool:
    """Whether it was taken. Anything else than that and the documented error fails."""
    began = time.monotonic()
    try:
        s3.put_object(Bucket=BUCKET, Key=key, Body=body)
        return True
    except ClientError as error:
        status = error.response["ResponseMetadata"]["HTTPStatusCode"]
        assert (error.response["Error"]["Code"], status) == ("InsufficientStorage", 507), error
        return False
    finally:
        assert time.monotonic() - began < ANSWER_SECONDS


def put_until_full(s3: Any, stored: dict[str, str], seed: int, sizes: tuple[int, ...]) -> None:
    """Until each size was refused several times."""
    chance = random.Random(seed)
    refused = dict.fromkeys(sizes, 0)
    for number in range(6000):
        size = chance.choice(sizes)
        body, key = chance.randbytes(size), f"{seed}/{number}"
        if put(s3, key, body):
            stored[key] = hashlib.sha256(body).hexdigest()
        else:
            refused[size] += 1
        if min(refused.values()) >= 3:
            return
    raise AssertionError(f"the disk never became full: {refused}")


def assert_all_there(s3: Any, stored: dict[str, str]) -> None:
    listed = {
        entry["Key"]
        for page in s3.get_paginator("list_objects_v2").paginate(Bucket=BUCKET)
        for entry in page.get("Contents", [])
    }
    assert listed == stored.keys()
    for key, digest in stored.items():
        body = s3.get_object(Bucket=BUCKET, Key=key)["Body"].read()
        assert hashlib.sha256(body).hexdigest() == digest, key


def delete_most(s3: Any, stored: dict[str, str]) -> None:
    for key in list(stored)[: len(stored) * 3 // 4]:
        s3.delete_object(Bucket=BUCKET, Key=key)
        del stored[key]


def put_again(s3: Any, stored: dict[str, str], key: str, seconds: float = 60) -> None:
    """Room comes back in the background."""
    body = random.Random(key).randbytes(3_000_000)
    deadline = time.monotonic() + seconds
    while not put(s3, key, body):
        assert time.monotonic() < deadline, f"no room {seconds} s after deletes"
        time.sleep(0.2)
    stored[key] = hashlib.sha256(body).hexdigest()


def test_full_and_empty_again(disk: Path, make_server: Callable[..., Server]) -> None:
    own = server_on(disk, make_server)
    s3 = boto_client(own)
    s3.create_bucket(Bucket=BUCKET)
    stored: dict[str, str] = {}
    put_until_full(s3, stored, 1, LARGE_SIZES)
    own.kill()
    own.start()
    assert_all_there(s3, stored)
    full = free_bytes(disk)
    delete_most(s3, stored)
    put_again(s3, stored, "again")
    assert_all_there(s3, stored)
    assert free_bytes(disk) > full
    assert own.stop() == 0


def test_small_writes_leave_room_for_deletes(disk: Path, make_server: Callable[..., Server]) -> None:
    own = server_on(disk, make_server)
    s3 = boto_client(own)
    s3.create_bucket(Bucket=BUCKET)
    stored: dict[str, str] = {}
    filler = disk / "somebody-elses"
    for number in range(200):
        assert put(s3, f"k{number}", bytes([number]) * 1000)
        stored[f"k{number}"] = hashlib.sha256(bytes([number]) * 1000).hexdigest()
    # Less than what is kept of the disk when small things are written, more than what removals need.
    fill_up(filler, leave_bytes=12 * MIB)
    time.sleep(0.3)  # how full the disk is is looked up ten times a second
    put_until_full(s3, stored, 1, (1000,))
    assert_all_there(s3, stored)
    delete_most(s3, stored)
    assert_all_there(s3, stored)
    filler.unlink()
    put_again(s3, stored, "again", seconds=5)


def test_others_fill_the_disk_to_the_last_byte(disk: Path, make_server: Callable[..., Server]) -> None:
    own = server_on(disk, make_server)
    s3 = boto_client(own)
    s3.create_bucket(Bucket=BUCKET)
    stored: dict[str, str] = {}
    for number, size in enumerate(SIZES * 3):
        body = random.Random(number).randbytes(size)
        assert put(s3, f"k{number}", body)
        stored[f"k{number}"] = hashlib.sha256(body).hexdigest()
    filler = disk / "somebody-elses"
    fill_up(filler)
    time.sleep(0.3)  # how full the disk is is looked up ten times a second
    for number, size in enumerate(SIZES * 2):
        assert not put(s3, f"refused-{number}", bytes(size)), "there is no room for it"
    assert_all_there(s3, stored)

    own.kill()
    try:
        own.start()
    except ServerFailed as failure:
        assert "space" in str(failure), "a start that fails says why"
    else:
        assert_all_there(boto_client(own), stored)
        own.kill()
    filler.unlink()
    own.start()
    s3 = boto_client(own)
    assert_all_there(s3, stored)
    put_again(s3, stored, "again", seconds=5)


@pytest.mark.long
def test_the_disk_stays_full_while_the_server_tidies(tmp_path: Path, make_server: Callable[..., Server]) -> None:
    # Large enough that ext4 itself keeps as much as the store of record wants to see before it tries once more.
    with small_disk(tmp_path / "disk", "ext4", 1600 * MIB) as disk:
        own = server_on(disk, make_server)
        s3 = boto_client(own)
        s3.create_bucket(Bucket=BUCKET)
        stored: dict[str, str] = {}
        for number in range(50):
            assert put(s3, f"k{number}", bytes([number]) * 1000)
            stored[f"k{number}"] = hashlib.sha256(bytes([number]) * 1000).hexdigest()
        filler = disk / "somebody-elses"
        fill_up(filler)
        wait_for("a tidying that finds no room", lambda: "tidying the store of record failed" in own.log())
        for _ in range(12):
            time.sleep(5)
            assert_all_there(s3, stored)
        filler.unlink()
        put_again(s3, stored, "again", seconds=15)
        assert_all_there(s3, stored)
        assert own.stop() == 0
