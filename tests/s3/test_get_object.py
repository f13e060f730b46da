"""GetObject and HeadObject: whole, ranges, conditions, response overrides, errors."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from tools.harness.expect import api_error
from tools.harness.server import Server
from tools.harness.signing import Signer, send

pytestmark = pytest.mark.core

BODY = b"0123456789abcdefghij"


@pytest.fixture
def stored(s3: Any, bucket: str) -> dict[str, Any]:
    s3.put_object(Bucket=bucket, Key="k", Body=BODY)
    return s3.head_object(Bucket=bucket, Key="k")


def test_head_and_get_tell_the_same(s3: Any, bucket: str, stored: dict[str, Any]) -> None:
    got = s3.get_object(Bucket=bucket, Key="k")
    got["Body"].read()
    for name in ("ETag", "LastModified", "ContentLength", "ContentType", "AcceptRanges", "Metadata"):
        assert got[name] == stored[name]
    assert stored["AcceptRanges"] == "bytes"
    assert abs(datetime.now(UTC) - stored["LastModified"]) < timedelta(minutes=1)


@pytest.mark.parametrize(
    ("wanted", "expected", "content_range"),
    [
        ("bytes=0-0", BODY[:1], "bytes 0-0/20"),
        ("bytes=0-19", BODY, "bytes 0-19/20"),
        ("bytes=0-", BODY, "bytes 0-19/20"),
        ("bytes=5-9", BODY[5:10], "bytes 5-9/20"),
        ("bytes=19-", BODY[19:], "bytes 19-19/20"),
        ("bytes=-5", BODY[-5:], "bytes 15-19/20"),
        ("bytes=-100", BODY, "bytes 0-19/20"),
        ("bytes=10-1000", BODY[10:], "bytes 10-19/20"),
    ],
)
def test_ranges(s3: Any, bucket: str, stored: Any, wanted: str, expected: bytes, content_range: str) -> None:
    got = s3.get_object(Bucket=bucket, Key="k", Range=wanted)
    assert got["ResponseMetadata"]["HTTPStatusCode"] == 206
    assert got["Body"].read() == expected
    assert got["ContentRange"] == content_range
    assert got["ContentLength"] == len(expected)
    head = s3.head_object(Bucket=bucket, Key="k", Range=wanted)
    assert head["ResponseMetadata"]["HTTPStatusCode"] == 206
    assert head["ContentLength"] == len(expected)


@pytest.mark.parametrize("wanted", ["bytes=20-", "bytes=100-200", "bytes=-0"])
def test_ranges_outside(s3: Any, bucket: str, stored: Any, wanted: str) -> None:
    with api_error("InvalidRange", 416) as caught:
        s3.get_object(Bucket=bucket, Key="k", Range=wanted)
    assert caught.value.response["Error"]["ActualObjectSize"] == "20"


@pytest.mark.parametrize("wanted", ["bytes=9-5", "bytes=a-b", "bytes", "lines=0-1", "bytes=--1", "bytes=-"])
def test_what_is_no_range_is_ignored(s3: Any, bucket: str, stored: Any, wanted: str) -> None:
    got = s3.get_object(Bucket=bucket, Key="k", Range=wanted)
    assert got["ResponseMetadata"]["HTTPStatusCode"] == 200
    assert got["Body"].read() == BODY


def test_a_range_of_nothing(s3: Any, bucket: str) -> None:
    s3.put_object(Bucket=bucket, Key="empty", Body=b"")
    with api_error("InvalidRange", 416):
        s3.get_object(Bucket=bucket, Key="empty", Range="bytes=0-0")


def test_ranges_of_a_large_object(s3: Any, bucket: str) -> None:
    body = bytes(range(256)) * 16_384  # 4 MiB
    s3.put_object(Bucket=bucket, Key="large", Body=body)
    for first, last in ((0, 0), (1, 524_288), (524_287, 524_288), (1_048_575, 3_145_728), (4_194_303, 4_194_303)):
        got = s3.get_object(Bucket=bucket, Key="large", Range=f"bytes={first}-{last}")["Body"].read()
        assert got == body[first : last + 1]


EARLIER, LATER = timedelta(hours=-1), timedelta(seconds=0)


@pytest.mark.parametrize(
    ("condition", "status"),
    [
        ({"IfMatch": "same"}, 200),
        ({"IfMatch": '"other"'}, 412),
        ({"IfMatch": "*"}, 200),
        ({"IfNoneMatch": "same"}, 304),
        ({"IfNoneMatch": '"other"'}, 200),
        ({"IfNoneMatch": "*"}, 304),
        ({"IfModifiedSince": EARLIER}, 200),
        ({"IfModifiedSince": LATER}, 304),
        ({"IfModifiedSince": timedelta(hours=1)}, 200),  # in the future: it counts for nothing
        ({"IfUnmodifiedSince": EARLIER}, 412),
        ({"IfUnmodifiedSince": LATER}, 200),
        # The documented combinations: the entity tag decides.
        ({"IfMatch": "same", "IfUnmodifiedSince": EARLIER}, 200),
        ({"IfNoneMatch": "same", "IfModifiedSince": EARLIER}, 304),
        ({"IfMatch": '"other"', "IfUnmodifiedSince": LATER}, 412),
    ],
)
def test_conditions(s3: Any, bucket: str, stored: Any, condition: dict[str, Any], status: int) -> None:
    sent = {}
    for name, value in condition.items():
        if isinstance(value, timedelta):
            sent[name] = stored["LastModified"] + value
        else:
            sent[name] = stored["ETag"] if value == "same" else value
    for read in (s3.get_object, s3.head_object):
        if status == 200:
            assert read(Bucket=bucket, Key="k", **sent)["ResponseMetadata"]["HTTPStatusCode"] == 200
        else:
            name = "PreconditionFailed" if status == 412 and read == s3.get_object else str(status)
            with api_error(name, status):
                read(Bucket=bucket, Key="k", **sent)


def test_not_modified_has_no_body_and_keeps_its_tag(server: Server, bucket: str, stored: Any) -> None:
    request = Signer(server).sign("GET", f"/{bucket}/k", headers={"If-None-Match": stored["ETag"]})
    answer = send(server, request)
    assert (answer.status, answer.body) == (304, b"")
    assert answer.header("etag") == stored["ETag"]


def test_response_overrides(s3: Any, bucket: str, stored: Any) -> None:
    sent = {
        "ResponseContentType": "text/x-other",
        "ResponseContentLanguage": "fr",
        "ResponseCacheControl": "no-store",
        "ResponseContentDisposition": 'attachment; filename="ü b.txt"'.encode().decode("latin-1"),
        "ResponseContentEncoding": "identity",
    }
    got = s3.get_object(Bucket=bucket, Key="k", **sent)
    got["Body"].read()
    for name, value in sent.items():
        if name != "ResponseContentDisposition":
            assert got[name.removeprefix("Response")] == value
    assert got["ContentDisposition"].startswith("attachment; filename=")
    assert s3.get_object(Bucket=bucket, Key="k")["ContentType"] == "binary/octet-stream"


def test_a_response_override_can_t_smuggle_a_field(server: Server, bucket: str, stored: Any) -> None:
    target = f"/{bucket}/k?response-content-type=text%2Fplain%0D%0Ax-evil%3A%201"
    answer = send(server, Signer(server).sign("GET", target))
    assert answer.header("x-evil") is None


def test_missing_key(s3: Any, bucket: str) -> None:
    with api_error("NoSuchKey", 404) as caught:
        s3.get_object(Bucket=bucket, Key="no/such key")
    assert caught.value.response["Error"]["Key"] == "no/such key"
    with api_error("404", 404):
        s3.head_object(Bucket=bucket, Key="no/such key")


@pytest.mark.parametrize("version", ["HPniJFCxqTsMuIH9KX8K8wEjNUgmABCD", "junk"])
def test_a_bucket_without_versions_has_none_but_null(s3: Any, bucket: str, stored: Any, version: str) -> None:
    with api_error("InvalidArgument", 400) as caught:
        s3.get_object(Bucket=bucket, Key="k", VersionId=version)
    error = caught.value.response["Error"]
    assert error["Message"] == "Invalid version id specified"
    assert (error["ArgumentName"], error["ArgumentValue"]) == ("versionId", version)
    with api_error("400", 400):
        s3.head_object(Bucket=bucket, Key="k", VersionId=version)
    assert s3.get_object(Bucket=bucket, Key="k", VersionId="null")["Body"].read() == BODY


def test_missing_bucket(s3: Any, bucket_name: str) -> None:
    with api_error("NoSuchBucket", 404):
        s3.get_object(Bucket=bucket_name, Key="k")
    with api_error("404", 404):
        s3.head_object(Bucket=bucket_name, Key="k")


def test_part_one_of_an_object_put_at_once(s3: Any, bucket: str, stored: Any) -> None:
    assert s3.get_object(Bucket=bucket, Key="k", PartNumber=1)["Body"].read() == BODY
    with api_error("InvalidPartNumber", 416):
        s3.get_object(Bucket=bucket, Key="k", PartNumber=2)


def test_range_and_part_exclude_each_other(s3: Any, bucket: str, stored: Any) -> None:
    with api_error("InvalidRequest", 400):
        s3.get_object(Bucket=bucket, Key="k", PartNumber=1, Range="bytes=0-1")


def test_a_reader_that_leaves_early_hurts_nobody(s3: Any, bucket: str) -> None:
    s3.put_object(Bucket=bucket, Key="large", Body=bytes(16 * 1024 * 1024))
    for _ in range(20):
        stream = s3.get_object(Bucket=bucket, Key="large")["Body"]
        stream.read(10)
        stream.close()
    assert s3.head_object(Bucket=bucket, Key="large")["ContentLength"] == 16 * 1024 * 1024
