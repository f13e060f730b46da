"""Conditions on deletes, completes and copies: what they hold back, and that of many who race one wins."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from typing import Any

import pytest
from botocore.exceptions import ClientError

from tools.harness.expect import api_error
from tools.harness.server import Server
from tools.harness.signing import Signer, send

pytestmark = pytest.mark.core

LONG_AGO = datetime(2015, 1, 1, tzinfo=UTC)


def outcome(call: Any, **arguments: Any) -> int:
    try:
        return call(**arguments)["ResponseMetadata"]["HTTPStatusCode"]
    except ClientError as error:
        return error.response["ResponseMetadata"]["HTTPStatusCode"]


def exists(s3: Any, bucket: str, key: str = "k") -> bool:
    return "Contents" in s3.list_objects_v2(Bucket=bucket, Prefix=key)


def test_delete_only_what_one_knows(s3: Any, bucket: str) -> None:
    tag = s3.put_object(Bucket=bucket, Key="k", Body=b"1")["ETag"]
    with api_error("PreconditionFailed", 412) as caught:
        s3.delete_object(Bucket=bucket, Key="k", IfMatch='"other"')
    assert caught.value.response["Error"]["Condition"] == "If-Match"
    assert exists(s3, bucket)
    s3.delete_object(Bucket=bucket, Key="k", IfMatch=tag)
    assert not exists(s3, bucket)


def test_delete_only_if_there(s3: Any, bucket: str) -> None:
    s3.put_object(Bucket=bucket, Key="k", Body=b"1")
    s3.delete_object(Bucket=bucket, Key="k", IfMatch="*")
    for wanted in ("*", '"tag"'):
        with api_error("NoSuchKey", 404):
            s3.delete_object(Bucket=bucket, Key="k", IfMatch=wanted)


def test_a_delete_marker_is_nothing_to_match(s3: Any, versioned: str) -> None:
    tag = s3.put_object(Bucket=versioned, Key="k", Body=b"1")["ETag"]
    assert s3.delete_object(Bucket=versioned, Key="k", IfMatch=tag)["DeleteMarker"] is True
    for wanted in ("*", tag):
        with api_error("NoSuchKey", 404):
            s3.delete_object(Bucket=versioned, Key="k", IfMatch=wanted)
    assert len(s3.list_object_versions(Bucket=versioned)["DeleteMarkers"]) == 1


def test_a_condition_is_for_the_current_version(s3: Any, versioned: str) -> None:
    put = s3.put_object(Bucket=versioned, Key="k", Body=b"1")
    with api_error("NotImplemented", 501):
        s3.delete_object(Bucket=versioned, Key="k", VersionId=put["VersionId"], IfMatch=put["ETag"])
    assert exists(s3, versioned)


def test_delete_by_size_and_time(s3: Any, bucket: str) -> None:
    """S3 has these in directory buckets only; here in every one."""
    s3.put_object(Bucket=bucket, Key="k", Body=b"12345")
    modified = s3.head_object(Bucket=bucket, Key="k")["LastModified"]
    for condition in (
        {"IfMatchSize": 4},
        {"IfMatchLastModifiedTime": LONG_AGO},
        {"IfMatchSize": 5, "IfMatchLastModifiedTime": LONG_AGO},
        {"IfMatchSize": 5, "IfMatch": '"other"'},
    ):
        with api_error("PreconditionFailed", 412):
            s3.delete_object(Bucket=bucket, Key="k", **condition)
    assert exists(s3, bucket)
    s3.delete_object(Bucket=bucket, Key="k", IfMatchSize=5, IfMatchLastModifiedTime=modified)
    assert not exists(s3, bucket)
    # What isn't there has neither.
    s3.delete_object(Bucket=bucket, Key="k", IfMatchSize=5, IfMatchLastModifiedTime=LONG_AGO)


def test_each_key_of_many_has_its_own(s3: Any, bucket: str) -> None:
    tags = {key: s3.put_object(Bucket=bucket, Key=key, Body=key.encode())["ETag"] for key in "abcd"}
    modified = s3.head_object(Bucket=bucket, Key="d")["LastModified"]
    answer = s3.delete_objects(
        Bucket=bucket,
        Delete={
            "Objects": [
                {"Key": "a", "ETag": tags["a"]},
                {"Key": "b", "ETag": tags["a"]},
                {"Key": "c", "Size": 2},
                {"Key": "d", "Size": 1, "LastModifiedTime": modified},
                {"Key": "absent", "ETag": tags["a"]},
                {"Key": "gone", "LastModifiedTime": LONG_AGO},
            ]
        },
    )
    assert sorted(entry["Key"] for entry in answer["Deleted"]) == ["a", "d", "gone"]
    assert {entry["Key"]: entry["Code"] for entry in answer["Errors"]} == {
        "b": "PreconditionFailed",
        "c": "PreconditionFailed",
        "absent": "NoSuchKey",
    }
    assert [entry["Key"] for entry in s3.list_objects_v2(Bucket=bucket)["Contents"]] == ["b", "c"]


def test_abort_by_time(s3: Any, bucket: str) -> None:
    names = {"Bucket": bucket, "Key": "k"}
    names["UploadId"] = s3.create_multipart_upload(**names)["UploadId"]
    with api_error("PreconditionFailed", 412):
        s3.abort_multipart_upload(**names, IfMatchInitiatedTime=LONG_AGO)
    [upload] = s3.list_multipart_uploads(Bucket=bucket)["Uploads"]
    s3.abort_multipart_upload(**names, IfMatchInitiatedTime=upload["Initiated"])
    assert "Uploads" not in s3.list_multipart_uploads(Bucket=bucket)


def start_upload(s3: Any, bucket: str, body: bytes) -> dict[str, Any]:
    """What completing it takes."""
    names = {"Bucket": bucket, "Key": "k"}
    names["UploadId"] = s3.create_multipart_upload(**names)["UploadId"]
    tag = s3.upload_part(**names, PartNumber=1, Body=body)["ETag"]
    return names | {"MultipartUpload": {"Parts": [{"PartNumber": 1, "ETag": tag}]}}


def test_complete_only_over_what_one_knows(s3: Any, bucket: str) -> None:
    upload = start_upload(s3, bucket, b"new")
    with api_error("NoSuchKey", 404):
        s3.complete_multipart_upload(**upload, IfMatch='"tag"')
    tag = s3.put_object(Bucket=bucket, Key="k", Body=b"old")["ETag"]
    with api_error("PreconditionFailed", 412):
        s3.complete_multipart_upload(**upload, IfMatch='"tag"')
    with api_error("PreconditionFailed", 412):
        s3.complete_multipart_upload(**upload, IfNoneMatch="*")
    assert s3.get_object(Bucket=bucket, Key="k")["Body"].read() == b"old"
    s3.complete_multipart_upload(**upload, IfMatch=tag)
    assert s3.get_object(Bucket=bucket, Key="k")["Body"].read() == b"new"


def test_copy_only_over_what_one_knows(s3: Any, bucket: str) -> None:
    s3.put_object(Bucket=bucket, Key="from", Body=b"new")
    copy = {"Bucket": bucket, "Key": "k", "CopySource": f"{bucket}/from"}
    with api_error("NoSuchKey", 404):
        s3.copy_object(**copy, IfMatch='"tag"')
    tag = s3.put_object(Bucket=bucket, Key="k", Body=b"old")["ETag"]
    with api_error("PreconditionFailed", 412):
        s3.copy_object(**copy, IfMatch='"tag"')
    with api_error("PreconditionFailed", 412):
        s3.copy_object(**copy, IfNoneMatch="*")
    assert s3.get_object(Bucket=bucket, Key="k")["Body"].read() == b"old"
    s3.copy_object(**copy, IfMatch=tag)
    assert s3.get_object(Bucket=bucket, Key="k")["Body"].read() == b"new"


def test_absent_is_also_what_was_deleted(s3: Any, versioned: str) -> None:
    tag = s3.put_object(Bucket=versioned, Key="k", Body=b"1")["ETag"]
    s3.delete_object(Bucket=versioned, Key="k")
    with api_error("NoSuchKey", 404):
        s3.put_object(Bucket=versioned, Key="k", Body=b"2", IfMatch=tag)
    s3.put_object(Bucket=versioned, Key="k", Body=b"3", IfNoneMatch="*")
    assert s3.get_object(Bucket=versioned, Key="k")["Body"].read() == b"3"


@pytest.mark.parametrize("kind", ["put", "copy", "complete"])
def test_only_one_of_many_creates(s3: Any, bucket: str, kind: str) -> None:
    racers = 16
    s3.put_object(Bucket=bucket, Key="from", Body=b"copied")
    uploads = [start_upload(s3, bucket, b"u") for _ in range(racers)] if kind == "complete" else []

    def create(number: int) -> int:
        if kind == "put":
            return outcome(s3.put_object, Bucket=bucket, Key="k", Body=str(number).encode(), IfNoneMatch="*")
        if kind == "copy":
            return outcome(s3.copy_object, Bucket=bucket, Key="k", CopySource=f"{bucket}/from", IfNoneMatch="*")
        return outcome(s3.complete_multipart_upload, **uploads[number], IfNoneMatch="*")

    with ThreadPoolExecutor(racers) as pool:
        results = list(pool.map(create, range(racers)))
    assert results.count(200) == 1
    assert set(results) <= {200, 409, 412}


def test_only_one_of_many_deletes(s3: Any, bucket: str) -> None:
    for race in range(5):
        tag = s3.put_object(Bucket=bucket, Key="k", Body=str(race).encode())["ETag"]
        with ThreadPoolExecutor(16) as pool:
            results = list(
                pool.map(lambda _, t=tag: outcome(s3.delete_object, Bucket=bucket, Key="k", IfMatch=t), range(16))
            )
        assert results.count(204) == 1
        assert set(results) <= {204, 404, 409}


def test_a_counter_in_a_versioned_bucket_loses_nothing(s3: Any, versioned: str) -> None:
    s3.put_object(Bucket=versioned, Key="n", Body=b"0")

    def add(times: int) -> None:
        done = 0
        while done < times:
            got = s3.get_object(Bucket=versioned, Key="n")
            body = str(int(got["Body"].read()) + 1).encode()
            status = outcome(s3.put_object, Bucket=versioned, Key="n", Body=body, IfMatch=got["ETag"])
            assert status in (200, 409, 412)
            done += status == 200

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(add, [10] * 4))
    assert s3.get_object(Bucket=versioned, Key="n")["Body"].read() == b"40"
    assert len(s3.list_object_versions(Bucket=versioned)["Versions"]) == 41


@pytest.mark.parametrize("form", ['"{}"', "{}", '"x", "{}"', "*", 'W/"{}"'])
def test_forms_of_a_tag(server: Server, s3: Any, bucket: str, form: str) -> None:
    tag = s3.put_object(Bucket=bucket, Key="k", Body=b"1")["ETag"].strip('"')
    headers = {"If-Match": form.format(tag)}
    assert send(server, Signer(server).sign("GET", f"/{bucket}/k", headers=headers)).status == 200
    headers = {"If-None-Match": form.format(tag)}
    assert send(server, Signer(server).sign("GET", f"/{bucket}/k", headers=headers)).status == 304
