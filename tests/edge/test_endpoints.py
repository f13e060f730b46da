"""Health, metrics, the log, and how the server starts and stops."""

from __future__ import annotations

import json
import re
import signal
import socket
import time
from collections.abc import Callable
from typing import Any
from urllib.request import urlopen

import pytest

from tools.harness.raw_http import RawConnection, exchange
from tools.harness.server import Server
from tools.harness.signing import Signer


@pytest.mark.core
@pytest.mark.parametrize("path", ["/_aerolith/health", "/_localstack/health"])
def test_health(server: Server, path: str) -> None:
    with urlopen(server.endpoint + path) as answer:
        assert answer.headers["Content-Type"].startswith("application/json")
        health = json.load(answer)
    assert re.fullmatch(r"\d+\.\d+\.\d+.*", health["version"])
    assert "s3" in health["services"]


@pytest.mark.core
def test_unknown_paths_of_our_own(server: Server) -> None:
    answer = exchange(server.port, b"GET /_aerolith/nothing HTTP/1.1\r\nHost: localhost\r\n\r\n")
    assert answer.status == 404


@pytest.mark.core
def test_metrics(server: Server, s3: Any) -> None:
    s3.list_buckets()
    with urlopen(server.endpoint + "/_aerolith/metrics") as answer:
        text = answer.read().decode()
    lines = [line for line in text.splitlines() if line and not line.startswith("#")]
    assert lines
    for line in lines:
        assert re.fullmatch(r"[a-zA-Z_:][\w:]*(\{[^}]*\})? [-+0-9.eEnNaAiIfF]+", line), line
    assert any("ListBuckets" in line for line in lines)
    assert "# TYPE aerolith_accepted_connections_total counter" in text
    assert "# TYPE aerolith_rejected_requests_total counter" in text
    assert "aerolith_accepted_connections_total 0\n" not in text


@pytest.mark.core
def test_every_request_has_one_access_line_with_its_id(server: Server, client: Callable[..., Any]) -> None:
    s3 = client("s3")
    identities = []
    for call in (s3.list_buckets, lambda: s3.head_bucket(Bucket="no-such-bucket-here")):
        try:
            answer = call()
        except s3.exceptions.ClientError as error:
            answer = error.response
        identities.append((answer["ResponseMetadata"]["RequestId"], answer["ResponseMetadata"]["HTTPStatusCode"]))
    assert len({identity for identity, _ in identities}) == 2
    for identity, status in identities:
        lines = wait_for_lines(server, identity)
        assert len(lines) == 1
        assert str(status) in lines[0]


def wait_for_lines(server: Server, needle: str) -> list[str]:
    for _ in range(100):
        lines = [line for line in server.log().splitlines(keepends=True) if needle in line and line.endswith("\n")]
        if lines:
            return lines
        time.sleep(0.05)
    return []


@pytest.mark.core
def test_no_secret_in_the_log(server: Server, s3: Any) -> None:
    s3.list_buckets()
    assert server.credentials().secret_key not in server.log()


def test_ready_comes_once_and_the_port_is_open(make_server: Callable[..., Server]) -> None:
    own = make_server()
    assert own.log().count("Ready.") == 1
    with socket.create_connection(("127.0.0.1", own.port), timeout=5):
        pass


def test_stop_finishes_a_running_upload(make_server: Callable[..., Server]) -> None:
    own = make_server()
    signer = Signer(own)
    created = signer.sign("PUT", "/stopping")
    assert exchange(own.port, _head(created, 0)).status == 200
    body = b"y" * 2_000_000
    upload = signer.sign("PUT", "/stopping/k", body)
    process = own.process
    assert process is not None
    with RawConnection(own.port) as running, RawConnection(own.port) as idle:
        running.send(_head(upload, len(body)) + body[:1_000_000])
        time.sleep(0.3)
        process.send_signal(signal.SIGTERM)
        assert idle.is_closed(within_seconds=5)
        with pytest.raises(ConnectionRefusedError):
            _connect_until_refused(own.port)
        assert process.poll() is None
        running.send(body[1_000_000:])
        assert running.read_answer().status == 200
    assert process.wait(10) == 0
    own.process = None
    own.start()
    got = exchange(own.port, _head(Signer(own).sign("GET", "/stopping/k")))
    assert got.body == body


def _head(request: Any, length: int | None = None) -> bytes:
    lines = [f"{request.method} {request.target} HTTP/1.1", *(f"{n}: {v}" for n, v in request.headers.items())]
    if length is not None:
        lines.append(f"Content-Length: {length}")
    return ("\r\n".join(lines) + "\r\n\r\n").encode()


def _connect_until_refused(port: int) -> None:
    for _ in range(50):
        socket.create_connection(("127.0.0.1", port), timeout=1).close()
        time.sleep(0.1)


def test_stop_gives_up_on_a_client_that_never_ends(make_server: Callable[..., Server]) -> None:
    own = make_server(AEROLITH_HTTP_STOP_DEADLINE="1s")
    request = Signer(own).sign("PUT", "/nowhere/k", b"z" * 1000)
    with RawConnection(own.port) as connection:
        connection.send(_head(request, 1000) + b"z")
        started = time.monotonic()
        own.stop(timeout_seconds=15)
        assert time.monotonic() - started < 10


def test_a_taken_port_is_a_clear_error(make_server: Callable[..., Server]) -> None:
    first, second = make_server(), make_server(start=False)
    second.port = first.port
    result = second.command("serve", timeout_seconds=30)
    assert result.returncode != 0
    assert str(first.port) in result.stdout + result.stderr
