"""PutObject: what is stored, what is refused, and that a refused put leaves nothing."""

from __future__ import annotations

import base64
import hashlib
import os
import zlib
from email.header import decode_header
from typing import Any

import pytest

from tools.harness.expect import api_error
from tools.harness.raw_http import exchange
from tools.harness.server import Server
from tools.harness.signing import Signer, send

pytestmark = pytest.mark.core

MIB = 1024 * 1024


@pytest.mark.parametrize("size", [0, 1, 4096, 8191, 8192, 8193, 65_535, 65_536, 65_537, MIB, 5 * MIB + 1])
def test_bytes_come_back(s3: Any, bucket: str, size: int) -> None:
    body = os.urandom(size)
    put = s3.put_object(Bucket=bucket, Key="k", Body=body)
    got = s3.get_object(Bucket=bucket, Key="k")
    assert got["Body"].read() == body
    assert got["ContentLength"] == size
    assert put["ETag"] == got["ETag"] == f'"{hashlib.md5(body).hexdigest()}"'


def test_overwrite(s3: Any, bucket: str) -> None:
    s3.put_object(Bucket=bucket, Key="k", Body=b"long first value", Metadata={"a": "1"}, ContentType="text/plain")
    s3.put_object(Bucket=bucket, Key="k", Body=b"second")
    got = s3.get_object(Bucket=bucket, Key="k")
    assert got["Body"].read() == b"second"
    assert got["Metadata"] == {}
    assert got["ContentType"] == "binary/octet-stream"


def test_system_metadata_comes_back(s3: Any, bucket: str) -> None:
    sent = {
        "ContentType": "text/html; charset=utf-8",
        "CacheControl": "max-age=60, private",
        "ContentDisposition": 'attachment; filename="a b.html"',
        "ContentEncoding": "gzip",
        "ContentLanguage": "de, en",
    }
    s3.put_object(Bucket=bucket, Key="k", Body=b"x", **sent)
    for read in (s3.head_object, s3.get_object):
        found = read(Bucket=bucket, Key="k")
        assert {name: found[name] for name in sent} == sent


def test_aws_chunked_is_not_stored_as_encoding(s3: Any, bucket: str) -> None:
    s3.put_object(Bucket=bucket, Key="k", Body=b"x")
    assert "ContentEncoding" not in s3.head_object(Bucket=bucket, Key="k")


def test_user_metadata(s3: Any, bucket: str) -> None:
    sent = {"color": "blue", "Mixed-Case": "Kept Value", "empty": "", "spaces": "a  b"}
    s3.put_object(Bucket=bucket, Key="k", Body=b"x", Metadata=sent)
    found = s3.head_object(Bucket=bucket, Key="k")["Metadata"]
    assert found == {name.lower(): value for name, value in sent.items()}


def test_user_metadata_beyond_ascii_comes_back_as_an_encoded_word(server: Server, s3: Any, bucket: str) -> None:
    """A client may send UTF-8; AWS answers an RFC 2047 word, since a field carries ASCII only."""
    answer = send(server, Signer(server).sign("PUT", f"/{bucket}/k", b"x", {"x-amz-meta-name": "ünï"}))
    assert answer.status == 200, answer.body
    raw = s3.head_object(Bucket=bucket, Key="k")["Metadata"]["name"]
    assert decode_header(raw) == [("ünï".encode(), "utf-8")]


def test_an_encoded_word_comes_back(s3: Any, bucket: str) -> None:
    word = "=?UTF-8?B?" + base64.b64encode("日本".encode()).decode() + "?="
    s3.put_object(Bucket=bucket, Key="k", Body=b"x", Metadata={"name": word})
    raw = s3.head_object(Bucket=bucket, Key="k")["Metadata"]["name"]
    assert decode_header(raw) == [("日本".encode(), "utf-8")]


def test_user_metadata_has_a_limit_of_2_kib(s3: Any, bucket: str) -> None:
    s3.put_object(Bucket=bucket, Key="k", Body=b"x", Metadata={"a": "v" * 2000})
    with api_error("MetadataTooLarge", 400):
        s3.put_object(Bucket=bucket, Key="big", Body=b"x", Metadata={"a": "v" * 2048})


def test_wrong_content_md5_stores_nothing(s3: Any, bucket: str) -> None:
    wrong = base64.b64encode(hashlib.md5(b"other").digest()).decode()
    with api_error("BadDigest", 400):
        s3.put_object(Bucket=bucket, Key="k", Body=b"x", ContentMD5=wrong)
    with api_error("NoSuchKey", 404):
        s3.get_object(Bucket=bucket, Key="k")


def test_a_refused_overwrite_leaves_the_old_object(s3: Any, bucket: str) -> None:
    s3.put_object(Bucket=bucket, Key="k", Body=b"old")
    with api_error("BadDigest", 400):
        s3.put_object(Bucket=bucket, Key="k", Body=b"new", ChecksumCRC32="AAAAAA==")
    assert s3.get_object(Bucket=bucket, Key="k")["Body"].read() == b"old"


def test_malformed_content_md5(s3: Any, bucket: str) -> None:
    with api_error("InvalidDigest", 400):
        s3.put_object(Bucket=bucket, Key="k", Body=b"x", ContentMD5="not base64 of 16 bytes")


@pytest.mark.parametrize("algorithm", ["CRC32", "CRC32C", "CRC64NVME", "SHA1", "SHA256"])
def test_checksums_are_kept_and_told(s3: Any, bucket: str, algorithm: str) -> None:
    put = s3.put_object(Bucket=bucket, Key="k", Body=b"hello" * 1000, ChecksumAlgorithm=algorithm)
    name = f"Checksum{algorithm}"
    head = s3.head_object(Bucket=bucket, Key="k", ChecksumMode="ENABLED")
    assert put[name] == head[name]
    assert head["ChecksumType"] == "FULL_OBJECT"
    assert name not in s3.head_object(Bucket=bucket, Key="k")
    got = s3.get_object(Bucket=bucket, Key="k", ChecksumMode="ENABLED")
    assert got[name] == put[name]
    assert got["Body"].read() == b"hello" * 1000  # boto3 verifies the checksum here


def test_the_default_checksum_is_crc32_in_a_trailer(s3: Any, bucket: str) -> None:
    put = s3.put_object(Bucket=bucket, Key="k", Body=b"hello")
    assert base64.b64decode(put["ChecksumCRC32"]) == zlib.crc32(b"hello").to_bytes(4)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("ChecksumCRC32", "AAAAAA=="),
        ("ChecksumCRC32C", "AAAAAA=="),
        ("ChecksumCRC64NVME", "AAAAAAAAAAA="),
        ("ChecksumSHA1", base64.b64encode(bytes(20)).decode()),
        ("ChecksumSHA256", base64.b64encode(bytes(32)).decode()),
    ],
)
def test_a_wrong_checksum_stores_nothing(s3: Any, bucket: str, name: str, value: str) -> None:
    with api_error("BadDigest", 400):
        s3.put_object(Bucket=bucket, Key="k", Body=b"hello", **{name: value})
    with api_error("NoSuchKey", 404):
        s3.get_object(Bucket=bucket, Key="k")


def test_a_malformed_checksum(s3: Any, bucket: str) -> None:
    with api_error("InvalidRequest", 400):
        s3.put_object(Bucket=bucket, Key="k", Body=b"hello", ChecksumCRC32="short")


def test_put_only_if_absent(s3: Any, bucket: str) -> None:
    s3.put_object(Bucket=bucket, Key="k", Body=b"1", IfNoneMatch="*")
    with api_error("PreconditionFailed", 412):
        s3.put_object(Bucket=bucket, Key="k", Body=b"2", IfNoneMatch="*")
    assert s3.get_object(Bucket=bucket, Key="k")["Body"].read() == b"1"


def test_put_only_over_what_one_knows(s3: Any, bucket: str) -> None:
    first = s3.put_object(Bucket=bucket, Key="k", Body=b"1")["ETag"]
    s3.put_object(Bucket=bucket, Key="k", Body=b"2", IfMatch=first)
    with api_error("PreconditionFailed", 412):
        s3.put_object(Bucket=bucket, Key="k", Body=b"3", IfMatch=first)
    with api_error("NoSuchKey", 404):
        s3.put_object(Bucket=bucket, Key="absent", Body=b"3", IfMatch=first)
    assert s3.get_object(Bucket=bucket, Key="k")["Body"].read() == b"2"


@pytest.mark.parametrize(
    ("conditions", "header", "additional"),
    [
        ({"IfMatch": "*"}, "If-Match", "We don't accept the provided value of If-Match header for this API"),
        (
            {"IfNoneMatch": "x"},
            "If-None-Match",
            "We don't accept the provided value of If-None-Match header for this API",
        ),
        (
            {"IfMatch": "x", "IfNoneMatch": "*"},
            "If-Match,If-None-Match",
            "Multiple conditional request headers present in the request",
        ),
    ],
)
def test_conditions_that_s3_does_not_take(
    s3: Any, bucket: str, conditions: dict[str, str], header: str, additional: str
) -> None:
    s3.put_object(Bucket=bucket, Key="k", Body=b"1")
    for write in (
        lambda: s3.put_object(Bucket=bucket, Key="k", Body=b"2", **conditions),
        lambda: s3.copy_object(Bucket=bucket, Key="to", CopySource=f"{bucket}/k", **conditions),
    ):
        with api_error("NotImplemented", 501) as caught:
            write()
        error = caught.value.response["Error"]
        assert error["Message"] == "A header you provided implies functionality that is not implemented"
        assert (error["Header"], error["additionalMessage"]) == (header, additional)
    assert s3.get_object(Bucket=bucket, Key="k")["Body"].read() == b"1"


def test_put_into_a_missing_bucket(s3: Any, bucket_name: str) -> None:
    with api_error("NoSuchBucket", 404):
        s3.put_object(Bucket=bucket_name, Key="k", Body=b"x")


def test_a_large_put_into_a_missing_bucket(s3: Any, bucket_name: str) -> None:
    """The refusal arrives although the body is longer than what lies in buffers."""
    with api_error("NoSuchBucket", 404):
        s3.put_object(Bucket=bucket_name, Key="k", Body=bytes(32 * MIB))


def test_a_key_over_1024_bytes(s3: Any, bucket: str) -> None:
    s3.put_object(Bucket=bucket, Key="k" * 1024, Body=b"x")
    with api_error("KeyTooLongError", 400):
        s3.put_object(Bucket=bucket, Key="k" * 1025, Body=b"x")


def test_an_unknown_storage_class(s3: Any, bucket: str) -> None:
    with api_error("InvalidStorageClass", 400):
        s3.put_object(Bucket=bucket, Key="k", Body=b"x", StorageClass="GRANITE")


@pytest.mark.parametrize(
    ("headers", "body", "status", "code"),
    [
        # S3 has no use for HTTP's own chunks: they don't tell how long the object is.
        ({"Transfer-Encoding": "chunked"}, b"0\r\n\r\n", 501, b"NotImplemented"),
        ({}, b"", 411, b"MissingContentLength"),
    ],
)
def test_put_without_a_length(
    server: Server, bucket: str, headers: dict[str, str], body: bytes, status: int, code: bytes
) -> None:
    request = Signer(server).sign("PUT", f"/{bucket}/k", headers=headers)
    head = f"PUT {request.target} HTTP/1.1\r\n"
    head += "".join(f"{name}: {value}\r\n" for name, value in request.headers.items()) + "\r\n"
    answer = exchange(server.port, head.encode() + body)
    assert answer.status == status
    assert b"<Code>" + code + b"</Code>" in answer.body


def test_expires_is_any_text(server: Server, s3: Any, bucket: str) -> None:
    assert send(server, Signer(server).sign("PUT", f"/{bucket}/k", b"x", headers={"Expires": "0"})).status == 200
    assert s3.head_object(Bucket=bucket, Key="k")["ExpiresString"] == "0"
    link = Signer(server).presign("GET", f"/{bucket}/k?response-expires=tomorrow")
    assert send(server, link).header("Expires") == "tomorrow"
