"""Keys of any legal bytes: stored, listed, read and deleted as they were sent."""

from __future__ import annotations

from typing import Any
from urllib.parse import unquote_plus

import pytest

from tools.harness.expect import api_error
from tools.harness.server import Server
from tools.harness.signing import Signer, send

pytestmark = pytest.mark.core

ODD_KEYS = [
    " ",
    "a b",
    " leading",
    "trailing ",
    "a+b",
    "a%b",
    "a%20b",
    "a%2Fb",
    "/leading-slash",
    "//",
    "a//b",
    "trailing/",
    "..",
    ".",
    "../../etc/passwd",
    "a/../b",
    "a/./b",
    "ü",
    "u\u0308",
    "日本語",
    "🪨",
    "\u200b\u202e",
    "\U0010fffd",
    "tab\there",
    "new\nline",
    "return\rhere",
    "\x01\x02\x1f",
    "\x7f",
    "quote\"'`",
    "<tag>&amp;",
    "]]>",
    "back\\slash",
    "a?b=c&d#e",
    "a;b:c@d,e",
    "~!$^*()[]{}|",
    "k" * 1024,
    "é" * 512,
    "a/" * 512,
]


@pytest.mark.parametrize("key", ODD_KEYS, ids=range(len(ODD_KEYS)))
def test_key(s3: Any, bucket: str, key: str) -> None:
    body = key.encode()
    s3.put_object(Bucket=bucket, Key=key, Body=body)
    assert s3.get_object(Bucket=bucket, Key=key)["Body"].read() == body
    assert s3.head_object(Bucket=bucket, Key=key)["ContentLength"] == len(body)
    for listing in (s3.list_objects_v2(Bucket=bucket), s3.list_objects(Bucket=bucket)):
        assert [entry["Key"] for entry in listing["Contents"]] == [key]
    s3.delete_object(Bucket=bucket, Key=key)
    assert s3.list_objects_v2(Bucket=bucket)["KeyCount"] == 0


def test_they_are_all_different_keys(s3: Any, bucket: str) -> None:
    for key in ODD_KEYS:
        s3.put_object(Bucket=bucket, Key=key, Body=key.encode())
    listed = [entry["Key"] for entry in s3.list_objects_v2(Bucket=bucket)["Contents"]]
    assert listed == sorted(ODD_KEYS, key=str.encode)


@pytest.mark.parametrize("path", ["%FF%FE", "a%C3", "%ED%A0%80"])
def test_bytes_that_are_no_utf_8_are_refused(server: Server, bucket: str, path: str) -> None:
    answer = send(server, Signer(server).sign("PUT", f"/{bucket}/{path}", b"x"))
    assert answer.status == 400, answer.body


def test_listing_without_encoding_type_escapes_xml(server: Server, s3: Any, bucket: str) -> None:
    s3.put_object(Bucket=bucket, Key="<&>\"'", Body=b"x")
    answer = send(server, Signer(server).sign("GET", f"/{bucket}?list-type=2"))
    assert b"<Key>&lt;&amp;&gt;" in answer.body


def test_encoding_type_url(server: Server, s3: Any, bucket: str) -> None:
    for key in ("a b/ü+", "new\nline"):
        s3.put_object(Bucket=bucket, Key=key, Body=b"x")
    answer = send(server, Signer(server).sign("GET", f"/{bucket}?encoding-type=url&list-type=2&prefix=a%20b"))
    text = answer.body.decode()
    assert "<EncodingType>url</EncodingType>" in text
    key = text.split("<Key>")[1].split("</Key>")[0]
    assert key != "a b/ü+"
    assert unquote_plus(key) == "a b/ü+"
    assert "/" in key  # slashes stay
    prefix = text.split("<Prefix>")[1].split("</Prefix>")[0]
    assert unquote_plus(prefix) == "a b"


def test_unknown_encoding_type(s3: Any, bucket: str) -> None:
    with api_error("InvalidArgument", 400):
        s3.list_objects_v2(Bucket=bucket, EncodingType="base64")
