"""Keep-alive, pipelining, HTTP/1.0, 100-continue, slow clients and many of them."""

from __future__ import annotations

import re
import resource
import select
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tools.harness.raw_http import RawConnection, exchange
from tools.harness.server import Server
from tools.harness.signing import SignedRequest, Signer

HEALTH = b"GET /_aerolith/health HTTP/1.1\r\nHost: localhost\r\n\r\n"


def head_of(request: SignedRequest, *more: str) -> bytes:
    lines = [f"{request.method} {request.target} HTTP/1.1", *(f"{n}: {v}" for n, v in request.headers.items()), *more]
    return ("\r\n".join(lines) + "\r\n\r\n").encode()


@pytest.mark.core
def test_keep_alive(server: Server) -> None:
    with RawConnection(server.port) as connection:
        for _ in range(100):
            connection.send(HEALTH)
            assert connection.read_answer().status == 200


@pytest.mark.core
def test_connection_close_is_honoured(server: Server) -> None:
    with RawConnection(server.port) as connection:
        connection.send(HEALTH.replace(b"\r\n\r\n", b"\r\nConnection: close\r\n\r\n"))
        answer = connection.read_answer()
        assert (answer.header("connection") or "").lower() == "close"
        assert connection.is_closed()


@pytest.mark.core
def test_http_1_0_closes(server: Server) -> None:
    with RawConnection(server.port) as connection:
        connection.send(b"GET /_aerolith/health HTTP/1.0\r\n\r\n")
        answer = connection.read_answer()
        assert answer.status == 200
        assert answer.header("transfer-encoding") is None
        assert connection.is_closed()


@pytest.mark.core
def test_pipelined_answers_come_in_order(server: Server, s3: Any, bucket: str) -> None:
    for number in range(20):
        s3.put_object(Bucket=bucket, Key=f"k{number}", Body=str(number).encode() * (number * 1000 + 1))
    signer = Signer(server)
    requests = [signer.sign("GET", f"/{bucket}/k{number}") for number in range(20)]
    with RawConnection(server.port) as connection:
        connection.send(b"".join(head_of(request) for request in requests))
        for number in range(20):
            assert connection.read_answer().body == str(number).encode() * (number * 1000 + 1)


@pytest.mark.core
def test_pipelined_writes_and_reads(server: Server, bucket: str) -> None:
    signer = Signer(server)
    data = b""
    for number in range(10):
        put = signer.sign("PUT", f"/{bucket}/k", str(number).encode())
        data += head_of(put, f"Content-Length: {len(put.body)}") + put.body
        data += head_of(signer.sign("GET", f"/{bucket}/k"))
    with RawConnection(server.port) as connection:
        connection.send(data)
        for number in range(10):
            assert connection.read_answer().status == 200
            assert connection.read_answer().body == str(number).encode()


@pytest.mark.core
def test_continue_is_said_when_the_body_is_wanted(server: Server, bucket: str) -> None:
    request = Signer(server).sign("PUT", f"/{bucket}/k", b"hello")
    with RawConnection(server.port) as connection:
        connection.send(head_of(request, "Content-Length: 5", "Expect: 100-continue"))
        assert connection.read_answer().status == 100
        connection.send(b"hello")
        assert connection.read_answer().status == 200


@pytest.mark.core
def test_continue_is_not_said_when_the_head_is_refused(server: Server, bucket: str) -> None:
    request = Signer(server, secret_key="wrong").sign("PUT", f"/{bucket}/k", b"hello")
    with RawConnection(server.port) as connection:
        connection.send(head_of(request, "Content-Length: 5", "Expect: 100-continue"))
        assert connection.read_answer().status == 403


@pytest.mark.core
def test_a_refused_body_that_comes_anyway_is_not_a_request(server: Server, bucket: str) -> None:
    """What follows a refused head is its body, whatever it looks like."""
    body = HEALTH * 3
    request = Signer(server, secret_key="wrong").sign("PUT", f"/{bucket}/k", body)
    with RawConnection(server.port) as connection:
        connection.send(head_of(request, f"Content-Length: {len(body)}") + body)
        assert connection.read_answer().status == 403
        connection.socket.settimeout(1)
        try:
            more = connection.socket.recv(1000)
        except (TimeoutError, ConnectionResetError):
            more = b""
        assert b"200 OK" not in more


def test_a_thousand_idle_connections(server: Server, s3: Any, bucket: str) -> None:
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft < 2500:
        resource.setrlimit(resource.RLIMIT_NOFILE, (min(hard, 4096), hard))
    connections = [RawConnection(server.port) for _ in range(1000)]
    try:
        for connection in connections:
            connection.send(HEALTH)
        for connection in connections:
            assert connection.read_answer().status == 200
        threads = len(list(Path(f"/proc/{server.pid}/task").iterdir()))
        assert threads < 150
        s3.put_object(Bucket=bucket, Key="k", Body=b"others are served")
        for connection in reversed(connections):
            connection.send(HEALTH)
        for connection in connections:
            assert connection.read_answer().status == 200
    finally:
        for connection in connections:
            connection.close()


def resident_bytes(pid: int) -> int:
    return int(re.search(r"VmRSS:\s+(\d+)", Path(f"/proc/{pid}/status").read_text())[1]) * 1024


@pytest.mark.long
def test_ten_thousand_idle_connections_are_cheap(make_server: Callable[..., Server]) -> None:
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    # This process and the server hold one end each.
    if hard < 11_000:
        pytest.skip(f"the hard limit of open files is {hard}: ulimit -Hn 11000")
    resource.setrlimit(resource.RLIMIT_NOFILE, (11_000, hard))
    own = make_server()
    before = resident_bytes(own.pid)
    connections = [RawConnection(own.port, timeout_seconds=60) for _ in range(10_000)]
    try:
        for connection in connections:
            connection.send(HEALTH)
            assert connection.read_answer().status == 200
        assert (resident_bytes(own.pid) - before) / len(connections) < 20_000
        assert exchange(own.port, HEALTH).status == 200
    finally:
        for connection in connections:
            connection.close()


def test_slow_heads_are_cut_and_hold_nobody(make_server: Callable[..., Server]) -> None:
    own = make_server(AEROLITH_HTTP_HEAD_DEADLINE="1s", AEROLITH_HTTP_HANDLER_THREADS="2")
    slow = [RawConnection(own.port) for _ in range(100)]
    for connection in slow:
        connection.send(b"GET / HTTP/1.1\r\nHost")
    started = time.monotonic()
    assert exchange(own.port, HEALTH).status == 200
    assert time.monotonic() - started < 0.9
    for connection in slow:
        left = connection.read_to_end()
        assert left == b"" or left.startswith(b"HTTP/1.1 408 ")
    assert time.monotonic() - started < 5


def test_drops_of_a_head_don_t_win_time(make_server: Callable[..., Server]) -> None:
    own = make_server(AEROLITH_HTTP_HEAD_DEADLINE="1s")
    started = time.monotonic()
    with RawConnection(own.port) as connection:
        connection.send(b"GET / HTTP/1.1\r\nHost: x\r\n")
        while not select.select([connection.socket], [], [], 0.05)[0]:
            assert time.monotonic() - started < 5, "still listening to a head that never ends"
            connection.send(b"X: y\r\n")
        left = connection.socket.recv(1000)
        assert left == b"" or left.startswith(b"HTTP/1.1 408 ")


def test_idle_connections_are_closed(make_server: Callable[..., Server]) -> None:
    own = make_server(AEROLITH_HTTP_IDLE_DEADLINE="1s")
    with RawConnection(own.port) as connection:
        connection.send(HEALTH)
        assert connection.read_answer().status == 200
        assert connection.is_closed(within_seconds=5)


def create_bucket(own: Server, name: str) -> None:
    answer = exchange(own.port, head_of(Signer(own).sign("PUT", f"/{name}"), "Content-Length: 0"))
    assert answer.status == 200, answer


def test_a_stalled_body_frees_its_handler(make_server: Callable[..., Server]) -> None:
    own = make_server(AEROLITH_HTTP_STALL_DEADLINE="1s", AEROLITH_HTTP_HANDLER_THREADS="2")
    create_bucket(own, "stalls")
    connections = []
    for number in range(4):
        request = Signer(own).sign("PUT", f"/stalls/k{number}", b"x" * 1000)
        connection = RawConnection(own.port)
        connection.send(head_of(request, "Content-Length: 1000") + b"x" * 500)
        connections.append(connection)
    for connection in connections:
        answer = connection.read_answer()
        assert answer.status in (400, 408)
        connection.close()
    listing = exchange(own.port, head_of(Signer(own).sign("GET", "/stalls?list-type=2")))
    assert b"<KeyCount>0</KeyCount>" in listing.body


def test_overload_answers_503_before_the_body(make_server: Callable[..., Server]) -> None:
    own = make_server(AEROLITH_HTTP_HANDLER_THREADS="1", AEROLITH_HTTP_HANDLER_QUEUE="1")
    create_bucket(own, "busy")
    signer = Signer(own)
    held = []
    for number in range(2):  # one runs, waiting for the rest of its body; one waits in the queue
        request = signer.sign("PUT", f"/busy/k{number}", b"x" * 4_000_000)
        connection = RawConnection(own.port)
        connection.send(head_of(request, "Content-Length: 4000000") + b"x" * 1_000_000)
        held.append(connection)
        time.sleep(0.3)
    refused = signer.sign("PUT", "/busy/refused", b"x" * 1_000_000)
    with RawConnection(own.port) as connection:
        connection.send(head_of(refused, "Content-Length: 1000000"))
        answer = connection.read_answer()
    assert answer.status == 503
    assert b"<Code>SlowDown</Code>" in answer.body
    for connection in held:
        connection.send(b"x" * 3_000_000)
        assert connection.read_answer().status == 200
        connection.close()
