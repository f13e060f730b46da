"""DeleteObject and DeleteObjects."""

from __future__ import annotations

import base64
import hashlib
from typing import Any

import pytest

from tools.harness.expect import api_error
from tools.harness.server import Server
from tools.harness.signing import Signer, send

pytestmark = pytest.mark.core


def test_delete(s3: Any, bucket: str) -> None:
    s3.put_object(Bucket=bucket, Key="k", Body=b"x")
    assert s3.delete_object(Bucket=bucket, Key="k")["ResponseMetadata"]["HTTPStatusCode"] == 204
    with api_error("NoSuchKey", 404):
        s3.get_object(Bucket=bucket, Key="k")


def test_deleting_nothing_succeeds(s3: Any, bucket: str) -> None:
    assert s3.delete_object(Bucket=bucket, Key="never")["ResponseMetadata"]["HTTPStatusCode"] == 204


def test_delete_in_a_missing_bucket(s3: Any, bucket_name: str) -> None:
    with api_error("NoSuchBucket", 404):
        s3.delete_object(Bucket=bucket_name, Key="k")


FOREIGN_VERSION = "HPniJFCxqTsMuIH9KX8K8wEjNUgmABCD"


def test_a_version_that_can_t_be(s3: Any, bucket: str) -> None:
    s3.put_object(Bucket=bucket, Key="k", Body=b"x")
    with api_error("InvalidArgument", 400) as caught:
        s3.delete_object(Bucket=bucket, Key="k", VersionId=FOREIGN_VERSION)
    assert caught.value.response["Error"]["ArgumentValue"] == FOREIGN_VERSION
    answer = s3.delete_objects(Bucket=bucket, Delete={"Objects": [{"Key": "k", "VersionId": FOREIGN_VERSION}]})
    assert answer["Errors"] == [
        {
            "Key": "k",
            "VersionId": FOREIGN_VERSION,
            "Code": "NoSuchVersion",
            "Message": "The specified version does not exist.",
        }
    ]
    s3.head_object(Bucket=bucket, Key="k")


KEYS = ["a", "b/c", "with space", "ü", "<&>", "plus+", "new\nline", "\u2028", "%41"]


def test_delete_many(s3: Any, bucket: str) -> None:
    for key in KEYS[:-1]:
        s3.put_object(Bucket=bucket, Key=key, Body=b"x")
    s3.put_object(Bucket=bucket, Key="stays", Body=b"x")
    answer = s3.delete_objects(Bucket=bucket, Delete={"Objects": [{"Key": key} for key in KEYS]})
    assert sorted(entry["Key"] for entry in answer["Deleted"]) == sorted(KEYS)
    assert "Errors" not in answer
    left = s3.list_objects_v2(Bucket=bucket)["Contents"]
    assert [entry["Key"] for entry in left] == ["stays"]


def test_quiet_tells_only_errors(s3: Any, bucket: str) -> None:
    s3.put_object(Bucket=bucket, Key="a", Body=b"x")
    answer = s3.delete_objects(Bucket=bucket, Delete={"Objects": [{"Key": "a"}, {"Key": "b"}], "Quiet": True})
    assert "Deleted" not in answer
    assert "Errors" not in answer


def test_a_thousand_at_once_and_no_more(s3: Any, bucket: str) -> None:
    keys = [{"Key": f"k{number:04}"} for number in range(1001)]
    answer = s3.delete_objects(Bucket=bucket, Delete={"Objects": keys[:1000]})
    assert len(answer["Deleted"]) == 1000
    with api_error("MalformedXML", 400):
        s3.delete_objects(Bucket=bucket, Delete={"Objects": keys})


def test_an_empty_list_is_malformed(s3: Any, bucket: str) -> None:
    with api_error("MalformedXML", 400):
        s3.delete_objects(Bucket=bucket, Delete={"Objects": []})


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"not xml",
        b"<Delete><Object><Key>a</Key></Object>",
        b"<Other/>",
        b'<!DOCTYPE d [<!ENTITY e "a">]><Delete><Object><Key>&e;</Key></Object></Delete>',
        b"<Delete><Object><Key>\xff\xfe</Key></Object></Delete>",
        b"<Delete>" * 20_000,
    ],
)
def test_bad_documents_are_refused(server: Server, s3: Any, bucket: str, body: bytes) -> None:
    s3.put_object(Bucket=bucket, Key="a", Body=b"x")
    md5 = base64.b64encode(hashlib.md5(body).digest()).decode()
    answer = send(server, Signer(server).sign("POST", f"/{bucket}?delete", body, {"Content-MD5": md5}))
    assert answer.status == 400
    assert b"<Code>MalformedXML</Code>" in answer.body or b"<Code>MissingRequestBodyError</Code>" in answer.body
    s3.head_object(Bucket=bucket, Key="a")


def test_a_body_without_any_checksum_is_refused(server: Server, s3: Any, bucket: str) -> None:
    s3.put_object(Bucket=bucket, Key="a", Body=b"x")
    body = b"<Delete><Object><Key>a</Key></Object></Delete>"
    answer = send(server, Signer(server).sign("POST", f"/{bucket}?delete", body))
    assert answer.status == 400
    assert b"<Code>InvalidRequest</Code>" in answer.body
    s3.head_object(Bucket=bucket, Key="a")


def test_delete_many_in_a_missing_bucket(s3: Any, bucket_name: str) -> None:
    with api_error("NoSuchBucket", 404):
        s3.delete_objects(Bucket=bucket_name, Delete={"Objects": [{"Key": "a"}]})
