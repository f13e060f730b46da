"""Requests that clients make at the edge of the protocol: odd dates, escapes, names."""

from __future__ import annotations

from typing import Any

import pytest

from tools.harness.server import Server
from tools.harness.signing import Signer, send

pytestmark = pytest.mark.core


@pytest.mark.parametrize(
    ("since", "status"),
    [
        ("Sun, 06 Nov 2095 08:49:37 GMT", 200),  # in the future: ignored
        ("Sunday, 06-Nov-94 08:49:37 GMT", 200),
        ("Sun Nov  6 08:49:37 1994", 200),
        ("yesterday", 200),
    ],
)
def test_modified_since_takes_any_date(server: Server, s3: Any, bucket: str, since: str, status: int) -> None:
    s3.put_object(Bucket=bucket, Key="k", Body=b"x")
    answer = send(server, Signer(server).sign("GET", f"/{bucket}/k", headers={"If-Modified-Since": since}))
    assert answer.status == status


def test_old_date_forms_count(server: Server, s3: Any, bucket: str) -> None:
    s3.put_object(Bucket=bucket, Key="k", Body=b"x")
    for date in ("Sunday, 06-Nov-94 08:49:37 GMT", "Sun Nov  6 08:49:37 1994"):
        headers = {"If-Unmodified-Since": date}
        assert send(server, Signer(server).sign("GET", f"/{bucket}/k", headers=headers)).status == 412


def test_the_admin_paths_are_keys_in_a_named_bucket(server: Server, s3: Any, bucket: str) -> None:
    host = f"{bucket}.s3.localhost:{server.port}"
    for key in ("_aerolith/health", "_localstack/health"):
        assert send(server, Signer(server).sign("PUT", f"/{key}", b"mine", host=host)).status == 200
        assert send(server, Signer(server).sign("GET", f"/{key}", host=host)).body == b"mine"
        assert s3.get_object(Bucket=bucket, Key=key)["Body"].read() == b"mine"


def test_regional_names_under_localhost(server: Server, s3: Any, bucket: str) -> None:
    host = f"{bucket}.s3.us-east-1.localhost:{server.port}"
    assert send(server, Signer(server).sign("PUT", "/k", b"x", host=host)).status == 200
    assert s3.get_object(Bucket=bucket, Key="k")["Body"].read() == b"x"


def test_an_unsigned_body_is_not_read(server: Server, bucket: str) -> None:
    """Anonymous callers learn nothing of what is wrong with their document."""
    request = Signer(server).sign("POST", f"/{bucket}?delete", b"<Delete><Object>")
    request.headers = {"Host": request.headers["Host"]}
    answer = send(server, request)
    assert answer.status == 403
    assert b"<Code>AccessDenied</Code>" in answer.body


def test_a_post_to_an_object_without_an_upload_is_no_operation(server: Server, bucket: str) -> None:
    answer = send(server, Signer(server).sign("POST", f"/{bucket}/k"))
    assert answer.status == 405
    assert b"<Code>MethodNotAllowed</Code>" in answer.body


@pytest.mark.parametrize(
    ("target", "headers", "argument"),
    [
        ("?max-keys=many", {}, b"max-keys"),
        ("?encoding-type=morse", {}, b"encoding-type"),
        ("?list-type=2", {"x-amz-optional-object-attributes": "Everything"}, b"x-amz-optional-object-attributes"),
    ],
)
def test_an_argument_is_named_as_it_was_sent(
    server: Server, bucket: str, target: str, headers: dict[str, str], argument: bytes
) -> None:
    answer = send(server, Signer(server).sign("GET", f"/{bucket}{target}", headers=headers))
    assert answer.status == 400
    assert b"<Code>InvalidArgument</Code>" in answer.body
    assert b"<ArgumentName>" + argument + b"</ArgumentName>" in answer.body


@pytest.mark.parametrize(("mode", "status"), [("ENABLED", 200), ("enabled", 200), ("perhaps", 400)])
def test_the_checksum_mode_in_any_case(server: Server, s3: Any, bucket: str, mode: str, status: int) -> None:
    """The AWS SDK for C++ writes it in lower case."""
    s3.put_object(Bucket=bucket, Key="k", Body=b"x", ChecksumAlgorithm="SHA256")
    answer = send(server, Signer(server).sign("GET", f"/{bucket}/k", headers={"x-amz-checksum-mode": mode}))
    assert answer.status == status
    assert (answer.header("x-amz-checksum-sha256") is not None) == (status == 200)
