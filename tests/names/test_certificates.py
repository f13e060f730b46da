"""Certificates for the name that a client asks for."""

from __future__ import annotations

import socket
import ssl
from typing import Any

import pytest

from tools.harness.clients import CommandLine
from tools.harness.names import endpoint_names
from tools.harness.server import Server

pytestmark = pytest.mark.core


def certificate_for(server: Server, name: str) -> dict[str, Any]:
    """What a client sees that trusts the CA and checks the name; SSLCertVerificationError where it must not trust."""
    context = ssl.create_default_context(cafile=str(server.ca_bundle))
    with socket.create_connection(("127.0.0.1", server.port), timeout=10) as plain:
        with context.wrap_socket(plain, server_hostname=name) as secured:
            found = secured.getpeercert()
            assert found is not None
            return found


def names_in(certificate: dict[str, Any]) -> set[str]:
    return {name for _, name in certificate["subjectAltName"]}


@pytest.mark.parametrize("region", ["us-east-1", "ap-southeast-2"])
def test_every_endpoint_of_every_service(server: Server, region: str) -> None:
    for name in endpoint_names(region):
        assert names_in(certificate_for(server, name)) == {name}


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("sts.localhost", {"sts.localhost"}),
        ("bucket.s3.amazonaws.com", {"s3.amazonaws.com", "*.s3.amazonaws.com"}),
        ("b.s3.dualstack.eu-west-3.amazonaws.com", None),
        ("dotted.bucket.s3.eu-west-1.amazonaws.com", {"dotted.bucket.s3.eu-west-1.amazonaws.com"}),
        ("123456789012.s3-control.us-west-2.amazonaws.com", None),
        (f"{'a' * 63}.s3.us-east-1.amazonaws.com", None),
        (f"{'a' * 60}.b.s3.us-east-1.amazonaws.com", {f"{'a' * 60}.b.s3.us-east-1.amazonaws.com"}),
    ],
)
def test_other_names_of_ours(server: Server, name: str, expected: set[str] | None) -> None:
    parent = name.partition(".")[2]
    assert names_in(certificate_for(server, name)) == (expected or {parent, f"*.{parent}"})


@pytest.mark.parametrize(
    "name", ["example.com", "amazon.com", "console.aws.amazon.com", "s3.amazonaws.com.evil.example", "a.b.example"]
)
def test_never_for_names_of_others(server: Server, name: str) -> None:
    with pytest.raises(ssl.SSLCertVerificationError, match="mismatch"):
        certificate_for(server, name)


def test_lives_for_a_short_time(server: Server) -> None:
    found = certificate_for(server, "sts.eu-west-1.amazonaws.com")
    begin, end = (ssl.cert_time_to_seconds(found[key]) for key in ("notBefore", "notAfter"))
    assert 0 < end - begin <= 32 * 86400


def test_by_openssl_s_rules(server: Server, cli: CommandLine) -> None:
    shown = cli.run(
        "openssl", "s_client", "-connect", f"127.0.0.1:{server.port}", "-servername", "iam.amazonaws.com",
        "-CAfile", str(server.ca_bundle), "-verify_hostname", "iam.amazonaws.com", "-verify_return_error", "-x509_strict",
    )  # fmt: skip
    assert "Verification: OK" in shown.stdout
    assert "prime256v1" in shown.stdout or "P-256" in shown.stdout or "id-ecPublicKey" in shown.stdout
