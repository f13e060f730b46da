"""aws-chunked bodies: signed and unsigned, with and without trailers; what is altered stores nothing."""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import Any

import pytest
from botocore.config import Config

from tools.harness.chunks import ChunkedPut
from tools.harness.server import Server
from tools.harness.signing import SignedRequest, Signer, send

pytestmark = pytest.mark.core

PIECES = [b"a" * 65_536, b"b" * 65_536, b"the end"]
KINDS = [
    {"signed": True, "trailer": False},
    {"signed": True, "trailer": True},
    {"signed": False, "trailer": True},
]


def code_of(body: bytes) -> str:
    text = body.decode()
    return text.split("<Code>")[1].split("</Code>")[0] if "<Code>" in text else text


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("pieces", [PIECES, [], [b"x"], [os.urandom(3_000_000)]], ids=["some", "none", "one", "big"])
def test_round_trip(server: Server, s3: Any, bucket: str, kind: dict[str, bool], pieces: list[bytes]) -> None:
    answer = send(server, ChunkedPut(Signer(server), f"/{bucket}/k", pieces, **kind).build())
    assert answer.status == 200, answer.body
    got = s3.get_object(Bucket=bucket, Key="k")
    assert got["Body"].read() == b"".join(pieces)
    assert got["ContentLength"] == sum(map(len, pieces))
    assert "ContentEncoding" not in got


def refused(server: Server, s3: Any, bucket: str, request: SignedRequest, status: int, *codes: str) -> None:
    answer = send(server, request)
    assert (answer.status, code_of(answer.body) in codes) == (status, True), answer.body
    assert s3.list_objects_v2(Bucket=bucket)["KeyCount"] == 0


@pytest.mark.parametrize("trailer", [False, True])
def test_an_altered_chunk(server: Server, s3: Any, bucket: str, trailer: bool) -> None:
    request = ChunkedPut(Signer(server), f"/{bucket}/k", PIECES, trailer=trailer).build()
    request.body = request.body.replace(b"b" * 65_536, b"b" * 65_535 + b"c")
    refused(server, s3, bucket, request, 403, "SignatureDoesNotMatch")


def test_chunks_in_another_order(server: Server, s3: Any, bucket: str) -> None:
    request = ChunkedPut(Signer(server), f"/{bucket}/k", [b"a" * 8192, b"b" * 8192]).build()
    size = len(request.body) - request.body.rindex(b"2000;")
    first, second = request.body.split(b"a" * 8192 + b"\r\n")
    end = second.index(b"\r\n0;") + 2
    request.body = second[:end] + first + b"a" * 8192 + b"\r\n" + second[end:]
    assert size
    refused(server, s3, bucket, request, 403, "SignatureDoesNotMatch")


def test_a_missing_last_chunk(server: Server, s3: Any, bucket: str) -> None:
    request = ChunkedPut(Signer(server), f"/{bucket}/k", PIECES).build()
    request.body = request.body[: request.body.rindex(b"0;chunk-signature")]
    refused(server, s3, bucket, request, 400, "IncompleteBody", "InvalidRequest")


def test_a_forged_trailer_signature(server: Server, s3: Any, bucket: str) -> None:
    request = ChunkedPut(Signer(server), f"/{bucket}/k", PIECES, trailer=True).build()
    mark = b"x-amz-trailer-signature:"
    at = request.body.index(mark) + len(mark)
    request.body = request.body[:at] + b"0" * 64 + request.body[at + 64 :]
    refused(server, s3, bucket, request, 403, "SignatureDoesNotMatch")


@pytest.mark.parametrize("signed", [False, True])
def test_a_wrong_checksum_in_the_trailer(server: Server, s3: Any, bucket: str, signed: bool) -> None:
    put = ChunkedPut(Signer(server), f"/{bucket}/k", PIECES, signed=signed, trailer=True, trailer_value="AAAAAA==")
    refused(server, s3, bucket, put.build(), 400, "BadDigest")


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("off_by", [-1, 1])
def test_a_wrong_decoded_length(server: Server, s3: Any, bucket: str, kind: dict[str, bool], off_by: int) -> None:
    length = sum(map(len, PIECES)) + off_by
    put = ChunkedPut(Signer(server), f"/{bucket}/k", PIECES, decoded_length=length, **kind)
    refused(server, s3, bucket, put.build(), 400, "IncompleteBody", "InvalidRequest", "EntityTooLarge")


def test_a_promised_trailer_that_is_missing(server: Server, s3: Any, bucket: str) -> None:
    request = ChunkedPut(Signer(server), f"/{bucket}/k", PIECES, signed=False, trailer=True).build()
    request.body = request.body[: request.body.index(b"x-amz-checksum-crc32")] + b"\r\n"
    refused(server, s3, bucket, request, 400, "MalformedTrailerError", "InvalidRequest", "IncompleteBody")


def test_a_checksum_of_one_s_own_encoding_stays(server: Server, s3: Any, bucket: str) -> None:
    """`aws-chunked` goes away; what the user said about encoding stays."""
    put = ChunkedPut(Signer(server), f"/{bucket}/k", [b"x"], headers={"Content-Encoding": "aws-chunked,gzip"})
    assert send(server, put.build()).status == 200
    assert s3.head_object(Bucket=bucket, Key="k")["ContentEncoding"] == "gzip"


@pytest.mark.parametrize(
    "frame",
    [b"zz\r\n", b"ffffffffffffffffff\r\n", b"-1\r\n", b"5", b"5\r\nabc", b"1\r\nab\r\n", b"1\nx\n0\n\n", b"\xff" * 100],
)
def test_bad_framing(server: Server, s3: Any, bucket: str, frame: bytes) -> None:
    request = ChunkedPut(Signer(server), f"/{bucket}/k", [b"x"], signed=False, trailer=True).build()
    request.body = frame
    answer = send(server, request)
    assert answer.status == 400
    assert s3.list_objects_v2(Bucket=bucket)["KeyCount"] == 0


@pytest.mark.parametrize("scheme", ["http", "https"])
@pytest.mark.parametrize("calculation", ["when_supported", "when_required"])
def test_boto3_s_own_ways(
    server: Server, client: Callable[..., Any], bucket: str, local_names: None, scheme: str, calculation: str
) -> None:
    """Over http boto3 signs its chunks or the payload's hash; over https it doesn't."""
    s3 = client(
        "s3",
        endpoint_url=f"{scheme}://localhost:{server.port}",
        verify=str(server.ca_bundle),
        config=Config(request_checksum_calculation=calculation),
    )
    body = os.urandom(300_000)
    s3.put_object(Bucket=bucket, Key="k", Body=body)
    assert s3.get_object(Bucket=bucket, Key="k")["Body"].read() == body
