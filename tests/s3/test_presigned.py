"""Presigned links, as curl uses them."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.request import Request, urlopen

import pytest
from botocore.config import Config

from tools.harness.clients import CommandLine
from tools.harness.server import Server
from tools.harness.signing import Signer, send

pytestmark = pytest.mark.core


@pytest.fixture(params=["s3v4"])
def links(client: Callable[..., Any], request: pytest.FixtureRequest) -> Any:
    return client("s3", config=Config(signature_version=request.param))


def test_curl_reads(links: Any, cli: CommandLine, bucket: str) -> None:
    links.put_object(Bucket=bucket, Key="a b/ü+%.txt", Body=b"hello")
    url = links.generate_presigned_url("get_object", Params={"Bucket": bucket, "Key": "a b/ü+%.txt"})
    assert cli.curl("--fail", url).stdout == "hello"


def test_curl_writes(links: Any, cli: CommandLine, bucket: str, tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"sent by curl" * 100_000)
    url = links.generate_presigned_url("put_object", Params={"Bucket": bucket, "Key": "k"})
    cli.curl("--fail", "--upload-file", str(tmp_path / "file"), url)
    assert links.get_object(Bucket=bucket, Key="k")["Body"].read() == b"sent by curl" * 100_000


def test_head_and_delete(links: Any, bucket: str) -> None:
    links.put_object(Bucket=bucket, Key="k", Body=b"hello")
    url = links.generate_presigned_url("head_object", Params={"Bucket": bucket, "Key": "k"})
    with urlopen(Request(url, method="HEAD")) as answer:
        assert answer.headers["Content-Length"] == "5"
    url = links.generate_presigned_url("delete_object", Params={"Bucket": bucket, "Key": "k"})
    with urlopen(Request(url, method="DELETE")) as answer:
        assert answer.status == 204


def test_signed_parameters_apply(links: Any, cli: CommandLine, bucket: str) -> None:
    links.put_object(Bucket=bucket, Key="k", Body=b"hello")
    parameters = {"Bucket": bucket, "Key": "k", "ResponseContentType": "text/x-special"}
    url = links.generate_presigned_url("get_object", Params=parameters)
    with urlopen(url) as answer:
        assert answer.headers["Content-Type"] == "text/x-special"


def test_range_of_a_link(links: Any, cli: CommandLine, bucket: str) -> None:
    links.put_object(Bucket=bucket, Key="k", Body=b"0123456789")
    url = links.generate_presigned_url("get_object", Params={"Bucket": bucket, "Key": "k"})
    assert cli.curl("--fail", "--range", "2-4", url).stdout == "234"


def test_a_link_for_reading_doesn_t_write(server: Server, bucket: str) -> None:
    request = Signer(server).presign("GET", f"/{bucket}/k")
    request.method, request.body = "PUT", b"x"
    answer = send(server, request)
    assert answer.status == 403
    assert b"<Code>SignatureDoesNotMatch</Code>" in answer.body


def test_expired(server: Server, links: Any, bucket: str) -> None:
    links.put_object(Bucket=bucket, Key="k", Body=b"x")
    request = Signer(server).presign("GET", f"/{bucket}/k", expires_seconds=1)
    time.sleep(2.5)
    answer = send(server, request)
    assert answer.status == 403
    assert b"<Code>AccessDenied</Code>" in answer.body
    assert b"Request has expired" in answer.body


def test_tampered(server: Server, links: Any, bucket: str) -> None:
    links.put_object(Bucket=bucket, Key="k", Body=b"x")
    links.put_object(Bucket=bucket, Key="other", Body=b"secret")
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
