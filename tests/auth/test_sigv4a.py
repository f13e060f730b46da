"""SigV4A: asymmetric signatures over a set of regions."""

from __future__ import annotations

from typing import Any

import pytest
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials

from tools.harness.server import Server
from tools.harness.signing import SignedRequest, Signer, send

crt_auth = pytest.importorskip("botocore.crt.auth", reason="needs the package awscrt")

pytestmark = pytest.mark.core


def sign(server: Server, method: str, target: str, region_set: str, secret: str = "") -> SignedRequest:
    known = Signer(server)
    request = AWSRequest(method=method, url=f"http://{known.host}{target}", headers={"Host": known.host})
    credentials = Credentials(known.access_key, secret or known.secret_key)
    crt_auth.CrtS3SigV4AsymAuth(credentials, "s3", region_set).add_auth(request)
    return SignedRequest(method, target, dict(request.headers.items()))


@pytest.mark.parametrize("region_set", ["*", "us-east-1", "us-*", "eu-west-1,us-east-1"])
def test_right(server: Server, bucket: str, region_set: str) -> None:
    answer = send(server, sign(server, "GET", f"/{bucket}", region_set))
    assert answer.status == 200, answer.body


@pytest.mark.parametrize(("region_set", "secret"), [("eu-west-1", ""), ("*", "wrong-secret-wrong-secret-wrong-secret")])
def test_refused(server: Server, bucket: str, region_set: str, secret: str) -> None:
    answer = send(server, sign(server, "GET", f"/{bucket}", region_set, secret))
    assert answer.status in (400, 403)
    assert b"ListBucketResult" not in answer.body


def test_altered(server: Server, bucket: str) -> None:
    request: Any = sign(server, "GET", f"/{bucket}", "*")
    request.target += "?list-type=2"
    assert send(server, request).status == 403
