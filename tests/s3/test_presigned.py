"""Presigned links, as curl uses them."""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit
from urllib.request import Request, urlopen

import botocore.auth
import pytest
from botocore.compat import get_current_datetime
from botocore.config import Config

from tools.harness.clients import CommandLine
from tools.harness.raw_http import Answer
from tools.harness.server import Server
from tools.harness.signing import SignedRequest, Signer, send

pytestmark = pytest.mark.core


@pytest.fixture(params=["s3v4", "s3"])
def links(client: Callable[..., Any], request: pytest.FixtureRequest) -> Any:
    """Makes links, of both versions; requests signed by header are Version 4's alone."""
    return client("s3", config=Config(signature_version=request.param))


@pytest.fixture
def old_links(client: Callable[..., Any]) -> Any:
    """What boto3 makes for us-east-1 unless told otherwise: Signature Version 2."""
    return client("s3", config=Config(signature_version="s3"))


def fetch(server: Server, url: str) -> Answer:
    parts = urlsplit(url)
    return send(server, SignedRequest("GET", f"{parts.path}?{parts.query}", {"Host": parts.netloc}))


def test_curl_reads(links: Any, s3: Any, cli: CommandLine, bucket: str) -> None:
    s3.put_object(Bucket=bucket, Key="a b/ü+%.txt", Body=b"hello")
    url = links.generate_presigned_url("get_object", Params={"Bucket": bucket, "Key": "a b/ü+%.txt"})
    assert cli.curl("--fail", url).stdout == "hello"


def test_curl_writes(links: Any, s3: Any, cli: CommandLine, bucket: str, tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"sent by curl" * 100_000)
    url = links.generate_presigned_url("put_object", Params={"Bucket": bucket, "Key": "k"})
    cli.curl("--fail", "--upload-file", str(tmp_path / "file"), url)
    assert s3.get_object(Bucket=bucket, Key="k")["Body"].read() == b"sent by curl" * 100_000


def test_head_and_delete(links: Any, s3: Any, bucket: str) -> None:
    s3.put_object(Bucket=bucket, Key="k", Body=b"hello")
    url = links.generate_presigned_url("head_object", Params={"Bucket": bucket, "Key": "k"})
    with urlopen(Request(url, method="HEAD")) as answer:
        assert answer.headers["Content-Length"] == "5"
    url = links.generate_presigned_url("delete_object", Params={"Bucket": bucket, "Key": "k"})
    with urlopen(Request(url, method="DELETE")) as answer:
        assert answer.status == 204


def test_signed_parameters_apply(links: Any, s3: Any, bucket: str) -> None:
    s3.put_object(Bucket=bucket, Key="k", Body=b"hello")
    parameters = {"Bucket": bucket, "Key": "k", "ResponseContentType": "text/x-special"}
    url = links.generate_presigned_url("get_object", Params=parameters)
    with urlopen(url) as answer:
        assert answer.headers["Content-Type"] == "text/x-special"


def test_range_of_a_link(links: Any, s3: Any, cli: CommandLine, bucket: str) -> None:
    s3.put_object(Bucket=bucket, Key="k", Body=b"0123456789")
    url = links.generate_presigned_url("get_object", Params={"Bucket": bucket, "Key": "k"})
    assert cli.curl("--fail", "--range", "2-4", url).stdout == "234"


def test_a_link_for_reading_doesn_t_write(server: Server, bucket: str) -> None:
    request = Signer(server).presign("GET", f"/{bucket}/k")
    request.method, request.body = "PUT", b"x"
    answer = send(server, request)
    assert answer.status == 403
    assert b"<Code>SignatureDoesNotMatch</Code>" in answer.body


def test_expired(server: Server, s3: Any, bucket: str) -> None:
    s3.put_object(Bucket=bucket, Key="k", Body=b"x")
    request = Signer(server).presign("GET", f"/{bucket}/k", expires_seconds=1)
    time.sleep(2.5)
    answer = send(server, request)
    assert answer.status == 403
    assert b"<Code>AccessDenied</Code>" in answer.body
    assert b"Request has expired" in answer.body


def test_tampered(server: Server, s3: Any, bucket: str) -> None:
    s3.put_object(Bucket=bucket, Key="k", Body=b"x")
    s3.put_object(Bucket=bucket, Key="other", Body=b"secret")
    request = Signer(server).presign("GET", f"/{bucket}/k")
    for target in (
        request.target.replace(f"/{bucket}/k", f"/{bucket}/other"),
        request.target + "&response-content-type=text/html",
        request.target.replace("X-Amz-Expires=300", "X-Amz-Expires=3000"),
        request.target[:-1] + ("0" if request.target[-1] != "0" else "1"),
    ):
        request.target = target
        answer = send(server, request)
        assert answer.status == 403, target
        assert b"<Code>SignatureDoesNotMatch</Code>" in answer.body
        assert b"secret" not in answer.body


@pytest.mark.parametrize("seconds", [-1, 604_801])
def test_lifetimes_have_limits(server: Server, bucket: str, seconds: int) -> None:
    answer = send(server, Signer(server).presign("GET", f"/{bucket}/k", expires_seconds=seconds))
    assert answer.status == 400
    assert b"<Code>AuthorizationQueryParametersError</Code>" in answer.body


def test_expired_version_2(server: Server, old_links: Any, bucket: str) -> None:
    url = old_links.generate_presigned_url("get_object", Params={"Bucket": bucket, "Key": "k"}, ExpiresIn=-5)
    answer = fetch(server, url)
    assert answer.status == 403
    assert b"<Code>AccessDenied</Code>" in answer.body
    assert b"Request has expired" in answer.body
    assert b"<Expires>" in answer.body
    assert b"<ServerTime>" in answer.body
    assert b"X-Amz-Expires" not in answer.body


def test_tampered_version_2(server: Server, s3: Any, old_links: Any, bucket: str) -> None:
    s3.put_object(Bucket=bucket, Key="k", Body=b"x")
    s3.put_object(Bucket=bucket, Key="other", Body=b"secret")
    url = old_links.generate_presigned_url("get_object", Params={"Bucket": bucket, "Key": "k"})
    assert fetch(server, url).status == 200
    expires = parse_qs(urlsplit(url).query)["Expires"][0]
    for altered in (
        url.replace(f"/{bucket}/k", f"/{bucket}/other"),
        url.replace(f"Expires={expires}", f"Expires={int(expires) + 1}"),
        url + "&response-content-type=text/html",
        url + "&response-content-typ%65=text/html",
        url + "&uploadI%64=U",
        url + "&retention",
        url + "&tagging",
    ):
        answer = fetch(server, altered)
        assert answer.status == 403, altered
        assert b"<Code>SignatureDoesNotMatch</Code>" in answer.body
        assert b"secret" not in answer.body


@pytest.mark.parametrize(
    ("query", "message"),
    [
        ("AWSAccessKeyId=A&Signature=s&Expires=soon", "Invalid date (should be seconds since epoch): soon"),
        ("AWSAccessKeyId=A&Signature=s", "Query-string authentication requires the Signature, Expires and"),
        ("Signature=s&Expires=1", "Query-string authentication requires the Signature, Expires and"),
    ],
)
def test_malformed_version_2(server: Server, bucket: str, query: str, message: str) -> None:
    answer = fetch(server, f"http://127.0.0.1:{server.port}/{bucket}/k?{query}")
    assert answer.status == 403
    assert b"<Code>AccessDenied</Code>" in answer.body
    assert message.encode() in answer.body


def test_one_way_of_signing_at_a_time(server: Server, old_links: Any, bucket: str) -> None:
    url = old_links.generate_presigned_url("get_object", Params={"Bucket": bucket, "Key": "k"})
    old_query = urlsplit(url).query
    for request in (Signer(server).presign("GET", f"/{bucket}/k"), Signer(server).sign("GET", f"/{bucket}/k")):
        request.target += ("&" if "?" in request.target else "?") + old_query
        answer = send(server, request)
        assert answer.status == 400
        assert b"<Code>InvalidArgument</Code>" in answer.body


def test_from_the_future(server: Server, bucket: str, monkeypatch: pytest.MonkeyPatch) -> None:
    ahead = get_current_datetime() + timedelta(hours=1)
    monkeypatch.setattr(botocore.auth, "get_current_datetime", lambda *a, **k: ahead)
    answer = send(server, Signer(server).presign("GET", f"/{bucket}/k"))
    assert answer.status == 403
    assert b"<Message>Request is not yet valid</Message>" in answer.body
    assert b"<X-Amz-Date>" in answer.body


def test_parameters_stand_for_headers(server: Server, s3: Any, bucket: str) -> None:
    """Presigners of several SDKs put x-amz-* headers into the query."""
    target = f"/{bucket}/k?x-amz-meta-color=dark%20blue&X-Amz-Storage-Class=GRANITE"
    answer = send(server, Signer(server).presign("PUT", target))
    assert answer.status == 400
    assert b"<Code>InvalidStorageClass</Code>" in answer.body
    link = Signer(server).presign("PUT", f"/{bucket}/k?x-amz-meta-color=dark%20blue&x-amz-checksum-crc32=AAAAAA%3D%3D")
    link.body = b"x"
    assert send(server, link).status == 200
    assert s3.head_object(Bucket=bucket, Key="k")["Metadata"] == {"color": "dark blue"}
