"""UploadPartCopy: parts that are made of objects."""

from __future__ import annotations

import hashlib
import os
from datetime import timedelta
from typing import Any

import pytest

from tools.harness.expect import api_error

pytestmark = pytest.mark.core

PART = 5 * 1024 * 1024


class Upload:
    """One open upload of key `to`, filled by copies."""

    def __init__(self, s3: Any, bucket: str, **settings: Any) -> None:
        self.s3 = s3
        self.names = {"Bucket": bucket, "Key": "to"}
        self.id = s3.create_multipart_upload(**self.names, **settings)["UploadId"]
        self.parts: list[dict[str, Any]] = []

    def copy(self, source: str, first: int | None = None, last: int | None = None, **settings: Any) -> dict[str, Any]:
        if first is not None:
            settings["CopySourceRange"] = f"bytes={first}-{last}"
        number = len(self.parts) + 1
        answer = self.s3.upload_part_copy(
            **self.names, UploadId=self.id, PartNumber=number, CopySource=source, **settings
        )
        result = answer["CopyPartResult"]
        checksums = {name: value for name, value in result.items() if name.startswith("Checksum")}
        self.parts.append({"PartNumber": number, "ETag": result["ETag"], **checksums})
        return answer

    def complete(self) -> bytes:
        self.s3.complete_multipart_upload(**self.names, UploadId=self.id, MultipartUpload={"Parts": self.parts})
        return self.s3.get_object(**self.names)["Body"].read()


@pytest.fixture
def source(s3: Any, bucket: str) -> bytes:
    """What `from` holds."""
    body = os.urandom(2 * PART + 1000)
    s3.put_object(Bucket=bucket, Key="from", Body=body)
    return body


def md5_tag(body: bytes) -> str:
    return f'"{hashlib.md5(body).hexdigest()}"'


def test_whole_objects(s3: Any, bucket: str, source: bytes) -> None:
    s3.put_object(Bucket=bucket, Key="small", Body=b"the end")
    upload = Upload(s3, bucket)
    result = upload.copy(f"{bucket}/from")["CopyPartResult"]
    assert result["ETag"] == md5_tag(source)
    assert "LastModified" in result
    upload.copy(f"{bucket}/small")
    assert upload.complete() == source + b"the end"


def test_ranges(s3: Any, bucket: str, source: bytes) -> None:
    upload = Upload(s3, bucket)
    assert upload.copy(f"{bucket}/from", 1, PART)["CopyPartResult"]["ETag"] == md5_tag(source[1 : PART + 1])
    upload.copy(f"{bucket}/from", PART + 1, len(source) - 1)
    upload.copy(f"{bucket}/from", 0, 0)
    assert upload.complete() == source[1:] + source[:1]


def test_the_source_may_go(s3: Any, bucket: str, source: bytes) -> None:
    upload = Upload(s3, bucket)
    upload.copy(f"{bucket}/from")
    upload.copy(f"{bucket}/from", 10, 20)
    s3.delete_object(Bucket=bucket, Key="from")
    assert upload.complete() == source + source[10:21]


def test_of_an_object_in_parts(s3: Any, bucket: str, source: bytes) -> None:
    """Over the borders of its parts, and exactly along them."""
    made = Upload(s3, bucket)
    made.copy(f"{bucket}/from", 0, PART - 1)
    made.copy(f"{bucket}/from", PART, len(source) - 1)
    assert made.complete() == source
    upload = Upload(s3, bucket)
    upload.copy(f"{bucket}/to", 100, 2 * PART)
    along = upload.copy(f"{bucket}/to", PART, len(source) - 1)
    assert along["CopyPartResult"]["ETag"] == md5_tag(source[PART:])
    assert upload.complete() == source[100 : 2 * PART + 1] + source[PART:]


@pytest.mark.parametrize("algorithm", ["CRC32", "CRC64NVME", "SHA256", "XXHASH128"])
def test_checksums_of_copied_parts(s3: Any, bucket: str, source: bytes, algorithm: str) -> None:
    upload = Upload(s3, bucket, ChecksumAlgorithm=algorithm)
    name = f"Checksum{algorithm}"
    upload.copy(f"{bucket}/from")
    upload.copy(f"{bucket}/from", 5, 50)
    s3.put_object(Bucket=bucket, Key="same", Body=source[5:51], ChecksumAlgorithm=algorithm)
    same = s3.head_object(Bucket=bucket, Key="same", ChecksumMode="ENABLED")
    assert upload.parts[1][name] == same[name]
    assert upload.complete() == source + source[5:51]
    whole = s3.get_object(Bucket=bucket, Key="to", ChecksumMode="ENABLED")
    assert name in whole
    whole["Body"].read()  # boto3 holds a full checksum against it


def test_of_a_version(s3: Any, versioned: str) -> None:
    old = s3.put_object(Bucket=versioned, Key="from", Body=b"old")["VersionId"]
    s3.put_object(Bucket=versioned, Key="from", Body=b"new")
    upload = Upload(s3, versioned)
    assert upload.copy(f"{versioned}/from?versionId={old}")["CopySourceVersionId"] == old
    assert upload.complete() == b"old"


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("bytes=0-", "InvalidArgument"),
        ("bytes=-5", "InvalidArgument"),
        ("0-5", "InvalidArgument"),
        ("bytes=5-3", "InvalidArgument"),
        ("bytes=0-1,3-4", "InvalidArgument"),
        ("bytes=0-99999999", "InvalidArgument"),
        ("bytes=99999999-99999999", "InvalidRequest"),
    ],
)
def test_ranges_that_can_t_be(s3: Any, bucket: str, source: bytes, text: str, code: str) -> None:
    upload = Upload(s3, bucket)
    with api_error(code, 400):
        upload.copy(f"{bucket}/from", CopySourceRange=text)
    assert "Parts" not in s3.list_parts(**upload.names, UploadId=upload.id)


def test_what_isn_t_there(s3: Any, bucket: str, source: bytes) -> None:
    upload = Upload(s3, bucket)
    with api_error("NoSuchKey", 404):
        upload.copy(f"{bucket}/absent")
    with api_error("NoSuchBucket", 404):
        upload.copy(f"{bucket}-absent/from")
    s3.abort_multipart_upload(**upload.names, UploadId=upload.id)
    with api_error("NoSuchUpload", 404):
        upload.copy(f"{bucket}/from")


@pytest.mark.parametrize(
    ("condition", "passes"),
    [
        ({"CopySourceIfMatch": "same"}, True),
        ({"CopySourceIfMatch": '"other"'}, False),
        ({"CopySourceIfNoneMatch": "same"}, False),
        ({"CopySourceIfNoneMatch": '"other"'}, True),
        ({"CopySourceIfModifiedSince": timedelta(hours=-1)}, True),
        ({"CopySourceIfUnmodifiedSince": timedelta(hours=-1)}, False),
    ],
)
def test_conditions(s3: Any, bucket: str, source: bytes, condition: dict[str, Any], passes: bool) -> None:
    head = s3.head_object(Bucket=bucket, Key="from")
    sent = {}
    for name, value in condition.items():
        if isinstance(value, timedelta):
            sent[name] = head["LastModified"] + value
        else:
            sent[name] = head["ETag"] if value == "same" else value
    upload = Upload(s3, bucket)
    if passes:
        upload.copy(f"{bucket}/from", **sent)
        assert upload.complete() == source
        return
    with api_error("PreconditionFailed", 412):
        upload.copy(f"{bucket}/from", **sent)
