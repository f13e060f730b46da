"""ListObjects and ListObjectsV2, held against a model on made-up keys."""

from __future__ import annotations

import random
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from tools.harness.expect import api_error
from tools.harness.listing_model import list_page

pytestmark = pytest.mark.core

ALPHABET = ["a", "b", "/", "//", "-", ".", "0", "ü", "日", "%", "+", " ", "\uffff", "😀"]


def made_up_keys(count: int) -> list[str]:
    chance = random.Random(4566)
    return sorted({"".join(chance.choices(ALPHABET, k=chance.randint(1, 8))) for _ in range(count)})


@pytest.fixture(scope="module")
def keys() -> list[str]:
    return made_up_keys(300)


@pytest.fixture(scope="module")
def full_bucket(s3: Any, keys: list[str]) -> Iterator[str]:
    name = f"listing-{random.SystemRandom().getrandbits(60):x}"
    s3.create_bucket(Bucket=name)
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda key: s3.put_object(Bucket=name, Key=key, Body=key.encode()), keys))
    yield name
    for key in keys:
        s3.delete_object(Bucket=name, Key=key)
    s3.delete_bucket(Bucket=name)


CASES = [
    (prefix, delimiter) for prefix in ("", "a", "a/", "/", "ü", "none") for delimiter in ("", "/", "//", "a", "日")
]


@pytest.mark.parametrize(("prefix", "delimiter"), CASES)
@pytest.mark.parametrize("limit", [1000, 7, 1])
def test_v2_pages_are_the_model_s(s3: Any, full_bucket: str, keys: list[str], prefix: str, delimiter: str, limit: int):
    if limit == 1 and not prefix:
        pytest.skip("a page for each of all keys: the other limits show it")
    after, token = "", {}
    while True:
        expected = list_page(keys, prefix, delimiter, after, limit)
        page = s3.list_objects_v2(Bucket=full_bucket, Prefix=prefix, Delimiter=delimiter, MaxKeys=limit, **token)
        found_keys = [entry["Key"] for entry in page.get("Contents", [])]
        found_prefixes = [entry["Prefix"] for entry in page.get("CommonPrefixes", [])]
        assert (found_keys, found_prefixes) == (expected.keys, expected.prefixes)
        assert (page["IsTruncated"], page["KeyCount"]) == (expected.truncated, len(expected))
        if not expected.truncated:
            assert "NextContinuationToken" not in page
            return
        token = {"ContinuationToken": page["NextContinuationToken"]}
        after = max([*found_keys, *found_prefixes], key=str.encode)
        if delimiter and after in found_prefixes:
            after += "\U0010ffff" * 4  # behind everything below the prefix


@pytest.mark.parametrize(("prefix", "delimiter"), CASES)
def test_v1_by_markers(s3: Any, full_bucket: str, keys: list[str], prefix: str, delimiter: str) -> None:
    whole = list_page(keys, prefix, delimiter, "", 10_000)
    found_keys, found_prefixes, marker = [], [], ""
    while True:
        page = s3.list_objects(Bucket=full_bucket, Prefix=prefix, Delimiter=delimiter, MaxKeys=9, Marker=marker)
        found_keys += [entry["Key"] for entry in page.get("Contents", [])]
        found_prefixes += [entry["Prefix"] for entry in page.get("CommonPrefixes", [])]
        if not page["IsTruncated"]:
            break
        # AWS gives NextMarker only with a delimiter; else the last key is the marker.
        marker = page["NextMarker"] if delimiter else page["Contents"][-1]["Key"]
    assert (found_keys, found_prefixes) == (whole.keys, whole.prefixes)


def test_start_after(s3: Any, full_bucket: str, keys: list[str]) -> None:
    ordered = sorted(keys, key=str.encode)
    for start in (ordered[0], ordered[50], "b", "zzz", ordered[-1]):
        page = s3.list_objects_v2(Bucket=full_bucket, StartAfter=start)
        expected = [key for key in ordered if key.encode() > start.encode()]
        assert [entry["Key"] for entry in page.get("Contents", [])] == expected
        assert page["StartAfter"] == start


def test_start_after_says_nothing_beside_a_token(s3: Any, full_bucket: str) -> None:
    first = s3.list_objects_v2(Bucket=full_bucket, MaxKeys=1)
    token = first["NextContinuationToken"]
    page = s3.list_objects_v2(Bucket=full_bucket, MaxKeys=1, ContinuationToken=token, StartAfter="zzz")
    assert page["Contents"][0]["Key"] > first["Contents"][0]["Key"]
    assert "StartAfter" not in page


def test_a_marker_inside_a_group_skips_the_group(s3: Any, bucket: str) -> None:
    for key in ("folder/aSubfolder/subFile1", "folder/aSubfolder/subFile2", "folder/file1", "folder/file2"):
        s3.put_object(Bucket=bucket, Key=key, Body=b"")
    asked = {"Bucket": bucket, "Prefix": "folder/", "Delimiter": "/", "MaxKeys": 1}
    marker = "folder/aSubfolder/subFile1"
    for page in (s3.list_objects(**asked, Marker=marker), s3.list_objects_v2(**asked, StartAfter=marker)):
        assert [entry["Key"] for entry in page["Contents"]] == ["folder/file1"]
        assert ("CommonPrefixes" in page, page["IsTruncated"]) == (False, True)


def test_an_entry_says_what_a_head_says(s3: Any, full_bucket: str, keys: list[str]) -> None:
    entry = s3.list_objects_v2(Bucket=full_bucket, MaxKeys=1)["Contents"][0]
    head = s3.head_object(Bucket=full_bucket, Key=entry["Key"])
    assert entry["ETag"] == head["ETag"]
    assert entry["Size"] == head["ContentLength"]
    assert entry["LastModified"].replace(microsecond=0) == head["LastModified"]
    assert entry["StorageClass"] == "STANDARD"
    assert entry["ChecksumAlgorithm"] == ["CRC32"]


def test_owner_only_when_asked_in_v2(s3: Any, full_bucket: str) -> None:
    assert "Owner" not in s3.list_objects_v2(Bucket=full_bucket, MaxKeys=1)["Contents"][0]
    with_owner = s3.list_objects_v2(Bucket=full_bucket, MaxKeys=1, FetchOwner=True)["Contents"][0]
    assert with_owner["Owner"]["ID"]
    assert s3.list_objects(Bucket=full_bucket, MaxKeys=1)["Contents"][0]["Owner"] == with_owner["Owner"]


def test_echoes(s3: Any, full_bucket: str) -> None:
    page = s3.list_objects_v2(Bucket=full_bucket, Prefix="a", Delimiter="/", MaxKeys=5)
    assert (page["Name"], page["Prefix"], page["Delimiter"], page["MaxKeys"]) == (full_bucket, "a", "/", 5)


def test_max_keys_above_a_thousand_gives_a_thousand(s3: Any, full_bucket: str) -> None:
    page = s3.list_objects_v2(Bucket=full_bucket, MaxKeys=5000)
    assert page["MaxKeys"] == 1000


def test_max_keys_of_none(s3: Any, full_bucket: str) -> None:
    page = s3.list_objects_v2(Bucket=full_bucket, MaxKeys=0)
    assert (page["KeyCount"], page["IsTruncated"]) == (0, False)


@pytest.mark.parametrize("value", [-1, 2**40])
def test_bad_max_keys(s3: Any, full_bucket: str, value: int) -> None:
    with api_error("InvalidArgument", 400):
        s3.list_objects_v2(Bucket=full_bucket, MaxKeys=value)


def test_a_made_up_token(s3: Any, full_bucket: str) -> None:
    with api_error("InvalidArgument", 400):
        s3.list_objects_v2(Bucket=full_bucket, ContinuationToken="made up")


def test_an_empty_bucket(s3: Any, bucket: str) -> None:
    page = s3.list_objects_v2(Bucket=bucket)
    assert (page["KeyCount"], page["IsTruncated"], "Contents" in page) == (0, False, False)


def test_a_missing_bucket(s3: Any, bucket_name: str) -> None:
    for listing in (s3.list_objects, s3.list_objects_v2):
        with api_error("NoSuchBucket", 404):
            listing(Bucket=bucket_name)


def test_more_than_a_thousand(s3: Any, bucket: str) -> None:
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda n: s3.put_object(Bucket=bucket, Key=f"{n:05}", Body=b""), range(1005)))
    first = s3.list_objects_v2(Bucket=bucket)
    assert (first["KeyCount"], first["IsTruncated"]) == (1000, True)
    second = s3.list_objects_v2(Bucket=bucket, ContinuationToken=first["NextContinuationToken"])
    assert [entry["Key"] for entry in second["Contents"]] == [f"{n:05}" for n in range(1000, 1005)]
    names = [{"Key": f"{n:05}"} for n in range(1000)]
    s3.delete_objects(Bucket=bucket, Delete={"Objects": names, "Quiet": True})
