"""Buckets that keep versions: what is kept, what hides it, what brings it back."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from tools.harness.expect import api_error

pytestmark = pytest.mark.core

PART = 5 * 1024 * 1024


def set_versioning(s3: Any, bucket: str, status: str) -> None:
    s3.put_bucket_versioning(Bucket=bucket, VersioningConfiguration={"Status": status})


def read(s3: Any, bucket: str, **which: Any) -> bytes:
    return s3.get_object(Bucket=bucket, Key="k", **which)["Body"].read()


def test_a_new_bucket_never_had_versions(s3: Any, bucket: str) -> None:
    answer = s3.get_bucket_versioning(Bucket=bucket)
    assert "Status" not in answer
    assert "MFADelete" not in answer
    put = s3.put_object(Bucket=bucket, Key="k", Body=b"x")
    assert "VersionId" not in put
    assert "VersionId" not in s3.head_object(Bucket=bucket, Key="k")


@pytest.mark.parametrize("status", ["Enabled", "Suspended"])
def test_the_status_is_told(s3: Any, bucket: str, status: str) -> None:
    set_versioning(s3, bucket, status)
    assert s3.get_bucket_versioning(Bucket=bucket)["Status"] == status


def test_mfa_delete_is_told_once_it_was_named(s3: Any, bucket: str) -> None:
    """Terraform plans a change for as long as it isn't."""
    s3.put_bucket_versioning(Bucket=bucket, VersioningConfiguration={"Status": "Enabled", "MFADelete": "Disabled"})
    assert s3.get_bucket_versioning(Bucket=bucket)["MFADelete"] == "Disabled"
    set_versioning(s3, bucket, "Suspended")
    assert s3.get_bucket_versioning(Bucket=bucket)["MFADelete"] == "Disabled"


def test_a_status_that_isn_t_one(s3: Any, bucket: str) -> None:
    with api_error("MalformedXML", 400):
        set_versioning(s3, bucket, "enabled")
    with api_error("IllegalVersioningConfigurationException", 400):
        s3.put_bucket_versioning(Bucket=bucket, VersioningConfiguration={})
    with api_error("NotImplemented", 501):
        s3.put_bucket_versioning(Bucket=bucket, VersioningConfiguration={"Status": "Enabled", "MFADelete": "Enabled"})


def test_each_write_is_a_version(s3: Any, versioned: str) -> None:
    ids = [s3.put_object(Bucket=versioned, Key="k", Body=str(n).encode())["VersionId"] for n in range(3)]
    assert len(set(ids)) == 3
    for number, version in enumerate(ids):
        got = s3.get_object(Bucket=versioned, Key="k", VersionId=version)
        assert (got["Body"].read(), got["VersionId"]) == (str(number).encode(), version)
        assert s3.head_object(Bucket=versioned, Key="k", VersionId=version)["ContentLength"] == 1
    assert s3.get_object(Bucket=versioned, Key="k")["VersionId"] == ids[-1]


def test_copies_and_uploads_are_versions_too(s3: Any, versioned: str) -> None:
    first = s3.put_object(Bucket=versioned, Key="k", Body=b"first")["VersionId"]
    copied = s3.copy_object(Bucket=versioned, Key="other", CopySource=f"{versioned}/k")
    assert copied["CopySourceVersionId"] == first
    upload = s3.create_multipart_upload(Bucket=versioned, Key="k")["UploadId"]
    names = {"Bucket": versioned, "Key": "k", "UploadId": upload}
    tag = s3.upload_part(**names, PartNumber=1, Body=b"in parts")["ETag"]
    done = s3.complete_multipart_upload(**names, MultipartUpload={"Parts": [{"PartNumber": 1, "ETag": tag}]})
    assert len({first, copied["VersionId"], done["VersionId"]}) == 3
    assert read(s3, versioned) == b"in parts"
    assert read(s3, versioned, VersionId=first) == b"first"


def test_an_old_version_is_restored_by_a_copy(s3: Any, versioned: str) -> None:
    old = s3.put_object(Bucket=versioned, Key="k", Body=b"old", Metadata={"a": "1"})["VersionId"]
    s3.put_object(Bucket=versioned, Key="k", Body=b"new")
    copy = s3.copy_object(Bucket=versioned, Key="k", CopySource={"Bucket": versioned, "Key": "k", "VersionId": old})
    assert copy["CopySourceVersionId"] == old
    got = s3.get_object(Bucket=versioned, Key="k")
    assert (got["Body"].read(), got["Metadata"], got["VersionId"]) == (b"old", {"a": "1"}, copy["VersionId"])


def test_a_delete_hides_and_its_delete_shows_again(s3: Any, versioned: str) -> None:
    version = s3.put_object(Bucket=versioned, Key="k", Body=b"x")["VersionId"]
    marker = s3.delete_object(Bucket=versioned, Key="k")
    assert marker["DeleteMarker"] is True
    with api_error("NoSuchKey", 404) as caught:
        s3.get_object(Bucket=versioned, Key="k")
    headers = caught.value.response["ResponseMetadata"]["HTTPHeaders"]
    assert (headers["x-amz-delete-marker"], headers["x-amz-version-id"]) == ("true", marker["VersionId"])
    with api_error("404", 404):
        s3.head_object(Bucket=versioned, Key="k")
    assert "Contents" not in s3.list_objects_v2(Bucket=versioned)
    assert read(s3, versioned, VersionId=version) == b"x"
    undone = s3.delete_object(Bucket=versioned, Key="k", VersionId=marker["VersionId"])
    assert (undone["DeleteMarker"], undone["VersionId"]) == (True, marker["VersionId"])
    assert read(s3, versioned) == b"x"


def test_a_marker_is_no_object(s3: Any, versioned: str) -> None:
    marker = s3.delete_object(Bucket=versioned, Key="k")["VersionId"]  # of a key that never was
    for call, code in ((s3.get_object, "MethodNotAllowed"), (s3.head_object, "405")):
        with api_error(code, 405) as caught:
            call(Bucket=versioned, Key="k", VersionId=marker)
        headers = caught.value.response["ResponseMetadata"]["HTTPHeaders"]
        assert headers["x-amz-delete-marker"] == "true"
        assert headers["allow"] == "DELETE"
        assert "last-modified" in headers
    with api_error("InvalidRequest", 400):
        s3.copy_object(Bucket=versioned, Key="to", CopySource={"Bucket": versioned, "Key": "k", "VersionId": marker})


def test_a_version_deleted_for_good(s3: Any, versioned: str) -> None:
    ids = [s3.put_object(Bucket=versioned, Key="k", Body=str(n).encode())["VersionId"] for n in range(3)]
    gone = s3.delete_object(Bucket=versioned, Key="k", VersionId=ids[2])
    assert gone["VersionId"] == ids[2]
    assert "DeleteMarker" not in gone
    assert read(s3, versioned) == b"1"
    s3.delete_object(Bucket=versioned, Key="k", VersionId=ids[0])
    with api_error("NoSuchVersion", 404):
        read(s3, versioned, VersionId=ids[0])
    # Nothing of that id: no error, no marker.
    again = s3.delete_object(Bucket=versioned, Key="k", VersionId=ids[0])
    assert "DeleteMarker" not in again
    s3.delete_object(Bucket=versioned, Key="k", VersionId=ids[1])
    with api_error("NoSuchKey", 404):
        read(s3, versioned)


def test_version_ids_that_can_t_be(s3: Any, versioned: str) -> None:
    s3.put_object(Bucket=versioned, Key="k", Body=b"x")
    with api_error("InvalidArgument", 400):
        read(s3, versioned, VersionId="short")
    with api_error("NoSuchVersion", 404):
        read(s3, versioned, VersionId="null")


def test_what_was_there_before_is_the_null_version(s3: Any, bucket: str) -> None:
    s3.put_object(Bucket=bucket, Key="k", Body=b"before")
    set_versioning(s3, bucket, "Enabled")
    assert s3.head_object(Bucket=bucket, Key="k")["VersionId"] == "null"
    s3.put_object(Bucket=bucket, Key="k", Body=b"after")
    assert read(s3, bucket, VersionId="null") == b"before"
    assert read(s3, bucket) == b"after"


def test_suspended_writes_replace_the_null_version_only(s3: Any, versioned: str) -> None:
    kept = s3.put_object(Bucket=versioned, Key="k", Body=b"kept")["VersionId"]
    set_versioning(s3, versioned, "Suspended")
    for body in (b"one", b"two"):
        s3.put_object(Bucket=versioned, Key="k", Body=body)
    assert s3.head_object(Bucket=versioned, Key="k")["VersionId"] == "null"
    versions = s3.list_object_versions(Bucket=versioned)["Versions"]
    assert [(v["VersionId"], v["IsLatest"]) for v in versions] == [("null", True), (kept, False)]
    marker = s3.delete_object(Bucket=versioned, Key="k")
    assert (marker["DeleteMarker"], marker["VersionId"]) == (True, "null")
    assert read(s3, versioned, VersionId=kept) == b"kept"
    with api_error("MethodNotAllowed", 405):
        read(s3, versioned, VersionId="null")
    s3.delete_object(Bucket=versioned, Key="k", VersionId="null")
    assert read(s3, versioned) == b"kept"


def test_many_versions_go_at_once(s3: Any, versioned: str) -> None:
    ids = [s3.put_object(Bucket=versioned, Key="k", Body=b"x")["VersionId"] for _ in range(3)]
    answer = s3.delete_objects(
        Bucket=versioned,
        Delete={"Objects": [{"Key": "k", "VersionId": ids[0]}, {"Key": "k"}, {"Key": "never"}]},
    )
    by_key = {(entry["Key"], entry.get("VersionId")): entry for entry in answer["Deleted"]}
    assert "DeleteMarker" not in by_key["k", ids[0]]
    assert by_key["k", None]["DeleteMarker"] is True
    assert by_key["never", None]["DeleteMarker"] is True
    marker = by_key["k", None]["DeleteMarkerVersionId"]
    answer = s3.delete_objects(Bucket=versioned, Delete={"Objects": [{"Key": "k", "VersionId": marker}]})
    [entry] = answer["Deleted"]
    assert (entry["DeleteMarker"], entry["DeleteMarkerVersionId"], entry["VersionId"]) == (True, marker, marker)
    assert read(s3, versioned, VersionId=ids[2]) == b"x"


def test_a_bucket_with_versions_isn_t_empty(s3: Any, versioned: str) -> None:
    version = s3.put_object(Bucket=versioned, Key="k", Body=b"x")["VersionId"]
    marker = s3.delete_object(Bucket=versioned, Key="k")["VersionId"]
    for left in (version, marker):
        with api_error("BucketNotEmpty", 409):
            s3.delete_bucket(Bucket=versioned)
        s3.delete_object(Bucket=versioned, Key="k", VersionId=left)
    s3.delete_bucket(Bucket=versioned)


def test_parts_of_old_versions(s3: Any, versioned: str) -> None:
    upload = s3.create_multipart_upload(Bucket=versioned, Key="k")["UploadId"]
    names = {"Bucket": versioned, "Key": "k", "UploadId": upload}
    bodies = [bytes(PART), b"end"]
    parts = [
        {"PartNumber": n, "ETag": s3.upload_part(**names, PartNumber=n, Body=body)["ETag"]}
        for n, body in enumerate(bodies, 1)
    ]
    version = s3.complete_multipart_upload(**names, MultipartUpload={"Parts": parts})["VersionId"]
    s3.put_object(Bucket=versioned, Key="k", Body=b"new")
    assert read(s3, versioned, VersionId=version, PartNumber=2) == b"end"
    assert read(s3, versioned, VersionId=version, Range=f"bytes={PART - 1}-") == b"\0end"
    with api_error("InvalidPartNumber", 416):
        read(s3, versioned, VersionId=version, PartNumber=3)


def test_no_write_of_many_is_lost(s3: Any, versioned: str) -> None:
    def write(number: int) -> str:
        return s3.put_object(Bucket=versioned, Key="k", Body=str(number).encode())["VersionId"]

    with ThreadPoolExecutor(8) as pool:
        ids = list(pool.map(write, range(40)))
    listed = s3.list_object_versions(Bucket=versioned)["Versions"]
    assert {entry["VersionId"] for entry in listed} == set(ids)
    assert [entry["IsLatest"] for entry in listed] == [True] + [False] * 39
    for number, version in enumerate(ids):
        assert read(s3, versioned, VersionId=version) == str(number).encode()


def test_deletes_of_versions_by_many(s3: Any, versioned: str) -> None:
    """Whichever goes first: in the end the newest one that is left is current."""
    ids = [s3.put_object(Bucket=versioned, Key="k", Body=str(n).encode())["VersionId"] for n in range(20)]
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda v: s3.delete_object(Bucket=versioned, Key="k", VersionId=v), ids[1:]))
    assert read(s3, versioned) == b"0"
    assert len(s3.list_object_versions(Bucket=versioned)["Versions"]) == 1
