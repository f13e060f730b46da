"""Refusals in each protocol's shape: code, status and message as the SDK reads them."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import botocore.auth
import botocore.crt.auth
import pytest
from botocore import UNSIGNED
from botocore.compat import get_current_datetime
from botocore.config import Config

from tools.harness.expect import api_error

pytestmark = pytest.mark.core

# service, a call that reads only, and the codes for: bad signature, unknown key, no signature
SERVICES: dict[str, tuple[str, dict[str, Any], tuple[str, int], tuple[str, int], tuple[str, int]]] = {
    "iam": (
        "list_users",
        {},
        ("SignatureDoesNotMatch", 403),
        ("InvalidClientTokenId", 403),
        ("MissingAuthenticationToken", 403),
    ),
    "ec2": (
        "describe_instances",
        {},
        ("AuthFailure", 401),
        ("AuthFailure", 401),
        ("MissingAuthenticationToken", 403),
    ),
    "dynamodb": (
        "list_tables",
        {},
        ("InvalidSignatureException", 400),
        ("UnrecognizedClientException", 400),
        ("MissingAuthenticationTokenException", 400),
    ),
    "kms": (
        "list_keys",
        {},
        ("InvalidSignatureException", 400),
        ("UnrecognizedClientException", 400),
        ("MissingAuthenticationTokenException", 400),
    ),
    "lambda": (
        "list_functions",
        {},
        ("InvalidSignatureException", 403),
        ("UnrecognizedClientException", 403),
        ("MissingAuthenticationTokenException", 403),
    ),
}


@pytest.mark.parametrize("service", SERVICES)
def test_bad_signature(client: Callable[..., Any], service: str) -> None:
    call, arguments, (code, status), _, _ = SERVICES[service]
    with api_error(code, status):
        getattr(client(service, aws_secret_access_key="wrong"), call)(**arguments)


@pytest.mark.parametrize("service", SERVICES)
def test_unknown_key(client: Callable[..., Any], service: str) -> None:
    call, arguments, _, (code, status), _ = SERVICES[service]
    with api_error(code, status):
        getattr(client(service, aws_access_key_id="AKIAUNKNOWNUNKNOWN00"), call)(**arguments)


@pytest.mark.parametrize("service", ["dynamodb", "kms"])
def test_no_signature(client: Callable[..., Any], service: str) -> None:
    """Those that X-Amz-Target routes even when nothing signs; the rest is told by Host below."""
    call, arguments, _, _, (code, status) = SERVICES[service]
    with api_error(code, status):
        getattr(client(service, config=Config(signature_version=UNSIGNED)), call)(**arguments)


@pytest.mark.parametrize("service", SERVICES)
def test_no_signature_by_host(server: Any, client: Callable[..., Any], local_names: None, service: str) -> None:
    call, arguments, _, _, (code, status) = SERVICES[service]
    endpoint = f"http://{service}.us-east-1.amazonaws.com:{server.port}"
    if service == "iam":
        endpoint = f"http://iam.amazonaws.com:{server.port}"
    with api_error(code, status):
        unsigned = client(service, endpoint_url=endpoint, config=Config(signature_version=UNSIGNED))
        getattr(unsigned, call)(**arguments)


@pytest.mark.parametrize("service", [each for each in SERVICES if each != "iam"])
def test_wrong_region(client: Callable[..., Any], service: str) -> None:
    call, arguments, (code, status), _, _ = SERVICES[service]
    with api_error(code, status):
        getattr(client(service, region_name="eu-west-1"), call)(**arguments)


@pytest.mark.parametrize("region", ["eu-central-1", "us-gov-west-1"])
def test_what_is_the_same_everywhere(client: Callable[..., Any], region: str) -> None:
    """With an endpoint of the user's, SDKs sign for the region that they are set to, also what has none."""
    assert client("iam", region_name=region).list_users()["IsTruncated"] is False
    assert client("sts", region_name=region).get_caller_identity()["Arn"].endswith(":root")
    with api_error("SignatureDoesNotMatch", 403):
        client("iam", region_name="nowhere").list_users()


@pytest.mark.parametrize("service", ["iam", "dynamodb", "lambda", "ec2"])
def test_clock_skew(client: Callable[..., Any], service: str, monkeypatch: pytest.MonkeyPatch) -> None:
    call, arguments, (code, status), _, _ = SERVICES[service]
    for module in (botocore.auth, botocore.crt.auth):  # whichever signs here
        monkeypatch.setattr(
            module, "get_current_datetime", lambda *a, **k: get_current_datetime(*a, **k) - timedelta(minutes=20)
        )
    with api_error(code, status) as caught:
        getattr(client(service), call)(**arguments)
    assert service == "ec2" or "expired" in caught.value.response["Error"]["Message"].lower()
