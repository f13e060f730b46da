"""Many clients at one key: each reader sees one whole value, each race has one winner."""

from __future__ import annotations

import base64
import hashlib
import time
from concurrent.futures import ThreadPoolExecutor
from itertools import cycle
from threading import Event
from typing import Any

import pytest
from botocore.exceptions import ClientError

pytestmark = pytest.mark.core


def outcome(call: Any, **arguments: Any) -> int:
    try:
        return call(**arguments)["ResponseMetadata"]["HTTPStatusCode"]
    except ClientError as error:
        return error.response["ResponseMetadata"]["HTTPStatusCode"]


def test_only_one_creates(s3: Any, bucket: str) -> None:
    for race in range(10):
        with ThreadPoolExecutor(16) as pool:
            results = list(
                pool.map(
                    lambda number, key=f"k{race}": outcome(
                        s3.put_object, Bucket=bucket, Key=key, Body=str(number).encode(), IfNoneMatch="*"
                    ),
                    range(16),
                )
            )
        assert results.count(200) == 1
        assert set(results) <= {200, 412, 409}
        winner = results.index(200)
        assert s3.get_object(Bucket=bucket, Key=f"k{race}")["Body"].read() == str(winner).encode()


def test_compare_and_swap_loses_no_update(s3: Any, bucket: str) -> None:
    s3.put_object(Bucket=bucket, Key="counter", Body=b"0")

    def add(times: int) -> None:
        done = 0
        while done < times:
            got = s3.get_object(Bucket=bucket, Key="counter")
            value = int(got["Body"].read()) + 1
            status = outcome(s3.put_object, Bucket=bucket, Key="counter", Body=str(value).encode(), IfMatch=got["ETag"])
            assert status in (200, 412, 409)
            done += status == 200

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(add, [10] * 4))
    assert s3.get_object(Bucket=bucket, Key="counter")["Body"].read() == b"40"


@pytest.mark.parametrize("size", [100, 300_000, 6_000_000])
def test_a_reader_never_sees_a_mixture(s3: Any, bucket: str, size: int) -> None:
    s3.put_object(Bucket=bucket, Key="k", Body=bytes(size))

    def write(value: int) -> None:
        for _ in range(5):
            s3.put_object(Bucket=bucket, Key="k", Body=bytes([value]) * size)

    def read(_: int) -> None:
        for _ in range(10):
            got = s3.get_object(Bucket=bucket, Key="k")
            body = got["Body"].read()
            assert len(body) == size
            assert len(set(body)) == 1
            assert got["ETag"].strip('"') == hashlib.md5(body).hexdigest()

    with ThreadPoolExecutor(8) as pool:
        for future in [*(pool.submit(write, n) for n in range(1, 5)), *(pool.submit(read, n) for n in range(4))]:
            future.result()


def test_only_one_deletes_a_bucket_and_puts_never_vanish(s3: Any, bucket_name: str) -> None:
    """A put that was acknowledged keeps its bucket: delete and put can't both win."""
    for race in range(10):
        name = f"{bucket_name}-{race}"
        s3.create_bucket(Bucket=name)
        with ThreadPoolExecutor(2) as pool:
            put = pool.submit(outcome, s3.put_object, Bucket=name, Key="k", Body=b"x")
            delete = pool.submit(outcome, s3.delete_bucket, Bucket=name)
        if put.result() == 200:
            assert delete.result() == 409
            s3.delete_object(Bucket=name, Key="k")
            s3.delete_bucket(Bucket=name)
        else:
            assert (put.result(), delete.result()) in ((404, 204), (409, 204))


def test_two_completes_of_one_upload(s3: Any, bucket: str) -> None:
    names = {"Bucket": bucket, "Key": "k"}
    upload = s3.create_multipart_upload(**names)["UploadId"]
    tag = s3.upload_part(**names, UploadId=upload, PartNumber=1, Body=b"x")["ETag"]
    parts = {"Parts": [{"PartNumber": 1, "ETag": tag}]}
    with ThreadPoolExecutor(8) as pool:
        answers = list(
            pool.map(
                lambda _: s3.complete_multipart_upload(**names, UploadId=upload, MultipartUpload=parts),
                range(8),
            )
        )
    assert len({answer["ETag"] for answer in answers}) == 1
    got = s3.get_object(**names)
    assert (got["ETag"], got["Body"].read()) == (answers[0]["ETag"], b"x")


def test_a_copy_s_checksum_is_of_what_was_copied(s3: Any, bucket: str) -> None:
    """The source is read for it before the copy is made, and may be another one by then."""
    size = 300_000
    s3.put_object(Bucket=bucket, Key="from", Body=bytes(size))
    done = Event()

    def write() -> None:
        for value in cycle(range(256)):
            s3.put_object(Bucket=bucket, Key="from", Body=bytes([value]) * size)
            if done.is_set():
                return

    with ThreadPoolExecutor(1) as pool:
        writer = pool.submit(write)
        try:
            for _ in range(20):
                result = s3.copy_object(
                    Bucket=bucket, Key="to", CopySource=f"{bucket}/from", ChecksumAlgorithm="SHA256"
                )
                body = s3.get_object(Bucket=bucket, Key="to")["Body"].read()
                assert len(set(body)) == 1
                sha256 = base64.b64encode(hashlib.sha256(body).digest()).decode()
                assert result["CopyObjectResult"]["ChecksumSHA256"] == sha256
        finally:
            done.set()
        writer.result()


PART = 5 * 1024 * 1024
PARTS = 5  # more than what fits into buffers on the way


def put_in_parts(s3: Any, bucket: str, value: int) -> None:
    """An object of the same byte everywhere."""
    names = {"Bucket": bucket, "Key": "k"}
    upload = s3.create_multipart_upload(**names)["UploadId"]
    body = bytes([value]) * PART
    parts = [
        {"PartNumber": n, "ETag": s3.upload_part(**names, UploadId=upload, PartNumber=n, Body=body)["ETag"]}
        for n in range(1, PARTS + 1)
    ]
    s3.complete_multipart_upload(**names, UploadId=upload, MultipartUpload={"Parts": parts})


def etag_in_parts(value: int) -> str:
    part = hashlib.md5(bytes([value]) * PART).digest()
    return f'"{hashlib.md5(part * PARTS).hexdigest()}-{PARTS}"'


@pytest.mark.parametrize("pause_seconds", [0.0, 2.5])
def test_a_reader_of_parts_gets_one_version_whole(s3: Any, bucket: str, pause_seconds: float) -> None:
    """Its parts are released while it reads them, and the collector comes by every second."""
    put_in_parts(s3, bucket, 0)
    done = Event()

    def write() -> None:
        for value in cycle(range(1, 8)):
            if done.is_set():
                return
            put_in_parts(s3, bucket, value)

    def read(_: int) -> None:
        end = time.monotonic() + 6
        while time.monotonic() < end:
            got = s3.get_object(Bucket=bucket, Key="k")
            body = got["Body"].read(65_536)
            time.sleep(pause_seconds)
            body += got["Body"].read()
            assert len(body) == PARTS * PART
            assert body.count(body[:1]) == len(body)
            assert got["ETag"] == etag_in_parts(body[0])

    with ThreadPoolExecutor(4) as pool:
        writer = pool.submit(write)
        try:
            list(pool.map(read, range(3)))
        finally:
            done.set()
        writer.result()
