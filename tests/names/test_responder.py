"""The DNS responder as resolvers and clients see it."""

from __future__ import annotations

import random
import socket
import struct
from collections.abc import Callable, Iterator

import pytest

from tools.harness.dns import AAAA, ANY, FORMERR, REFUSED, SOA, A, DnsClient, make_query, read_answer
from tools.harness.names import dns_addresses, endpoint_names
from tools.harness.server import Server

ON = {"AEROLITH_DNS_ENABLED": "true", "AEROLITH_DNS_LISTEN": "127.0.0.1:0"}


@pytest.fixture
def named(make_server: Callable[..., Server]) -> Iterator[Server]:
    own = make_server(AEROLITH_HOST_NAMES="cloud.example", **ON)
    yield own
    assert own.stop() == 0


def client_of(server: Server) -> DnsClient:
    (address,) = dns_addresses(server)
    return DnsClient(address)


def test_is_off_unless_asked_for(server: Server) -> None:
    assert dns_addresses(server) == []


@pytest.mark.parametrize("region", ["us-east-1", "eu-central-1"])
def test_every_endpoint_of_every_service(named: Server, region: str) -> None:
    client = client_of(named)
    for name in endpoint_names(region):
        answer = client.ask(name)
        assert (answer.code, answer.addresses) == (0, ["127.0.0.1"]), name
        assert answer.is_authoritative
        assert answer.ttls[0] <= 60  # nobody remembers us for long


@pytest.mark.parametrize("stream", [False, True])
@pytest.mark.parametrize(
    "name",
    [
        "bucket.s3.amazonaws.com",
        "dotted.bucket.s3.eu-west-1.amazonaws.com",
        "123456789012.s3-control.us-east-1.amazonaws.com",
        "bucket.s3.localhost",
        "localhost",
        "STS.us-EAST-1.amazonaws.COM",
        "cloud.example",
        "bucket.s3.cloud.example",
    ],
)
def test_other_names_of_ours(named: Server, name: str, stream: bool) -> None:
    client = client_of(named)
    assert client.ask(name, stream=stream).addresses == ["127.0.0.1"]
    assert client.ask(name, ANY, stream=stream).addresses == ["127.0.0.1"]
    nothing = client.ask(name, AAAA, stream=stream)
    assert (nothing.code, nothing.addresses, nothing.authority_types) == (0, [], [SOA])


@pytest.mark.parametrize(
    "name",
    ["example.com", "amazonaws.com", "aws.amazon.com", "console.aws.amazon.com", "s3.amazonaws.com.evil.example", "."],
)
def test_the_rest_is_refused(named: Server, name: str) -> None:
    for stream in (False, True):
        answer = client_of(named).ask(name, stream=stream)
        assert (answer.code, answer.addresses) == (REFUSED, [])


def test_a_server_on_all_addresses_is_where_it_was_asked(make_server: Callable[..., Server]) -> None:
    own = make_server(start=False, **ON | {"AEROLITH_DNS_LISTEN": "0.0.0.0:0"})
    own.settings["AEROLITH_LISTEN"] = f"0.0.0.0:{own.port}"
    own.start()
    port = dns_addresses(own)[0].rpartition(":")[2]
    for host in ("127.0.0.1", "127.0.0.2"):
        for stream in (False, True):
            assert DnsClient(f"{host}:{port}").ask("s3.localhost", stream=stream).addresses == [host]


def test_forwards_the_rest_where_it_may(named: Server, make_server: Callable[..., Server]) -> None:
    (upstream,) = dns_addresses(named)
    own = make_server(AEROLITH_DNS_UPSTREAM=upstream, **ON)
    client = client_of(own)
    for stream in (False, True):
        # A name that only the upstream knows, and one that neither does.
        assert client.ask("cloud.example", stream=stream).addresses == ["127.0.0.1"]
        assert client.ask("example.com", stream=stream).code == REFUSED


def test_an_upstream_that_is_itself(make_server: Callable[..., Server]) -> None:
    own = make_server(start=False, **ON)
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        address = f"127.0.0.1:{probe.getsockname()[1]}"
    own.settings.update(AEROLITH_DNS_LISTEN=address, AEROLITH_DNS_UPSTREAM=address)
    result = own.command("serve", timeout_seconds=60)
    assert result.returncode == 1
    assert "this very responder" in result.stderr


def test_a_taken_port_is_named(named: Server, make_server: Callable[..., Server]) -> None:
    (taken,) = dns_addresses(named)
    own = make_server(start=False, **ON | {"AEROLITH_DNS_LISTEN": taken})
    result = own.command("serve", timeout_seconds=60)
    assert result.returncode == 1
    assert taken in result.stderr


def hostile_packets(count: int) -> Iterator[bytes]:
    """Cut, bent and random ones; the same each time."""
    chance = random.Random(53)
    good = make_query("bucket.s3.us-east-1.amazonaws.com", A, query_id=1)
    for size in range(len(good)):
        yield good[:size]
    yield good[:12] + b"\xc0\x0c" + good[-4:]  # a name that is itself
    yield good[:4] + struct.pack("!4H", 0xFFFF, 0xFFFF, 0xFFFF, 0xFFFF) + good[12:]
    yield good[:12] + b"\x3f" * 300
    for _ in range(count):
        bent = bytearray(good)
        for _ in range(chance.randint(1, 4)):
            bent[chance.randrange(len(bent))] = chance.randrange(256)
        yield bytes(bent)
        yield chance.randbytes(chance.randint(0, 600))


def test_bad_packets(named: Server) -> None:
    client = client_of(named)
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as udp:
        for number, packet in enumerate(hostile_packets(1000)):
            udp.sendto(packet, client.server)
            if number % 50 == 0:
                assert client.ask("s3.localhost").addresses == ["127.0.0.1"]
    for packet in hostile_packets(20):
        with socket.create_connection(client.server, timeout=10) as tcp:
            tcp.sendall(struct.pack("!H", len(packet)) + packet)
            tcp.shutdown(socket.SHUT_WR)
            while tcp.recv(65536):
                continue
    assert client.ask("s3.localhost", stream=True).addresses == ["127.0.0.1"]
    assert named.is_running()


def test_no_question_and_two_questions_are_malformed(named: Server) -> None:
    good = make_query("s3.localhost")
    for count in (0, 2):
        reply = client_of(named).exchange(good[:4] + struct.pack("!H", count) + good[6:])
        assert read_answer(reply).code == FORMERR


def test_answers_are_not_answered(named: Server) -> None:
    """Two responders would answer one another for ever."""
    client = client_of(named)
    client.timeout_seconds = 0.5
    with pytest.raises(TimeoutError):
        client.exchange(make_query("s3.localhost", flags=0x8100))


def test_idle_connections_keep_nobody_out(named: Server) -> None:
    client = client_of(named)
    idle = [socket.create_connection(client.server, timeout=10) for _ in range(63)]
    try:
        assert client.ask("s3.localhost", stream=True).addresses == ["127.0.0.1"]
        assert client.ask("s3.localhost").addresses == ["127.0.0.1"]
    finally:
        for connection in idle:
            connection.close()


def test_doctor_looks_at_it(make_server: Callable[..., Server], named: Server) -> None:
    own = make_server(start=False, **ON)
    assert "hard-wired endpoints" in own.command("doctor").stdout
    (taken,) = dns_addresses(named)
    own.settings["AEROLITH_DNS_LISTEN"] = taken
    refused = own.command("doctor")
    assert refused.returncode == 1
    assert f"dns {taken}" in refused.stdout
