"""Many clients at one key: each reader sees one whole value, each race has one winner."""

from __future__ import annotations

import hashlib
from concurrent.futures import ThreadPoolExecutor
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
        results = list(
            pool.map(
                lambda _: outcome(s3.complete_multipart_upload, **names, UploadId=upload, MultipartUpload=parts),
                range(8),
            )
        )
    assert 200 in results
    assert set(results) <= {200, 409, 404}
    assert s3.get_object(**names)["Body"].read() == b"x"
