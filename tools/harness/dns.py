"""A small DNS client, written from RFC 1035 and apart from the library that the server uses."""

from __future__ import annotations

import secrets
import socket
import struct
from dataclasses import dataclass, field

A, SOA, AAAA, ANY = 1, 6, 28, 255
FORMERR, SERVFAIL, NOTIMP, REFUSED = 1, 2, 4, 5


@dataclass
class DnsAnswer:
    code: int
    flags: int
    addresses: list[str] = field(default_factory=list)
    ttls: list[int] = field(default_factory=list)
    authority_types: list[int] = field(default_factory=list)

    @property
    def is_authoritative(self) -> bool:
        return bool(self.flags & 0x0400)


def make_query(name: str, kind: int = A, *, query_id: int | None = None, flags: int = 0x0100) -> bytes:
    labels = b"".join(bytes([len(label)]) + label.encode() for label in name.split(".") if label)
    header = struct.pack("!6H", secrets.randbits(16) if query_id is None else query_id, flags, 1, 0, 0, 0)
    return header + labels + b"\0" + struct.pack("!HH", kind, 1)


def _skip_name(message: bytes, at: int) -> int:
    while message[at]:
        if message[at] >= 0xC0:
            return at + 2
        at += 1 + message[at]
    return at + 1


def read_answer(message: bytes) -> DnsAnswer:
    _, flags, questions, answers, authorities, _ = struct.unpack_from("!6H", message)
    assert flags & 0x8000, "not an answer"
    answer = DnsAnswer(flags & 0x0F, flags)
    at = 12
    for _ in range(questions):
        at = _skip_name(message, at) + 4
    for number in range(answers + authorities):
        at = _skip_name(message, at)
        kind, _, ttl, size = struct.unpack_from("!HHIH", message, at)
        data = message[at + 10 : at + 10 + size]
        at += 10 + size
        if number >= answers:
            answer.authority_types.append(kind)
        elif kind in (A, AAAA):
            answer.addresses.append(socket.inet_ntop(socket.AF_INET if kind == A else socket.AF_INET6, data))
            answer.ttls.append(ttl)
    return answer


class DnsClient:
    """Asks one server at host:port."""

    def __init__(self, address: str, timeout_seconds: float = 10) -> None:
        host, _, port = address.rpartition(":")
        self.server = (host.strip("[]"), int(port))
        self.timeout_seconds = timeout_seconds

    def exchange(self, message: bytes) -> bytes:
        with socket.socket(socket.AF_INET6 if ":" in self.server[0] else socket.AF_INET, socket.SOCK_DGRAM) as udp:
            udp.settimeout(self.timeout_seconds)
            udp.connect(self.server)
            udp.send(message)
            return udp.recv(65535)

    def exchange_stream(self, message: bytes) -> bytes:
        with socket.create_connection(self.server, timeout=self.timeout_seconds) as tcp:
            tcp.sendall(struct.pack("!H", len(message)) + message)
            with tcp.makefile("rb") as stream:
                (size,) = struct.unpack("!H", stream.read(2))
                return stream.read(size)

    def ask(self, name: str, kind: int = A, *, stream: bool = False) -> DnsAnswer:
        query = make_query(name, kind)
        reply = self.exchange_stream(query) if stream else self.exchange(query)
        assert reply[:2] == query[:2], "an answer to another question"
        return read_answer(reply)
