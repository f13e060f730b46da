"""Signatures in the Authorization header, as S3 judges them."""

from __future__ import annotations

import hashlib
from datetime import timedelta
from typing import Any

import botocore.auth
import pytest
from botocore.compat import get_current_datetime

from tools.harness.raw_http import Answer
from tools.harness.server import Server
from tools.harness.signing import SignedRequest, Signer, send

pytestmark = pytest.mark.core


def code_of(answer: Answer) -> tuple[int, str]:
    text = answer.body.decode()
    return answer.status, text.split("<Code>")[1].split("</Code>")[0] if "<Code>" in text else text[:100]


def signed_get(server: Server, bucket: str, **wrong: str) -> SignedRequest:
    return Signer(server, **wrong).sign("GET", f"/{bucket}?list-type=2")


def test_right(server: Server, bucket: str) -> None:
    assert send(server, signed_get(server, bucket)).status == 200


@pytest.mark.parametrize(
    ("wrong", "status", "code"),
    [
        ({"secret_key": "wrong"}, 403, "SignatureDoesNotMatch"),
        ({"access_key": "AKIAUNKNOWNUNKNOWN00"}, 403, "InvalidAccessKeyId"),
        ({"region": "eu-west-1"}, 400, "AuthorizationHeaderMalformed"),
        ({"service": "ec2"}, None, None),
    ],
)
def test_wrong_claims(server: Server, bucket: str, wrong: dict[str, str], status: int | None, code: str | None) -> None:
    answer = send(server, signed_get(server, bucket, **wrong))
    if code is None:
        # Signed for another service: that service gets it, and S3's data stays where it is.
        assert answer.status >= 400
        assert b"ListBucketResult" not in answer.body
    else:
        assert code_of(answer) == (status, code)


def test_s3_told_by_host_but_signed_for_another_service(server: Server, bucket: str) -> None:
    request = Signer(server, service="nothing").sign("GET", f"/{bucket}", host=f"s3.amazonaws.com:{server.port}")
    answer = send(server, request)
    assert answer.status in (400, 501)
    assert b"ListBucketResult" not in answer.body


@pytest.mark.parametrize("minutes", [-16, 16, -24 * 60])
def test_a_clock_that_is_off(server: Server, bucket: str, minutes: int, monkeypatch: pytest.MonkeyPatch) -> None:
    shift_clock(monkeypatch, timedelta(minutes=minutes))
    assert code_of(send(server, signed_get(server, bucket))) == (403, "RequestTimeTooSkewed")


@pytest.mark.parametrize("minutes", [-13, 13])
def test_a_clock_that_is_nearly_right(
    server: Server, bucket: str, minutes: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    shift_clock(monkeypatch, timedelta(minutes=minutes))
    assert send(server, signed_get(server, bucket)).status == 200


def shift_clock(monkeypatch: pytest.MonkeyPatch, by: timedelta) -> None:
    monkeypatch.setattr(botocore.auth, "get_current_datetime", lambda *a, **k: get_current_datetime(*a, **k) + by)


ALTERATIONS: dict[str, Any] = {
    "path": lambda r: setattr(r, "target", r.target.replace("?", "/k?")),
    "query": lambda r: setattr(r, "target", r.target + "&max-keys=1"),
    "method": lambda r: setattr(r, "method", "HEAD" if r.method != "HEAD" else "GET"),
    "signed field": lambda r: r.headers.update({"X-Amz-Meta-A": "2"}),
    "date": lambda r: r.headers.update({"X-Amz-Date": r.headers["X-Amz-Date"][:-2] + "0Z"}),
    "signature": lambda r: r.headers.update({"Authorization": r.headers["Authorization"][:-1] + "g"}),
    "hash": lambda r: r.headers.update({"X-Amz-Content-SHA256": hashlib.sha256(b"other").hexdigest()}),
}


@pytest.mark.parametrize("what", ALTERATIONS)
def test_alterations(server: Server, bucket: str, what: str) -> None:
    if what == "date":
        request = Signer(server).sign("GET", f"/{bucket}?list-type=2")
        stamp = request.headers["X-Amz-Date"]
        request.headers["X-Amz-Date"] = stamp[:-2] + ("1Z" if stamp[-2] != "1" else "2Z")
    else:
        request = Signer(server).sign("GET", f"/{bucket}?list-type=2", headers={"X-Amz-Meta-A": "1"})
        ALTERATIONS[what](request)
    answer = send(server, request)
    assert answer.status == 403
    if request.method != "HEAD":
        assert code_of(answer)[1] == "SignatureDoesNotMatch"


def test_an_altered_body_stores_nothing(server: Server, s3: Any, bucket: str) -> None:
    request = Signer(server).sign("PUT", f"/{bucket}/k", b"signed")
    request.body = b"forged"
    assert code_of(send(server, request)) == (400, "XAmzContentSHA256Mismatch")
    assert s3.list_objects_v2(Bucket=bucket)["KeyCount"] == 0


def test_anonymous(server: Server, bucket: str) -> None:
    for method, target in (("GET", "/"), ("GET", f"/{bucket}"), ("PUT", f"/{bucket}/k"), ("DELETE", f"/{bucket}")):
        request = SignedRequest(method, target, {"Host": f"127.0.0.1:{server.port}"}, b"x" if method == "PUT" else b"")
        assert code_of(send(server, request)) == (403, "AccessDenied")


@pytest.mark.parametrize(
    ("value", "status", "code"),
    [
        ("Basic dXNlcjpwYXNz", 400, "InvalidArgument"),
        ("nonsense", 400, "InvalidArgument"),
        ("AWS4-HMAC-SHA256", 400, "AuthorizationHeaderMalformed"),
        ("AWS4-HMAC-SHA256 nonsense", 400, "AuthorizationHeaderMalformed"),
        (
            "AWS4-HMAC-SHA256 Credential=a/b/c, SignedHeaders=host, Signature=00",
            400,
            "AuthorizationHeaderMalformed",
        ),
    ],
)
def test_malformed_authorization(server: Server, bucket: str, value: str, status: int, code: str) -> None:
    request = signed_get(server, bucket)
    request.headers["Authorization"] = value
    assert code_of(send(server, request)) == (status, code)


def test_a_missing_hash_field(server: Server, bucket: str) -> None:
    """S3 wants x-amz-content-sha256 in every request signed by header."""
    request = Signer(server).sign("GET", f"/{bucket}")
    del request.headers["X-Amz-Content-SHA256"]
    assert code_of(send(server, request))[0] in (400, 403)


def test_an_unsigned_amz_field_is_refused(server: Server, bucket: str) -> None:
    request = Signer(server).sign("PUT", f"/{bucket}/k", b"x")
    request.headers["x-amz-meta-added"] = "1"
    assert code_of(send(server, request)) == (403, "AccessDenied")


def test_unsigned_payload(server: Server, s3: Any, bucket: str) -> None:
    request = Signer(server).sign("PUT", f"/{bucket}/k", b"any", {"X-Amz-Content-SHA256": "UNSIGNED-PAYLOAD"})
    assert send(server, request).status == 200
    assert s3.get_object(Bucket=bucket, Key="k")["Body"].read() == b"any"


def test_a_session_token_that_is_not_ours(server: Server, bucket: str) -> None:
    answer = send(server, signed_get(server, bucket, token="made-up"))
    assert code_of(answer)[0] in (400, 403)


def test_the_error_helps_to_debug(server: Server, bucket: str) -> None:
    text = send(server, signed_get(server, bucket, secret_key="wrong")).body.decode()
    for element in ("AWSAccessKeyId", "StringToSign", "SignatureProvided", "CanonicalRequest", "RequestId"):
        assert f"<{element}>" in text
    assert server.credentials().secret_key not in text


def test_a_fresh_request_after_every_refusal(server: Server, bucket: str) -> None:
    """Refusals leave no trace: the next right request passes on a new connection."""
    for _ in range(20):
        send(server, signed_get(server, bucket, secret_key="wrong"))
    assert send(server, signed_get(server, bucket)).status == 200
