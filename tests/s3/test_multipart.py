"""Multipart uploads: create, upload parts, complete, abort, and both listings."""

from __future__ import annotations

import hashlib
import os
from typing import Any

import pytest

from tools.harness.expect import api_error

pytestmark = pytest.mark.core

PART = 5 * 1024 * 1024


class Upload:
    """One open upload of key `k`."""

    def __init__(self, s3: Any, bucket: str, key: str = "k", **settings: Any) -> None:
        self.s3 = s3
        self.names = {"Bucket": bucket, "Key": key}
        self.id = s3.create_multipart_upload(**self.names, **settings)["UploadId"]

    def part(self, number: int, body: bytes, **settings: Any) -> dict[str, Any]:
        answer = self.s3.upload_part(**self.names, UploadId=self.id, PartNumber=number, Body=body, **settings)
        return {"PartNumber": number, "ETag": answer["ETag"]}

    def complete(self, parts: list[dict[str, Any]], **settings: Any) -> dict[str, Any]:
        return self.s3.complete_multipart_upload(
            **self.names, UploadId=self.id, MultipartUpload={"Parts": parts}, **settings
        )

    def abort(self) -> None:
        self.s3.abort_multipart_upload(**self.names, UploadId=self.id)

    def parts(self, **settings: Any) -> dict[str, Any]:
        return self.s3.list_parts(**self.names, UploadId=self.id, **settings)


def multipart_etag(*bodies: bytes) -> str:
    joined = b"".join(hashlib.md5(body).digest() for body in bodies)
    return f'"{hashlib.md5(joined).hexdigest()}-{len(bodies)}"'


def test_three_parts(s3: Any, bucket: str) -> None:
    bodies = [os.urandom(PART), os.urandom(PART + 17), b"the end"]
    upload = Upload(s3, bucket, ContentType="text/x-big", Metadata={"a": "1"})
    parts = [upload.part(number, body) for number, body in enumerate(bodies, 1)]
    with api_error("404", 404):
        s3.head_object(**upload.names)  # nothing to see before the end
    answer = upload.complete(parts)
    assert answer["ETag"] == multipart_etag(*bodies)
    assert (answer["Bucket"], answer["Key"]) == (bucket, "k")
    got = s3.get_object(**upload.names)
    assert got["Body"].read() == b"".join(bodies)
    assert (got["ETag"], got["ContentType"], got["Metadata"]) == (answer["ETag"], "text/x-big", {"a": "1"})


def test_parts_in_any_order_and_with_gaps(s3: Any, bucket: str) -> None:
    bodies = {10_000: b"end", 2: os.urandom(PART), 500: os.urandom(PART)}
    upload = Upload(s3, bucket)
    parts = [upload.part(number, body) for number, body in bodies.items()]
    upload.complete(sorted(parts, key=lambda part: part["PartNumber"]))
    assert s3.get_object(**upload.names)["Body"].read() == bodies[2] + bodies[500] + bodies[10_000]


def test_ranges_across_parts(s3: Any, bucket: str) -> None:
    bodies = [os.urandom(PART), os.urandom(PART), os.urandom(100)]
    whole = b"".join(bodies)
    upload = Upload(s3, bucket)
    upload.complete([upload.part(number, body) for number, body in enumerate(bodies, 1)])
    for first, last in ((PART - 3, PART + 3), (0, PART), (PART - 1, 2 * PART), (2 * PART + 99, 2 * PART + 99)):
        got = s3.get_object(**upload.names, Range=f"bytes={first}-{last}")
        assert got["Body"].read() == whole[first : last + 1]


def test_reading_one_part(s3: Any, bucket: str) -> None:
    bodies = [os.urandom(PART), b"second"]
    upload = Upload(s3, bucket)
    upload.complete([upload.part(number, body) for number, body in enumerate(bodies, 1)])
    got = s3.get_object(**upload.names, PartNumber=2)
    assert (got["Body"].read(), got["PartsCount"]) == (b"second", 2)
    assert got["ContentRange"] == f"bytes {PART}-{PART + 5}/{PART + 6}"
    assert s3.head_object(**upload.names, PartNumber=1)["ContentLength"] == PART
    with api_error("InvalidPartNumber", 416):
        s3.get_object(**upload.names, PartNumber=3)


def test_a_part_sent_again_replaces_the_first(s3: Any, bucket: str) -> None:
    upload = Upload(s3, bucket)
    old = upload.part(1, b"old")
    new = upload.part(1, b"new")
    assert len(upload.parts()["Parts"]) == 1
    with api_error("InvalidPart", 400):
        upload.complete([old])
    upload.complete([new])
    assert s3.get_object(**upload.names)["Body"].read() == b"new"


def test_parts_left_out_are_dropped(s3: Any, bucket: str) -> None:
    upload = Upload(s3, bucket)
    parts = [upload.part(number, body) for number, body in ((1, b"x" * PART), (2, b"y" * PART), (3, b"z"))]
    upload.complete([parts[0], parts[2]])
    assert s3.get_object(**upload.names)["Body"].read() == b"x" * PART + b"z"


def test_small_parts_before_the_last_are_refused(s3: Any, bucket: str) -> None:
    upload = Upload(s3, bucket)
    parts = [upload.part(1, b"small"), upload.part(2, b"last")]
    with api_error("EntityTooSmall", 400):
        upload.complete(parts)
    assert len(upload.parts()["Parts"]) == 2  # still open


def test_order_of_the_list_matters(s3: Any, bucket: str) -> None:
    upload = Upload(s3, bucket)
    parts = [upload.part(1, b"x" * PART), upload.part(2, b"last")]
    with api_error("InvalidPartOrder", 400):
        upload.complete(list(reversed(parts)))
    with api_error("InvalidPartOrder", 400):
        upload.complete([parts[0], parts[0]])


def test_unknown_part_or_tag(s3: Any, bucket: str) -> None:
    upload = Upload(s3, bucket)
    part = upload.part(1, b"x" * PART)
    with api_error("InvalidPart", 400):
        upload.complete([part, {"PartNumber": 2, "ETag": part["ETag"]}])
    with api_error("InvalidPart", 400):
        upload.complete([{"PartNumber": 1, "ETag": '"00000000000000000000000000000000"'}])


def test_completing_without_parts(s3: Any, bucket: str) -> None:
    upload = Upload(s3, bucket)
    with api_error("MalformedXML", 400):
        upload.complete([])
    with api_error("InvalidRequest", 400) as caught:  # no document at all
        s3.complete_multipart_upload(**upload.names, UploadId=upload.id)
    assert caught.value.response["Error"]["Message"] == "You must specify at least one part"


@pytest.mark.parametrize("number", [0, -1, 10_001])
def test_part_numbers_have_limits(s3: Any, bucket: str, number: int) -> None:
    upload = Upload(s3, bucket)
    with api_error("InvalidArgument", 400):
        upload.part(number, b"x")


def test_complete_again_answers_the_same(s3: Any, bucket: str) -> None:
    upload = Upload(s3, bucket)
    parts = [upload.part(1, b"x")]
    first = upload.complete(parts)
    assert upload.complete(parts)["ETag"] == first["ETag"]


def test_what_a_completed_upload_no_longer_takes(s3: Any, bucket: str) -> None:
    upload = Upload(s3, bucket)
    upload.complete([upload.part(1, b"x")])
    with api_error("NoSuchUpload", 404):
        upload.part(2, b"y")
    with api_error("NoSuchUpload", 404):
        upload.parts()


def test_abort(s3: Any, bucket: str) -> None:
    upload = Upload(s3, bucket)
    part = upload.part(1, b"x")
    upload.abort()
    for call in (lambda: upload.part(2, b"y"), lambda: upload.complete([part]), upload.parts, upload.abort):
        with api_error("NoSuchUpload", 404):
            call()
    assert "Uploads" not in s3.list_multipart_uploads(Bucket=bucket)


def test_abort_leaves_the_object_of_that_key(s3: Any, bucket: str) -> None:
    s3.put_object(Bucket=bucket, Key="k", Body=b"kept")
    upload = Upload(s3, bucket)
    upload.part(1, b"x")
    upload.abort()
    assert s3.get_object(Bucket=bucket, Key="k")["Body"].read() == b"kept"


def test_an_upload_belongs_to_its_key(s3: Any, bucket: str) -> None:
    upload = Upload(s3, bucket)
    with api_error("NoSuchUpload", 404):
        s3.upload_part(Bucket=bucket, Key="other", UploadId=upload.id, PartNumber=1, Body=b"x")
    with api_error("NoSuchUpload", 404):
        s3.upload_part(Bucket=bucket, Key="k", UploadId="made-up", PartNumber=1, Body=b"x")


def test_wrong_checksum_of_a_part_stores_nothing(s3: Any, bucket: str) -> None:
    upload = Upload(s3, bucket)
    with api_error("BadDigest", 400):
        upload.part(1, b"x", ChecksumCRC32="AAAAAA==")
    assert "Parts" not in upload.parts()


def test_complete_only_if_absent(s3: Any, bucket: str) -> None:
    s3.put_object(Bucket=bucket, Key="k", Body=b"there")
    upload = Upload(s3, bucket)
    parts = [upload.part(1, b"x")]
    with api_error("PreconditionFailed", 412):
        upload.complete(parts, IfNoneMatch="*")
    assert s3.get_object(Bucket=bucket, Key="k")["Body"].read() == b"there"


@pytest.mark.parametrize("algorithm", ["CRC32", "CRC32C", "SHA1", "SHA256"])
def test_composite_checksums(s3: Any, bucket: str, algorithm: str) -> None:
    upload = Upload(s3, bucket, ChecksumAlgorithm=algorithm)
    name = f"Checksum{algorithm}"
    parts = []
    for number, body in ((1, b"x" * PART), (2, b"end")):
        answer = s3.upload_part(
            **upload.names, UploadId=upload.id, PartNumber=number, Body=body, ChecksumAlgorithm=algorithm
        )
        parts.append({"PartNumber": number, "ETag": answer["ETag"], name: answer[name]})
    completed = upload.complete(parts)
    assert completed[name].endswith("-2")
    head = s3.head_object(**upload.names, ChecksumMode="ENABLED")
    assert (head[name], head["ChecksumType"]) == (completed[name], "COMPOSITE")
    got = s3.get_object(**upload.names, PartNumber=2, ChecksumMode="ENABLED")
    assert (got[name], got["ChecksumType"]) == (parts[1][name], "COMPOSITE")  # the part's own
    assert got["Body"].read() == b"end"


def test_full_object_checksum(s3: Any, bucket: str) -> None:
    upload = Upload(s3, bucket, ChecksumAlgorithm="CRC64NVME", ChecksumType="FULL_OBJECT")
    bodies = (b"x" * PART, b"end")
    parts = [upload.part(number, body, ChecksumAlgorithm="CRC64NVME") for number, body in enumerate(bodies, 1)]
    upload.complete(parts)
    head = s3.head_object(**upload.names, ChecksumMode="ENABLED")
    assert head["ChecksumType"] == "FULL_OBJECT"
    s3.put_object(Bucket=bucket, Key="same", Body=b"".join(bodies), ChecksumAlgorithm="CRC64NVME")
    same = s3.head_object(Bucket=bucket, Key="same", ChecksumMode="ENABLED")
    assert head["ChecksumCRC64NVME"] == same["ChecksumCRC64NVME"]
    part = s3.head_object(**upload.names, PartNumber=2, ChecksumMode="ENABLED")
    assert "ChecksumCRC64NVME" not in part
    assert "ChecksumType" not in part


def test_list_parts(s3: Any, bucket: str) -> None:
    upload = Upload(s3, bucket)
    for number in (3, 1, 7):
        upload.part(number, b"x" * number)
    listing = upload.parts()
    assert [(part["PartNumber"], part["Size"]) for part in listing["Parts"]] == [(1, 1), (3, 3), (7, 7)]
    assert listing["Parts"][0]["ETag"] == f'"{hashlib.md5(b"x").hexdigest()}"'
    assert (listing["UploadId"], listing["Key"], listing["StorageClass"]) == (upload.id, "k", "STANDARD")


def test_list_parts_in_pages(s3: Any, bucket: str) -> None:
    upload = Upload(s3, bucket)
    for number in range(1, 6):
        upload.part(number, b"x")
    first = upload.parts(MaxParts=2)
    assert (first["IsTruncated"], first["NextPartNumberMarker"]) == (True, 2)
    second = upload.parts(MaxParts=3, PartNumberMarker=2)
    assert [part["PartNumber"] for part in second["Parts"]] == [3, 4, 5]
    assert second["IsTruncated"] is False


def test_list_uploads(s3: Any, bucket: str) -> None:
    uploads = [Upload(s3, bucket, key) for key in ("b", "a", "a", "dir/x", "dir/y")]
    listing = s3.list_multipart_uploads(Bucket=bucket)
    assert [entry["Key"] for entry in listing["Uploads"]] == ["a", "a", "b", "dir/x", "dir/y"]
    assert {entry["UploadId"] for entry in listing["Uploads"]} == {upload.id for upload in uploads}
    rolled = s3.list_multipart_uploads(Bucket=bucket, Delimiter="/")
    assert [entry["Prefix"] for entry in rolled["CommonPrefixes"]] == ["dir/"]
    assert len(rolled["Uploads"]) == 3
    some = s3.list_multipart_uploads(Bucket=bucket, Prefix="dir/")
    assert [entry["Key"] for entry in some["Uploads"]] == ["dir/x", "dir/y"]


def test_list_uploads_in_pages(s3: Any, bucket: str) -> None:
    wanted = {(key, Upload(s3, bucket, key).id) for key in ("a", "a", "a", "b", "c")}
    found: list[tuple[str, str]] = []
    markers: dict[str, str] = {}
    while True:
        page = s3.list_multipart_uploads(Bucket=bucket, MaxUploads=2, **markers)
        found += [(entry["Key"], entry["UploadId"]) for entry in page["Uploads"]]
        if not page["IsTruncated"]:
            break
        markers = {"KeyMarker": page["NextKeyMarker"], "UploadIdMarker": page["NextUploadIdMarker"]}
    assert len(found) == 5
    assert set(found) == wanted


def test_uploads_into_a_missing_bucket(s3: Any, bucket_name: str) -> None:
    with api_error("NoSuchBucket", 404):
        s3.create_multipart_upload(Bucket=bucket_name, Key="k")
    with api_error("NoSuchBucket", 404):
        s3.list_multipart_uploads(Bucket=bucket_name)
