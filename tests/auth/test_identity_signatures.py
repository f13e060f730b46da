"""Signatures for IAM and STS that aren't what they claim: forged, stale, cut, for another scope, another host.

What S3 says to the like is in test_s3_header.py; https://docs.aws.amazon.com/STS/latest/APIReference/CommonErrors.html
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import pytest

from tools.harness.clients import boto_client
from tools.harness.server import Server
from tools.harness.signing import SignedRequest, Signer, send

FORM = {"Content-Type": "application/x-www-form-urlencoded"}
BODIES = {"iam": b"Action=ListUsers&Version=2010-05-08", "sts": b"Action=GetCallerIdentity&Version=2011-06-15"}

pytestmark = pytest.mark.core


def sign(server: Server, service: str, **wrong: Any) -> SignedRequest:
    return Signer(server, service=service, **wrong).sign("POST", "/", BODIES[service], FORM)


def code_of(server: Server, request: SignedRequest) -> tuple[int, str]:
    answer = send(server, request)
    found = re.search(rb"<Code>(.*?)</Code>", answer.body)
    return answer.status, found[1].decode() if found else ""


def in_authorization(old: str, new: str) -> Callable[[SignedRequest], None]:
    def change(request: SignedRequest) -> None:
        written = request.headers["Authorization"]
        changed = re.sub(old, new, written)
        assert changed != written
        request.headers["Authorization"] = changed

    return change


def with_field(name: str, value: str) -> Callable[[SignedRequest], None]:
    return lambda request: request.headers.update({name: value})


WRONG: dict[str, tuple[Callable[[SignedRequest], None], tuple[int, str]]] = {
    "forged": (in_authorization(r"Signature=\w{8}", "Signature=00000000"), (403, "SignatureDoesNotMatch")),
    "cut": (in_authorization(r"(Signature=\w{32})\w+", r"\1"), (403, "SignatureDoesNotMatch")),
    "none": (in_authorization(r", Signature=\w+", ""), (400, "IncompleteSignature")),
    "another day's scope": (in_authorization(r"/\d{8}/", "/20150830/"), (403, "SignatureDoesNotMatch")),
    "another region's scope": (in_authorization("/us-east-1/", "/eu-west-1/"), (403, "SignatureDoesNotMatch")),
    "a scope without its end": (in_authorization("/aws4_request", "/aws4"), (403, "SignatureDoesNotMatch")),
    "fewer signed fields": (in_authorization("SignedHeaders=content-type;host", "SignedHeaders=host"), (403, "SignatureDoesNotMatch")),
    "another host": (with_field("Host", "iam.amazonaws.com"), (403, "SignatureDoesNotMatch")),
    "another date": (with_field("X-Amz-Date", "20150830T123600Z"), (403, "SignatureDoesNotMatch")),
    "another body": (lambda r: setattr(r, "body", r.body + b"&MaxItems=1"), (403, "SignatureDoesNotMatch")),
    "another path": (lambda r: setattr(r, "target", "/?x=1"), (403, "SignatureDoesNotMatch")),
}  # fmt: skip


@pytest.mark.parametrize("service", BODIES)
@pytest.mark.parametrize("what", WRONG)
def test_altered(server: Server, service: str, what: str) -> None:
    request = sign(server, service)
    assert send(server, request).status == 200
    alter, expected = WRONG[what]
    alter(request)
    assert code_of(server, request) == expected


@pytest.mark.parametrize("service", BODIES)
def test_for_another_service(server: Server, service: str) -> None:
    """The scope says who is to read the request: nobody else takes it."""
    other = {"iam": "sts", "sts": "iam"}[service]
    request = Signer(server, service=other).sign("POST", "/", BODIES[service], FORM)
    assert code_of(server, request) == (400, "InvalidAction")
    # Said to be the right one's afterwards.
    in_authorization(f"/{other}/", f"/{service}/")(request)
    assert code_of(server, request) == (403, "SignatureDoesNotMatch")


def test_a_session_s_token(server: Server) -> None:
    """Left out, put to another key, added to a key that has none."""
    first, second = (boto_client(server, "sts").get_session_token()["Credentials"] for _ in range(2))

    def signed(keys: dict[str, Any], token: str | None) -> SignedRequest:
        return sign(server, "sts", access_key=keys["AccessKeyId"], secret_key=keys["SecretAccessKey"], token=token)

    assert send(server, signed(first, first["SessionToken"])).status == 200
    for token in (None, second["SessionToken"], first["SessionToken"][:-8], first["SessionToken"] + "AAAA"):
        assert code_of(server, signed(first, token)) == (403, "InvalidClientTokenId")
    long_lived = server.credentials()
    root = {"AccessKeyId": long_lived.access_key, "SecretAccessKey": long_lived.secret_key}
    assert code_of(server, signed(root, first["SessionToken"])) == (403, "InvalidClientTokenId")


def test_a_token_of_another_installation(server: Server, make_server: Callable[..., Server], bucket: str) -> None:
    keys = boto_client(make_server(), "sts").get_session_token()["Credentials"]
    named = {"access_key": keys["AccessKeyId"], "secret_key": keys["SecretAccessKey"], "token": keys["SessionToken"]}
    assert code_of(server, sign(server, "sts", **named)) == (403, "InvalidClientTokenId")
    assert code_of(server, Signer(server, **named).sign("GET", f"/{bucket}")) == (400, "InvalidToken")
