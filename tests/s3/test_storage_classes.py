"""Storage classes: recorded, told and listed; the archive classes are read after a restore only."""

from __future__ import annotations

from typing import Any

import pytest

from tools.harness.expect import api_error

pytestmark = pytest.mark.core

READABLE = ["REDUCED_REDUNDANCY", "STANDARD_IA", "ONEZONE_IA", "INTELLIGENT_TIERING", "GLACIER_IR"]
ARCHIVED = ["GLACIER", "DEEP_ARCHIVE"]


def test_standard_is_told_in_lists_only(s3: Any, bucket: str) -> None:
    s3.put_object(Bucket=bucket, Key="k", Body=b"x", StorageClass="STANDARD")
    assert "StorageClass" not in s3.head_object(Bucket=bucket, Key="k")
    assert s3.list_objects_v2(Bucket=bucket)["Contents"][0]["StorageClass"] == "STANDARD"


@pytest.mark.parametrize("name", READABLE)
def test_recorded_and_told(s3: Any, bucket: str, name: str) -> None:
    s3.put_object(Bucket=bucket, Key="k", Body=b"x", StorageClass=name)
    got = s3.get_object(Bucket=bucket, Key="k")
    assert (got["Body"].read(), got["StorageClass"]) == (b"x", name)
    assert s3.head_object(Bucket=bucket, Key="k")["StorageClass"] == name
    for listing in (s3.list_objects, s3.list_objects_v2):
        assert listing(Bucket=bucket)["Contents"][0]["StorageClass"] == name
    assert s3.list_object_versions(Bucket=bucket)["Versions"][0]["StorageClass"] == name


def test_of_an_upload(s3: Any, bucket: str) -> None:
    names = {"Bucket": bucket, "Key": "k"}
    upload = s3.create_multipart_upload(**names, StorageClass="ONEZONE_IA")["UploadId"]
    assert s3.list_multipart_uploads(Bucket=bucket)["Uploads"][0]["StorageClass"] == "ONEZONE_IA"
    assert s3.list_parts(**names, UploadId=upload)["StorageClass"] == "ONEZONE_IA"
    tag = s3.upload_part(**names, UploadId=upload, PartNumber=1, Body=b"x")["ETag"]
    parts = {"Parts": [{"PartNumber": 1, "ETag": tag}]}
    s3.complete_multipart_upload(**names, UploadId=upload, MultipartUpload=parts)
    assert s3.head_object(**names)["StorageClass"] == "ONEZONE_IA"


def test_a_copy_is_standard_unless_told_otherwise(s3: Any, bucket: str) -> None:
    s3.put_object(Bucket=bucket, Key="k", Body=b"x", StorageClass="STANDARD_IA")
    s3.copy_object(Bucket=bucket, Key="to", CopySource=f"{bucket}/k")
    assert "StorageClass" not in s3.head_object(Bucket=bucket, Key="to")
    s3.copy_object(Bucket=bucket, Key="k", CopySource=f"{bucket}/k", StorageClass="GLACIER_IR")
    assert s3.head_object(Bucket=bucket, Key="k")["StorageClass"] == "GLACIER_IR"


@pytest.mark.parametrize("name", ARCHIVED)
def test_archived_until_restored(s3: Any, bucket: str, name: str) -> None:
    s3.put_object(Bucket=bucket, Key="k", Body=b"x", StorageClass=name)
    for read in (
        lambda: s3.get_object(Bucket=bucket, Key="k"),
        lambda: s3.copy_object(Bucket=bucket, Key="to", CopySource=f"{bucket}/k"),
    ):
        with api_error("InvalidObjectState", 403) as caught:
            read()
        assert caught.value.response["Error"]["StorageClass"] == name
    assert "Restore" not in s3.head_object(Bucket=bucket, Key="k")
    request = {"Days": 1, "GlacierJobParameters": {"Tier": "Standard"}}
    first = s3.restore_object(Bucket=bucket, Key="k", RestoreRequest=request)
    assert first["ResponseMetadata"]["HTTPStatusCode"] == 202
    again = s3.restore_object(Bucket=bucket, Key="k", RestoreRequest=request)
    assert again["ResponseMetadata"]["HTTPStatusCode"] == 200
    head = s3.head_object(Bucket=bucket, Key="k")
    assert head["Restore"].startswith('ongoing-request="false", expiry-date="')
    assert head["StorageClass"] == name
    assert s3.get_object(Bucket=bucket, Key="k")["Body"].read() == b"x"


def test_only_archived_objects_are_restored(s3: Any, bucket: str) -> None:
    s3.put_object(Bucket=bucket, Key="k", Body=b"x", StorageClass="GLACIER_IR")
    with api_error("InvalidObjectState", 403):
        s3.restore_object(Bucket=bucket, Key="k", RestoreRequest={"Days": 1})
    with api_error("NoSuchKey", 404):
        s3.restore_object(Bucket=bucket, Key="absent", RestoreRequest={"Days": 1})


def test_classes_that_no_bucket_of_this_kind_has(s3: Any, bucket: str) -> None:
    for name in ("OUTPOSTS", "SNOW", "EXPRESS_ONEZONE", "standard"):
        with api_error("InvalidStorageClass", 400):
            s3.put_object(Bucket=bucket, Key="k", Body=b"x", StorageClass=name)
        with api_error("InvalidStorageClass", 400):
            s3.create_multipart_upload(Bucket=bucket, Key="k", StorageClass=name)
