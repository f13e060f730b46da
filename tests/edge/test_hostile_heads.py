"""Bytes that no polite client sends: an error, a closed connection, and never a second request smuggled in."""

from __future__ import annotations

import time

import pytest

from tools.harness.raw_http import Answer, Closed, RawConnection, exchange
from tools.harness.server import Server

pytestmark = pytest.mark.core

HEALTH = b"GET /_aerolith/health HTTP/1.1\r\nHost: localhost\r\n\r\n"
SMUGGLED = b"GET /_aerolith/smuggled HTTP/1.1\r\nHost: localhost\r\n\r\n"


def head(*lines: bytes) -> bytes:
    return b"\r\n".join(lines) + b"\r\n\r\n"


def refused(server: Server, data: bytes) -> Answer | None:
    """The one answer, if any came before the close; fails when the connection lives on or more is answered."""
    with RawConnection(server.port, timeout_seconds=10) as connection:
        connection.send(data)
        try:
            answer = connection.read_answer()
        except Closed:
            return None
        rest = connection.read_to_end()
        assert b"HTTP/1." not in rest, f"a second answer: {rest[:200]!r}"
        return answer


GARBAGE = {
    "nonsense": b"\x00\x01\x02\x03 nonsense\r\n\r\n",
    "no version": b"GET /\r\n\r\n",
    "wrong version": head(b"GET / HTTP/2.0", b"Host: x"),
    "version 1.2": head(b"GET / HTTP/1.9", b"Host: x"),
    "lowercase protocol": head(b"GET / http/1.1", b"Host: x"),
    "three spaces": head(b"GET  /  HTTP/1.1", b"Host: x"),
    "NUL in target": head(b"GET /\x00 HTTP/1.1", b"Host: x"),
    "control character in target": head(b"GET /\x01 HTTP/1.1", b"Host: x"),
    "NUL in value": head(b"GET / HTTP/1.1", b"Host: x", b"X: a\x00b"),
    "space before colon": head(b"GET / HTTP/1.1", b"Host: x", b"X : 1"),
    "no colon": head(b"GET / HTTP/1.1", b"Host: x", b"nonsense"),
    "empty name": head(b"GET / HTTP/1.1", b"Host: x", b": 1"),
    "folded line": head(b"GET / HTTP/1.1", b"Host: x", b"X: 1", b"  2"),
    "bare CR in value": head(b"GET / HTTP/1.1", b"Host: x", b"X: a\rY: b"),
    "two lengths": head(b"PUT /b/k HTTP/1.1", b"Host: x", b"Content-Length: 4", b"Content-Length: 5") + b"xxxxx",
    "two lengths in one": head(b"PUT /b/k HTTP/1.1", b"Host: x", b"Content-Length: 4, 5") + b"xxxxx",
    "negative length": head(b"PUT /b/k HTTP/1.1", b"Host: x", b"Content-Length: -1"),
    "length with plus": head(b"PUT /b/k HTTP/1.1", b"Host: x", b"Content-Length: +4") + b"xxxx",
    "hex length": head(b"PUT /b/k HTTP/1.1", b"Host: x", b"Content-Length: 0x4") + b"xxxx",
    "length past 64 bits": head(b"PUT /b/k HTTP/1.1", b"Host: x", b"Content-Length: 99999999999999999999999"),
    "length and chunked": head(
        b"PUT /b/k HTTP/1.1", b"Host: x", b"Content-Length: 5", b"Transfer-Encoding: chunked"
    ) + b"0\r\n\r\n",
    "unknown coding": head(b"PUT /b/k HTTP/1.1", b"Host: x", b"Transfer-Encoding: gzip"),
    "chunked twice": head(b"PUT /b/k HTTP/1.1", b"Host: x", b"Transfer-Encoding: chunked, chunked") + b"0\r\n\r\n",
    "chunked not last": head(b"PUT /b/k HTTP/1.1", b"Host: x", b"Transfer-Encoding: chunked, gzip") + b"0\r\n\r\n",
    "chunked with a vertical tab": head(b"PUT /b/k HTTP/1.1", b"Host: x", b"Transfer-Encoding: \x0bchunked"),
    "chunked in HTTP/1.0": head(b"PUT /b/k HTTP/1.0", b"Host: x", b"Transfer-Encoding: chunked") + b"0\r\n\r\n",
}  # fmt: skip


@pytest.mark.parametrize("name", GARBAGE)
def test_refused_and_closed(server: Server, name: str) -> None:
    answer = refused(server, GARBAGE[name] + SMUGGLED)
    assert answer is None or answer.status in (400, 411, 413, 501, 505), answer
    assert exchange(server.port, HEALTH).status == 200


@pytest.mark.parametrize(
    "data",
    [
        b"GET /_aerolith/health HTTP/1.1\nHost: x\n\n",
        b"GET /_aerolith/health HTTP/1.1\r\nHost: x\nX: y\r\n\r\n",
        b"GET /_aerolith/health HTTP/1.1\r\nHost: x\r\nX: y\n\r\n",
    ],
)
def test_bare_line_feeds(server: Server, data: bytes) -> None:
    answer = refused(server, data + SMUGGLED)
    assert answer is None or answer.status == 400


def test_the_log_says_where_garbage_came_from(server: Server) -> None:
    # An address of the loopback network that no other test calls from.
    with RawConnection(server.port, source_address="127.9.8.7") as connection:
        connection.send(b"GARBAGE\r\n\r\n")
        assert connection.read_answer().status == 400
    deadline = time.monotonic() + 10
    while not (lines := [line for line in server.log().splitlines() if "peer=127.9.8.7 " in line]):
        assert time.monotonic() < deadline, "no line"
        time.sleep(0.05)
    assert len(lines) == 1
    assert " error=BadRequest " in lines[0]


CHUNKS = {
    "no size": b"\r\nabc\r\n0\r\n\r\n",
    "size is no number": b"xyz\r\nabc\r\n0\r\n\r\n",
    "negative": b"-3\r\nabc\r\n0\r\n\r\n",
    "0x": b"0x3\r\nabc\r\n0\r\n\r\n",
    "past 64 bits": b"fffffffffffffffff\r\nabc\r\n0\r\n\r\n",
    "no end of data": b"3\r\nabcd\r\n0\r\n\r\n",
    "bare line feed": b"3\nabc\n0\n\n",
    "endless extension": b"3;" + b"x" * 200_000 + b"\r\nabc\r\n0\r\n\r\n",
    "endless trailer": b"0\r\n" + b"X: y\r\n" * 100_000 + b"\r\n",
}


@pytest.mark.parametrize("name", CHUNKS)
def test_bad_chunks(server: Server, name: str) -> None:
    start = head(b"POST / HTTP/1.1", b"Host: sqs.us-east-1.amazonaws.com", b"Transfer-Encoding: chunked")
    try:
        answer = refused(server, start + CHUNKS[name] + SMUGGLED)
    except (BrokenPipeError, ConnectionResetError):
        answer = None  # closed while we were still sending
    assert answer is None or 400 <= answer.status < 500, answer
    assert exchange(server.port, HEALTH).status == 200


def test_a_head_over_the_limit(server: Server) -> None:
    answer = refused(server, head(b"GET / HTTP/1.1", b"Host: x", b"X: " + b"y" * 70_000))
    assert answer is None or answer.status == 431


def test_many_fields_over_the_limit(server: Server) -> None:
    answer = refused(server, head(b"GET / HTTP/1.1", b"Host: x", *[b"X-%d: y" % n for n in range(20_000)]))
    assert answer is None or answer.status == 431


def test_a_target_over_the_limit(server: Server) -> None:
    answer = refused(server, head(b"GET /" + b"a" * 70_000 + b" HTTP/1.1", b"Host: x"))
    assert answer is None or answer.status in (414, 431)


def test_a_head_without_end_is_cut(server: Server) -> None:
    with RawConnection(server.port, timeout_seconds=20) as connection:
        connection.send(b"GET / HTTP/1.1\r\nHost: x\r\n")
        # Refused; what comes afterwards is dropped, and not for long.
        with pytest.raises((BrokenPipeError, ConnectionResetError)):
            end = time.monotonic() + 15
            while time.monotonic() < end:
                connection.send(b"X-1: y\r\n" * 100)


def test_byte_by_byte(server: Server) -> None:
    with RawConnection(server.port) as connection:
        connection.send_slowly(HEALTH)
        assert connection.read_answer().status == 200


def test_no_host(server: Server) -> None:
    answer = refused(server, head(b"GET /_aerolith/health HTTP/1.1"))
    assert answer is not None
    assert answer.status == 400


def test_two_hosts(server: Server) -> None:
    answer = refused(server, head(b"GET /_aerolith/health HTTP/1.1", b"Host: a", b"Host: b"))
    assert answer is not None
    assert answer.status == 400


def test_leading_empty_lines_are_forgiven(server: Server) -> None:
    """RFC 9112 section 2.2: a server should ignore at least one."""
    assert exchange(server.port, b"\r\n" + HEALTH).status == 200


@pytest.mark.parametrize("method", [b"BREW", b"CONNECT", b"TRACE", b"get", b"M" * 100])
def test_odd_methods(server: Server, method: bytes) -> None:
    answer = exchange(server.port, head(method + b" / HTTP/1.1", b"Host: x", b"Connection: close"))
    assert 400 <= answer.status <= 501
