"""Browser uploads: the form of a page, posted with a policy that somebody signed."""

from __future__ import annotations

import base64
import hashlib
import hmac
import http.client
import json
import uuid
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from botocore.config import Config

from tools.harness.clients import boto_client
from tools.harness.raw_http import Answer
from tools.harness.server import Server

pytestmark = pytest.mark.core

Fields = dict[str, str]


def encode(fields: Fields, file: bytes | None, file_name: str = "photo.jpg", boundary: str = "") -> tuple[str, bytes]:
    """As browsers do: Content-Type and body."""
    boundary = boundary or f"----form-{uuid.uuid4().hex}"
    body = b""
    for name, value in fields.items():
        body += f'--{boundary}\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n{value}\r\n'.encode()
    if file is not None:
        head = f'--{boundary}\r\nContent-Disposition: form-data; name="file"; filename="{file_name}"\r\n'
        body += head.encode() + b"Content-Type: image/jpeg\r\n\r\n" + file + b"\r\n"
    return f"multipart/form-data; boundary={boundary}", body + f"--{boundary}--\r\n".encode()


def send(server: Server, path: str, content_type: str, body: bytes) -> Answer:
    connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=60)
    try:
        connection.request("POST", path, body, {"Content-Type": content_type})
        answer = connection.getresponse()
        return Answer("HTTP/1.1", answer.status, answer.reason, answer.getheaders(), answer.read())
    finally:
        connection.close()


def post(server: Server, bucket: str, fields: Fields, file: bytes | None = b"picture", **named: Any) -> Answer:
    return send(server, f"/{bucket}", *encode(fields, file, **named))


def policy_of(conditions: list[Any], expires_in: timedelta = timedelta(hours=1)) -> str:
    document = {
        "expiration": (datetime.now(UTC) + expires_in).strftime("%Y-%m-%dT%H:%M:%SZ"),
        "conditions": conditions,
    }
    return base64.b64encode(json.dumps(document).encode()).decode()


def signed(server: Server, policy: str, fields: Fields) -> Fields:
    """The fields with those of Signature Version 4."""
    credentials = server.credentials()
    day = fields["x-amz-date"][:8]
    key = f"AWS4{credentials.secret_key}".encode()
    for step in (day, credentials.region, "s3", "aws4_request"):
        key = hmac.new(key, step.encode(), hashlib.sha256).digest()
    signature = hmac.new(key, policy.encode(), hashlib.sha256).hexdigest()
    return fields | {"policy": policy, "x-amz-signature": signature}


def form(
    server: Server, bucket: str, conditions: list[Any] | None = None, fields: Fields | None = None, **named: Any
) -> Fields:
    """A signed form that stores `k`, with further fields that a condition must allow."""
    credentials = server.credentials()
    now = datetime.now(UTC)
    base = {
        "x-amz-algorithm": "AWS4-HMAC-SHA256",
        "x-amz-credential": f"{credentials.access_key}/{now:%Y%m%d}/{credentials.region}/s3/aws4_request",
        "x-amz-date": f"{now:%Y%m%dT%H%M%SZ}",
    }
    always = [{"bucket": bucket}, ["starts-with", "$key", ""], *({name: value} for name, value in base.items())]
    policy = policy_of(always + (conditions or []), **named)
    return signed(server, policy, {"key": "k"} | base | (fields or {}))


def code_of(answer: Answer) -> str:
    return answer.body.partition(b"<Code>")[2].partition(b"</Code>")[0].decode()


def read(s3: Any, bucket: str, key: str = "k") -> bytes:
    return s3.get_object(Bucket=bucket, Key=key)["Body"].read()


@pytest.mark.parametrize("version", ["s3", "s3v4"])
def test_boto3_s_own_form(server: Server, s3: Any, bucket: str, version: str) -> None:
    client = boto_client(server, config=Config(signature_version=version))
    made = client.generate_presigned_post(bucket, "photos/${filename}", Conditions=[["content-length-range", 1, 100]])
    assert urlsplit(made["url"]).path == f"/{bucket}"
    answer = post(server, bucket, made["fields"])
    assert answer.status == 204, answer.body
    assert read(s3, bucket, "photos/photo.jpg") == b"picture"
    assert answer.header("ETag") == f'"{hashlib.md5(b"picture").hexdigest()}"'
    assert answer.header("Location").endswith(f"/{bucket}/photos/photo.jpg")


@pytest.mark.parametrize("size", [0, 1, 65_536, 5_000_000])
def test_any_bytes(server: Server, s3: Any, bucket: str, size: int) -> None:
    """Also those that look like the end of the form."""
    boundary = "frontier"
    file = (b"\r\n--frontie\r\n--frontier".replace(b"frontier", b"frontie_") * (size // 20 + 1))[:size]
    answer = post(server, bucket, form(server, bucket), file, boundary=boundary)
    assert answer.status == 204, answer.body
    assert read(s3, bucket) == file


def test_what_the_form_says_of_the_object(server: Server, s3: Any, bucket: str) -> None:
    fields = {
        "Content-Type": "text/x-test",
        "Cache-Control": "no-cache",
        "x-amz-meta-color": "blue",
        "x-amz-storage-class": "STANDARD_IA",
        "tagging": "<Tagging><TagSet><Tag><Key>a</Key><Value>1</Value></Tag></TagSet></Tagging>",
        "acl": "private",
    }
    conditions = [["starts-with", f"${name}", ""] for name in fields]
    answer = post(server, bucket, form(server, bucket, conditions, fields))
    assert answer.status == 204, answer.body
    head = s3.head_object(Bucket=bucket, Key="k")
    assert (head["ContentType"], head["CacheControl"], head["Metadata"]) == (
        "text/x-test",
        "no-cache",
        {"color": "blue"},
    )
    assert (head["StorageClass"], head["TagCount"]) == ("STANDARD_IA", 1)


def test_success_as_the_form_wants_it(server: Server, s3: Any, bucket: str) -> None:
    for status, told in (("200", 200), ("201", 201), ("204", 204), ("500", 204)):
        conditions = [["eq", "$success_action_status", status]]
        answer = post(server, bucket, form(server, bucket, conditions, {"success_action_status": status}))
        assert answer.status == told
        assert (b"<PostResponse>" in answer.body) == (told == 201)
    tag = s3.head_object(Bucket=bucket, Key="k")["ETag"]
    target = "http://example.com/done?from=form"
    conditions = [["starts-with", "$success_action_redirect", "http://example.com/"]]
    answer = post(server, bucket, form(server, bucket, conditions, {"success_action_redirect": target}))
    assert answer.status == 303
    location = urlsplit(answer.header("Location"))
    assert parse_qs(location.query) == {"from": ["form"], "bucket": [bucket], "key": ["k"], "etag": [tag]}


def test_a_version(server: Server, s3: Any, versioned: str) -> None:
    answer = post(server, versioned, form(server, versioned))
    assert answer.header("x-amz-version-id") == s3.head_object(Bucket=versioned, Key="k")["VersionId"]


def test_fields_behind_the_file_are_ignored(server: Server, s3: Any, bucket: str) -> None:
    fields = form(server, bucket)
    content_type, body = encode(fields, b"picture", boundary="b")
    more = b'--b\r\nContent-Disposition: form-data; name="key"\r\n\r\nother\r\n--b--\r\n'
    answer = send(server, f"/{bucket}", content_type, body.removesuffix(b"--b--\r\n") + more)
    assert answer.status == 204, answer.body
    assert [entry["Key"] for entry in s3.list_objects_v2(Bucket=bucket)["Contents"]] == ["k"]


@pytest.mark.parametrize(
    ("conditions", "fields"),
    [
        ([], {"x-amz-meta-a": "1"}),  # that no condition names
        ([{"x-amz-meta-a": "2"}], {"x-amz-meta-a": "1"}),
        ([["eq", "$x-amz-meta-a", "2"]], {"x-amz-meta-a": "1"}),
        ([["starts-with", "$x-amz-meta-a", "2"]], {"x-amz-meta-a": "1"}),
        ([{"x-amz-meta-a": "1"}], {}),  # a condition whose field is missing
        ([{"bucket": "another"}], {}),
        ([["starts-with", "$key", "user/"]], {}),
    ],
)
def test_the_policy_decides(
    server: Server, s3: Any, bucket: str, conditions: list[Any], fields: dict[str, str]
) -> None:
    answer = post(server, bucket, form(server, bucket, conditions, fields))
    assert (answer.status, code_of(answer)) == (403, "AccessDenied"), answer.body
    assert "Contents" not in s3.list_objects_v2(Bucket=bucket)


def test_ignored_fields_need_no_condition(server: Server, s3: Any, bucket: str) -> None:
    answer = post(server, bucket, form(server, bucket, [], {"x-ignore-me": "1"}))
    assert answer.status == 204, answer.body


@pytest.mark.parametrize(
    ("size", "code"), [(9, "EntityTooSmall"), (10, ""), (20, ""), (21, "EntityTooLarge"), (200_000, "EntityTooLarge")]
)
def test_length_range(server: Server, s3: Any, bucket: str, size: int, code: str) -> None:
    fields = form(server, bucket, [["content-length-range", 10, 20]])
    answer = post(server, bucket, fields, b"x" * size)
    assert code_of(answer) == code
    assert answer.status == (400 if code else 204)
    assert ("Contents" in s3.list_objects_v2(Bucket=bucket)) == (code == "")


def test_an_expired_policy(server: Server, bucket: str) -> None:
    answer = post(server, bucket, form(server, bucket, expires_in=timedelta(seconds=-1)))
    assert (answer.status, code_of(answer)) == (403, "AccessDenied")
    assert b"Policy expired" in answer.body


def test_wrong_signatures(server: Server, s3: Any, bucket: str) -> None:
    fields = form(server, bucket)
    answer = post(server, bucket, fields | {"x-amz-signature": "0" * 64})
    assert (answer.status, code_of(answer)) == (403, "SignatureDoesNotMatch")
    other = policy_of([["starts-with", "$key", ""], {"bucket": bucket}])
    answer = post(server, bucket, fields | {"policy": other})
    assert (answer.status, code_of(answer)) == (403, "SignatureDoesNotMatch")
    credential = fields["x-amz-credential"].replace(server.credentials().access_key, "AKIAIOSFODNN7EXAMPLE")
    answer = post(server, bucket, fields | {"x-amz-credential": credential})
    assert (answer.status, code_of(answer)) == (403, "InvalidAccessKeyId")
    assert "Contents" not in s3.list_objects_v2(Bucket=bucket)


def test_nobody_may_post_unsigned(server: Server, s3: Any, bucket: str) -> None:
    answer = post(server, bucket, {"key": "k"})
    assert (answer.status, code_of(answer)) == (403, "AccessDenied")
    assert "Contents" not in s3.list_objects_v2(Bucket=bucket)


def test_policies_that_aren_t(server: Server, bucket: str) -> None:
    good = form(server, bucket)
    for text in ("not base64!", base64.b64encode(b"[]").decode(), base64.b64encode(b"{").decode()):
        answer = post(server, bucket, signed(server, text, good))
        assert (answer.status, code_of(answer)) == (400, "InvalidPolicyDocument"), answer.body


def test_a_checksum_of_the_file(server: Server, s3: Any, bucket: str) -> None:
    right = base64.b64encode(hashlib.sha256(b"picture").digest()).decode()
    conditions = [["starts-with", "$x-amz-checksum-sha256", ""]]
    answer = post(server, bucket, form(server, bucket, conditions, {"x-amz-checksum-sha256": right}))
    assert answer.status == 204, answer.body
    assert s3.head_object(Bucket=bucket, Key="k", ChecksumMode="ENABLED")["ChecksumSHA256"] == right
    answer = post(server, bucket, form(server, bucket, conditions, {"x-amz-checksum-sha256": right}), b"other")
    assert (answer.status, code_of(answer)) == (400, "BadDigest")
    assert read(s3, bucket) == b"picture"


def test_forms_that_aren_t(server: Server, s3: Any, bucket: str) -> None:
    fields = form(server, bucket)
    content_type, body = encode(fields, b"picture", boundary="b")
    cases = [
        (content_type, body[:-20], 400, "MalformedPOSTRequest"),
        (content_type, b"garbage", 400, "MalformedPOSTRequest"),
        (content_type, b"", 400, "MalformedPOSTRequest"),
        ("multipart/form-data", body, 412, "PreconditionFailed"),
        ("application/x-www-form-urlencoded", b"key=k", 412, "PreconditionFailed"),
    ]
    for kind, sent, status, code in cases:
        answer = send(server, f"/{bucket}", kind, sent)
        assert (answer.status, code_of(answer)) == (status, code), (kind, sent[:20])
    answer = post(server, bucket, fields, None)
    assert (answer.status, code_of(answer)) == (400, "InvalidArgument")  # no file
    answer = post(server, bucket, {name: value for name, value in fields.items() if name != "key"})
    assert (answer.status, code_of(answer)) == (400, "InvalidArgument")
    answer = post(server, bucket, fields | {"x-ignore-much": "x" * 21_000})
    assert (answer.status, code_of(answer)) == (400, "MaxPostPreDataLengthExceeded")
    assert "Contents" not in s3.list_objects_v2(Bucket=bucket)


def test_what_we_lack_is_refused_in_forms_too(server: Server, s3: Any, bucket: str) -> None:
    for name, value, status in (
        ("acl", "public-read", 400),
        ("x-amz-server-side-encryption", "aws:kms", 501),
        ("x-amz-storage-class", "GRANITE", 400),
    ):
        answer = post(server, bucket, form(server, bucket, [{name: value}], {name: value}))
        assert answer.status == status, answer.body
    assert "Contents" not in s3.list_objects_v2(Bucket=bucket)


def test_into_no_bucket(server: Server, bucket_name: str) -> None:
    answer = post(server, bucket_name, form(server, bucket_name))
    assert (answer.status, code_of(answer)) == (404, "NoSuchBucket")
