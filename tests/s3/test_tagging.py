"""Tags of objects and buckets."""

from __future__ import annotations

from typing import Any

import pytest

from tools.harness.expect import api_error

pytestmark = pytest.mark.core


def tag_set(**tags: str) -> dict[str, Any]:
    return {"TagSet": [{"Key": key, "Value": value} for key, value in tags.items()]}


def tags_of(answer: dict[str, Any]) -> dict[str, str]:
    return {tag["Key"]: tag["Value"] for tag in answer["TagSet"]}


def object_tags(s3: Any, bucket: str, key: str = "k", **which: Any) -> dict[str, str]:
    return tags_of(s3.get_object_tagging(Bucket=bucket, Key=key, **which))


def test_put_get_delete(s3: Any, bucket: str) -> None:
    s3.put_object(Bucket=bucket, Key="k", Body=b"x")
    assert object_tags(s3, bucket) == {}
    s3.put_object_tagging(Bucket=bucket, Key="k", Tagging=tag_set(a="1", b=""))
    assert object_tags(s3, bucket) == {"a": "1", "b": ""}
    assert s3.head_object(Bucket=bucket, Key="k")["TagCount"] == 2
    s3.put_object_tagging(Bucket=bucket, Key="k", Tagging=tag_set(c="3"))
    assert object_tags(s3, bucket) == {"c": "3"}
    assert s3.delete_object_tagging(Bucket=bucket, Key="k")["ResponseMetadata"]["HTTPStatusCode"] == 204
    assert object_tags(s3, bucket) == {}
    assert "TagCount" not in s3.head_object(Bucket=bucket, Key="k")


def test_tags_do_not_touch_the_object(s3: Any, bucket: str) -> None:
    s3.put_object(Bucket=bucket, Key="k", Body=b"x", Metadata={"m": "1"})
    before = s3.head_object(Bucket=bucket, Key="k")
    s3.put_object_tagging(Bucket=bucket, Key="k", Tagging=tag_set(a="1"))
    after = s3.head_object(Bucket=bucket, Key="k")
    for name in ("ETag", "LastModified", "Metadata"):
        assert before[name] == after[name]


def test_tags_given_with_the_object(s3: Any, bucket: str) -> None:
    s3.put_object(Bucket=bucket, Key="k", Body=b"x", Tagging="a=1&b%20c=d%2Be&empty=")
    assert object_tags(s3, bucket) == {"a": "1", "b c": "d+e", "empty": ""}
    s3.put_object(Bucket=bucket, Key="k", Body=b"x")
    assert object_tags(s3, bucket) == {}


def test_tags_given_with_an_upload(s3: Any, bucket: str) -> None:
    names = {"Bucket": bucket, "Key": "k"}
    upload = s3.create_multipart_upload(**names, Tagging="a=1")["UploadId"]
    tag = s3.upload_part(**names, UploadId=upload, PartNumber=1, Body=b"x")["ETag"]
    parts = {"Parts": [{"PartNumber": 1, "ETag": tag}]}
    s3.complete_multipart_upload(**names, UploadId=upload, MultipartUpload=parts)
    assert object_tags(s3, bucket) == {"a": "1"}


def test_copies_take_the_tags_along_or_other_ones(s3: Any, bucket: str) -> None:
    s3.put_object(Bucket=bucket, Key="k", Body=b"x", Tagging="a=1")
    s3.copy_object(Bucket=bucket, Key="same", CopySource=f"{bucket}/k", Tagging="b=2")
    assert object_tags(s3, bucket, "same") == {"a": "1"}
    s3.copy_object(Bucket=bucket, Key="other", CopySource=f"{bucket}/k", TaggingDirective="REPLACE", Tagging="b=2")
    assert object_tags(s3, bucket, "other") == {"b": "2"}
    s3.copy_object(Bucket=bucket, Key="none", CopySource=f"{bucket}/k", TaggingDirective="REPLACE")
    assert object_tags(s3, bucket, "none") == {}


def test_each_version_has_its_own(s3: Any, versioned: str) -> None:
    first = s3.put_object(Bucket=versioned, Key="k", Body=b"x", Tagging="v=1")["VersionId"]
    second = s3.put_object(Bucket=versioned, Key="k", Body=b"x", Tagging="v=2")["VersionId"]
    answer = s3.put_object_tagging(Bucket=versioned, Key="k", VersionId=first, Tagging=tag_set(v="one"))
    assert answer["VersionId"] == first
    assert object_tags(s3, versioned, VersionId=first) == {"v": "one"}
    assert object_tags(s3, versioned) == {"v": "2"}
    s3.delete_object_tagging(Bucket=versioned, Key="k")
    assert object_tags(s3, versioned, VersionId=second) == {}
    marker = s3.delete_object(Bucket=versioned, Key="k")["VersionId"]
    with api_error("MethodNotAllowed", 405):
        object_tags(s3, versioned, VersionId=marker)


def test_of_nothing(s3: Any, bucket: str) -> None:
    with api_error("NoSuchKey", 404):
        object_tags(s3, bucket)
    with api_error("NoSuchKey", 404):
        s3.put_object_tagging(Bucket=bucket, Key="k", Tagging=tag_set(a="1"))


@pytest.mark.parametrize(
    ("tags", "code"),
    [
        ({f"k{n}": "v" for n in range(11)}, "BadRequest"),
        ({"k" * 129: "v"}, "InvalidTag"),
        ({"k": "v" * 257}, "InvalidTag"),
        ({"aws:k": "v"}, "InvalidTag"),
        ({"k": "no<tag>"}, "InvalidTag"),
    ],
)
def test_limits(s3: Any, bucket: str, tags: dict[str, str], code: str) -> None:
    s3.put_object(Bucket=bucket, Key="k", Body=b"x", Tagging="kept=1")
    with api_error(code, 400):
        s3.put_object_tagging(Bucket=bucket, Key="k", Tagging=tag_set(**tags))
    assert object_tags(s3, bucket) == {"kept": "1"}


def test_at_the_limits(s3: Any, bucket: str) -> None:
    s3.put_object(Bucket=bucket, Key="k", Body=b"x")
    tags = {f"{n}" + "ü" * 127: "ö" * 256 for n in range(10)}
    s3.put_object_tagging(Bucket=bucket, Key="k", Tagging=tag_set(**tags))
    assert object_tags(s3, bucket) == tags


def test_twice_the_same_key(s3: Any, bucket: str) -> None:
    s3.put_object(Bucket=bucket, Key="k", Body=b"x")
    twice = {"TagSet": [{"Key": "a", "Value": "1"}, {"Key": "a", "Value": "2"}]}
    with api_error("InvalidTag", 400):
        s3.put_object_tagging(Bucket=bucket, Key="k", Tagging=twice)
    for header in ("a=1&a=2", "a=1=2", "a=%zz", "=1"):
        with api_error("InvalidArgument", 400):
            s3.put_object(Bucket=bucket, Key="k", Body=b"y", Tagging=header)


def test_of_buckets(s3: Any, bucket: str) -> None:
    with api_error("NoSuchTagSet", 404):
        s3.get_bucket_tagging(Bucket=bucket)
    tags = {f"k{n}": "v" for n in range(50)}
    s3.put_bucket_tagging(Bucket=bucket, Tagging=tag_set(**tags))
    assert tags_of(s3.get_bucket_tagging(Bucket=bucket)) == tags
    with api_error("BadRequest", 400):
        s3.put_bucket_tagging(Bucket=bucket, Tagging=tag_set(**tags, more="v"))
    s3.put_bucket_tagging(Bucket=bucket, Tagging=tag_set(only="this"))
    assert tags_of(s3.get_bucket_tagging(Bucket=bucket)) == {"only": "this"}
    assert s3.delete_bucket_tagging(Bucket=bucket)["ResponseMetadata"]["HTTPStatusCode"] == 204
    with api_error("NoSuchTagSet", 404):
        s3.get_bucket_tagging(Bucket=bucket)


def test_a_bucket_made_again_has_no_tags(s3: Any, bucket: str) -> None:
    s3.put_bucket_tagging(Bucket=bucket, Tagging=tag_set(a="1"))
    s3.delete_bucket(Bucket=bucket)
    s3.create_bucket(Bucket=bucket)
    with api_error("NoSuchTagSet", 404):
        s3.get_bucket_tagging(Bucket=bucket)
