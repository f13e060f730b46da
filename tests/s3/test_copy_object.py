"""CopyObject."""

from __future__ import annotations

import os
from datetime import timedelta
from typing import Any

import pytest

from tools.harness.expect import api_error
from tools.harness.server import Server
from tools.harness.signing import Signer, send

pytestmark = pytest.mark.core


@pytest.fixture
def source(s3: Any, bucket: str) -> dict[str, str]:
    s3.put_object(
        Bucket=bucket,
        Key="from",
        Body=b"content",
        ContentType="text/plain",
        CacheControl="no-cache",
        Metadata={"a": "1"},
    )
    return {"Bucket": bucket, "Key": "from"}


def test_copy_keeps_bytes_and_metadata(s3: Any, bucket: str, source: Any) -> None:
    answer = s3.copy_object(Bucket=bucket, Key="to", CopySource=source)
    got = s3.get_object(Bucket=bucket, Key="to")
    assert got["Body"].read() == b"content"
    assert (got["ContentType"], got["CacheControl"], got["Metadata"]) == ("text/plain", "no-cache", {"a": "1"})
    assert answer["CopyObjectResult"]["ETag"] == got["ETag"]
    assert answer["CopyObjectResult"]["LastModified"] == got["LastModified"]


def test_copy_with_new_metadata(s3: Any, bucket: str, source: Any) -> None:
    s3.copy_object(
        Bucket=bucket,
        Key="to",
        CopySource=source,
        MetadataDirective="REPLACE",
        ContentType="image/png",
        Metadata={"b": "2"},
    )
    got = s3.head_object(Bucket=bucket, Key="to")
    assert (got["ContentType"], got["Metadata"]) == ("image/png", {"b": "2"})
    assert "CacheControl" not in got


def test_metadata_is_ignored_without_the_directive(s3: Any, bucket: str, source: Any) -> None:
    s3.copy_object(Bucket=bucket, Key="to", CopySource=source, Metadata={"b": "2"})
    assert s3.head_object(Bucket=bucket, Key="to")["Metadata"] == {"a": "1"}


def test_directives_that_there_are_none_of(s3: Any, bucket: str, source: Any) -> None:
    for directive in ("MetadataDirective", "TaggingDirective"):
        with api_error("InvalidArgument", 400):
            s3.copy_object(Bucket=bucket, Key="to", CopySource=source, **{directive: "MERGE"})
    with api_error("404", 404):
        s3.head_object(Bucket=bucket, Key="to")


def test_copy_onto_itself_needs_a_change(s3: Any, bucket: str, source: Any) -> None:
    with api_error("InvalidRequest", 400):
        s3.copy_object(Bucket=bucket, Key="from", CopySource=source)
    s3.copy_object(Bucket=bucket, Key="from", CopySource=source, MetadataDirective="REPLACE", Metadata={"new": "yes"})
    got = s3.get_object(Bucket=bucket, Key="from")
    assert (got["Body"].read(), got["Metadata"]) == (b"content", {"new": "yes"})


def test_a_storage_class_is_a_change(s3: Any, bucket: str, source: Any) -> None:
    s3.copy_object(Bucket=bucket, Key="from", CopySource=source, StorageClass="STANDARD")
    assert s3.get_object(Bucket=bucket, Key="from")["Body"].read() == b"content"


def test_copy_outlives_its_source(s3: Any, bucket: str) -> None:
    body = os.urandom(6 * 1024 * 1024)
    s3.put_object(Bucket=bucket, Key="from", Body=body)
    s3.copy_object(Bucket=bucket, Key="to", CopySource={"Bucket": bucket, "Key": "from"})
    s3.put_object(Bucket=bucket, Key="from", Body=b"other")
    s3.delete_object(Bucket=bucket, Key="from")
    assert s3.get_object(Bucket=bucket, Key="to")["Body"].read() == body


def test_copy_between_buckets(s3: Any, bucket: str, source: Any) -> None:
    other = f"{bucket}-other"
    s3.create_bucket(Bucket=other)
    s3.copy_object(Bucket=other, Key="to", CopySource=source)
    assert s3.get_object(Bucket=other, Key="to")["Body"].read() == b"content"
    s3.delete_object(Bucket=other, Key="to")
    s3.delete_bucket(Bucket=other)


@pytest.mark.parametrize("key", ["a b", "a+b", "a%20b", "ü/日本", "a?b#c", "//", "q'\"q", "&=;"])
def test_odd_keys_as_source_and_target(s3: Any, bucket: str, key: str) -> None:
    s3.put_object(Bucket=bucket, Key=key, Body=key.encode())
    s3.copy_object(Bucket=bucket, Key=f"copy-{key}", CopySource={"Bucket": bucket, "Key": key})
    assert s3.get_object(Bucket=bucket, Key=f"copy-{key}")["Body"].read() == key.encode()


@pytest.mark.parametrize("form", ["{}%2Ffrom", "%2F{}%2Ffrom", "/{}/from", "{}/from"])
def test_the_source_s_slashes_may_be_encoded(server: Server, s3: Any, bucket: str, source: Any, form: str) -> None:
    headers = {"x-amz-copy-source": form.format(bucket)}
    answer = send(server, Signer(server).sign("PUT", f"/{bucket}/to", headers=headers))
    assert answer.status == 200, answer.body
    assert s3.get_object(Bucket=bucket, Key="to")["Body"].read() == b"content"


def test_missing_sources(s3: Any, bucket: str, bucket_name: str) -> None:
    with api_error("NoSuchKey", 404):
        s3.copy_object(Bucket=bucket, Key="to", CopySource={"Bucket": bucket, "Key": "absent"})
    with api_error("NoSuchBucket", 404):
        s3.copy_object(Bucket=bucket, Key="to", CopySource={"Bucket": f"{bucket_name}-absent", "Key": "k"})
    with api_error("NoSuchBucket", 404):
        s3.copy_object(Bucket=f"{bucket_name}-absent", Key="to", CopySource={"Bucket": bucket, "Key": "absent"})


@pytest.mark.parametrize("text", ["no-slash", "/", "bucket/", ""])
def test_bad_sources(s3: Any, bucket: str, text: str) -> None:
    with api_error("InvalidArgument", 400):
        s3.copy_object(Bucket=bucket, Key="to", CopySource=text)


@pytest.mark.parametrize(
    ("condition", "passes"),
    [
        ({"CopySourceIfMatch": "same"}, True),
        ({"CopySourceIfMatch": '"other"'}, False),
        ({"CopySourceIfNoneMatch": "same"}, False),
        ({"CopySourceIfNoneMatch": '"other"'}, True),
        ({"CopySourceIfModifiedSince": timedelta(hours=-1)}, True),
        ({"CopySourceIfUnmodifiedSince": timedelta(hours=-1)}, False),
        ({"CopySourceIfMatch": "same", "CopySourceIfUnmodifiedSince": timedelta(hours=-1)}, True),
    ],
)
def test_conditions_on_the_source(s3: Any, bucket: str, source: Any, condition: dict[str, Any], passes: bool) -> None:
    head = s3.head_object(**source)
    sent = {}
    for name, value in condition.items():
        if isinstance(value, timedelta):
            sent[name] = head["LastModified"] + value
        else:
            sent[name] = head["ETag"] if value == "same" else value
    if passes:
        s3.copy_object(Bucket=bucket, Key="to", CopySource=source, **sent)
        return
    with api_error("PreconditionFailed", 412):
        s3.copy_object(Bucket=bucket, Key="to", CopySource=source, **sent)
    with api_error("404", 404):
        s3.head_object(Bucket=bucket, Key="to")


def test_a_copy_of_an_upload_in_parts(s3: Any, bucket: str) -> None:
    upload = s3.create_multipart_upload(Bucket=bucket, Key="from")["UploadId"]
    tags = [
        s3.upload_part(Bucket=bucket, Key="from", UploadId=upload, PartNumber=number, Body=body)["ETag"]
        for number, body in ((1, bytes(5 * 1024 * 1024)), (2, b"end"))
    ]
    parts = [{"PartNumber": number, "ETag": tag} for number, tag in enumerate(tags, 1)]
    s3.complete_multipart_upload(Bucket=bucket, Key="from", UploadId=upload, MultipartUpload={"Parts": parts})
    s3.copy_object(Bucket=bucket, Key="to", CopySource={"Bucket": bucket, "Key": "from"})
    got = s3.get_object(Bucket=bucket, Key="to")
    assert got["Body"].read() == bytes(5 * 1024 * 1024) + b"end"
