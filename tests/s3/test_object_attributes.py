"""GetObjectAttributes."""

from __future__ import annotations

import base64
import hashlib
from typing import Any

import pytest

from tools.harness.expect import api_error
from tools.harness.server import Server
from tools.harness.signing import Signer, send

pytestmark = pytest.mark.core

PART = 5 * 1024 * 1024
ALL = ["ETag", "Checksum", "ObjectParts", "StorageClass", "ObjectSize"]


def attributes(s3: Any, bucket: str, *wanted: str, **more: Any) -> dict[str, Any]:
    answer = s3.get_object_attributes(Bucket=bucket, Key="k", ObjectAttributes=list(wanted or ALL), **more)
    answer.pop("ResponseMetadata")
    return answer


def put_in_parts(s3: Any, bucket: str, bodies: list[bytes]) -> list[dict[str, Any]]:
    names = {"Bucket": bucket, "Key": "k"}
    names["UploadId"] = s3.create_multipart_upload(**names, ChecksumAlgorithm="SHA256")["UploadId"]
    parts = []
    for number, body in enumerate(bodies, 1):
        sent = s3.upload_part(**names, PartNumber=number, Body=body, ChecksumAlgorithm="SHA256")
        parts.append({"PartNumber": number, "ETag": sent["ETag"], "ChecksumSHA256": sent["ChecksumSHA256"]})
    s3.complete_multipart_upload(**names, MultipartUpload={"Parts": parts})
    return parts


def test_of_an_object_put_whole(s3: Any, bucket: str) -> None:
    put = s3.put_object(Bucket=bucket, Key="k", Body=b"hello", ChecksumAlgorithm="SHA1")
    found = attributes(s3, bucket)
    sha1 = base64.b64encode(hashlib.sha1(b"hello").digest()).decode()
    assert found.pop("LastModified") == s3.head_object(Bucket=bucket, Key="k")["LastModified"]
    assert found == {
        "ETag": put["ETag"].strip('"'),  # here, and only here, without quotes
        "Checksum": {"ChecksumSHA1": sha1, "ChecksumType": "FULL_OBJECT"},
        "StorageClass": "STANDARD",
        "ObjectSize": 5,
    }


def test_only_what_was_asked_for(s3: Any, bucket: str) -> None:
    s3.put_object(Bucket=bucket, Key="k", Body=b"hello", StorageClass="STANDARD_IA")
    for name in ("ETag", "Checksum", "StorageClass", "ObjectSize"):
        assert set(attributes(s3, bucket, name)) == {name, "LastModified"}
    assert attributes(s3, bucket, "StorageClass")["StorageClass"] == "STANDARD_IA"


def test_of_an_object_in_parts(s3: Any, bucket: str) -> None:
    bodies = [b"x" * PART, b"y" * PART, b"end"]
    sent = put_in_parts(s3, bucket, bodies)
    found = attributes(s3, bucket)
    sha256 = base64.b64encode(hashlib.sha256(b"".join(hashlib.sha256(b).digest() for b in bodies)).digest()).decode()
    assert found["Checksum"] == {"ChecksumSHA256": sha256, "ChecksumType": "COMPOSITE"}
    assert found["ObjectSize"] == 2 * PART + 3
    parts = found["ObjectParts"]
    assert (parts["TotalPartsCount"], parts["IsTruncated"]) == (3, False)
    assert [(part["PartNumber"], part["Size"], part["ChecksumSHA256"]) for part in parts["Parts"]] == [
        (part["PartNumber"], len(body), part["ChecksumSHA256"]) for part, body in zip(sent, bodies, strict=True)
    ]


def test_parts_in_pages(s3: Any, bucket: str) -> None:
    put_in_parts(s3, bucket, [b"x" * PART, b"y" * PART, b"end"])
    first = attributes(s3, bucket, "ObjectParts", MaxParts=2)["ObjectParts"]
    assert [part["PartNumber"] for part in first["Parts"]] == [1, 2]
    assert (first["IsTruncated"], first["NextPartNumberMarker"], first["MaxParts"]) == (True, 2, 2)
    rest = attributes(s3, bucket, "ObjectParts", PartNumberMarker=2)["ObjectParts"]
    assert [part["PartNumber"] for part in rest["Parts"]] == [3]
    assert (rest["IsTruncated"], rest["PartNumberMarker"]) == (False, 2)


def test_of_a_version(s3: Any, versioned: str) -> None:
    old = s3.put_object(Bucket=versioned, Key="k", Body=b"old")["VersionId"]
    new = s3.put_object(Bucket=versioned, Key="k", Body=b"newer")["VersionId"]
    assert attributes(s3, versioned, "ObjectSize")["VersionId"] == new
    found = attributes(s3, versioned, "ObjectSize", VersionId=old)
    assert (found["ObjectSize"], found["VersionId"]) == (3, old)
    marker = s3.delete_object(Bucket=versioned, Key="k")["VersionId"]
    with api_error("NoSuchKey", 404):
        attributes(s3, versioned)
    with api_error("MethodNotAllowed", 405):
        attributes(s3, versioned, VersionId=marker)


def test_of_nothing(s3: Any, bucket: str) -> None:
    with api_error("NoSuchKey", 404):
        attributes(s3, bucket)


@pytest.mark.parametrize(
    ("wanted", "code"),
    [
        ("", "InvalidRequest"),
        ("Color", "InvalidArgument"),
        ("etag", "InvalidArgument"),
        ("ETag,Color", "InvalidArgument"),
    ],
)
def test_attributes_that_there_are_none_of(server: Server, s3: Any, bucket: str, wanted: str, code: str) -> None:
    s3.put_object(Bucket=bucket, Key="k", Body=b"hello")
    headers = {"x-amz-object-attributes": wanted}
    answer = send(server, Signer(server).sign("GET", f"/{bucket}/k?attributes", headers=headers))
    assert answer.status == 400
    assert f"<Code>{code}</Code>".encode() in answer.body
