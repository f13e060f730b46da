"""TLS and plain HTTP on one port, with the certificate of the local CA."""

from __future__ import annotations

import ssl
from collections.abc import Callable
from typing import Any

import pytest

from tools.harness.clients import CommandLine
from tools.harness.raw_http import RawConnection
from tools.harness.server import Server

pytestmark = pytest.mark.core

HEALTH = b"GET /_aerolith/health HTTP/1.1\r\nHost: localhost\r\n\r\n"


def trusting(server: Server) -> ssl.SSLContext:
    return ssl.create_default_context(cafile=str(server.ca_bundle))


@pytest.mark.parametrize("version", [ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3])
def test_both_versions(server: Server, version: ssl.TLSVersion) -> None:
    context = trusting(server)
    context.minimum_version = context.maximum_version = version
    with RawConnection(server.port, tls=context) as connection:
        for _ in range(3):
            connection.send(HEALTH)
            assert connection.read_answer().status == 200


@pytest.mark.filterwarnings("ignore:ssl.TLSVersion")
def test_old_versions_are_refused(server: Server) -> None:
    context = trusting(server)
    context.set_ciphers("ALL:@SECLEVEL=0")
    context.minimum_version = ssl.TLSVersion.TLSv1
    context.maximum_version = ssl.TLSVersion.TLSv1_1
    with pytest.raises((ssl.SSLError, ConnectionResetError)):
        RawConnection(server.port, tls=context)


def test_a_stranger_doesn_t_trust_it(server: Server) -> None:
    with pytest.raises(ssl.SSLCertVerificationError):
        RawConnection(server.port, tls=ssl.create_default_context())


@pytest.mark.parametrize("name", ["localhost", "s3.localhost", "bucket.s3.localhost"])
def test_names_of_the_certificate(server: Server, name: str) -> None:
    import socket

    with socket.create_connection(("127.0.0.1", server.port), timeout=10) as plain:
        with trusting(server).wrap_socket(plain, server_hostname=name) as secured:
            secured.sendall(HEALTH)
            assert secured.recv(15) == b"HTTP/1.1 200 OK"


def test_boto3_over_tls(server: Server, client: Callable[..., Any], bucket: str, local_names: None) -> None:
    https = client("s3", endpoint_url=f"https://localhost:{server.port}", verify=str(server.ca_bundle))
    body = bytes(range(256)) * 40_000
    https.put_object(Bucket=bucket, Key="k", Body=body)
    assert https.get_object(Bucket=bucket, Key="k")["Body"].read() == body


def test_curl_over_tls(server: Server, cli: CommandLine) -> None:
    url = f"https://localhost:{server.port}/_aerolith/health"
    assert "version" in cli.curl("--fail", "--cacert", str(server.ca_bundle), url).stdout


def test_half_a_hello_harms_nobody(server: Server) -> None:
    with RawConnection(server.port) as half, RawConnection(server.port) as other:
        half.send(b"\x16\x03\x01\x02\x00\x01")
        other.send(HEALTH)
        assert other.read_answer().status == 200


def test_a_tls_record_of_garbage_is_closed(server: Server) -> None:
    with RawConnection(server.port) as connection:
        connection.send(b"\x16\x03\x01\x00\x05hello" + b"\xff" * 100)
        assert b"HTTP/" not in connection.read_to_end()
