"""How many bytes a second TCP carries from one network namespace to another."""

from __future__ import annotations

import subprocess
import sys
import uuid
from collections.abc import Iterator
from contextlib import contextmanager

PORT = 5201
SECONDS = 4

_RECEIVE = """
import socket
with socket.create_server(("0.0.0.0", %d)) as listener:
    print("ready", flush=True)
    made, _ = listener.accept()
    buffer = bytearray(1 << 20)
    while made.recv_into(buffer):
        pass
"""
_SEND = """
import socket, sys, time
with socket.create_connection((sys.argv[1], %d), timeout=10) as made:
    made.settimeout(None)
    piece, sent, begin = bytes(1 << 20), 0, time.monotonic()
    while time.monotonic() < begin + %d:
        made.sendall(piece)
        sent += len(piece)
    print(sent / (time.monotonic() - begin))
"""


def between(sender: list[str], receiver: list[str], address: str) -> float:
    """Bytes a second; the lists are what enters a namespace."""
    listening = subprocess.Popen(
        [*receiver, sys.executable, "-c", _RECEIVE % PORT], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, text=True
    )
    try:
        assert listening.stdout
        assert listening.stdout.readline() == "ready\n"
        told = subprocess.run(
            [*sender, sys.executable, "-c", _SEND % (PORT, SECONDS), address],
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=SECONDS + 20,
        )
        assert told.returncode == 0, told.stderr
        return float(told.stdout)
    finally:
        listening.kill()
        listening.wait()


def between_guests(sender: str, receiver: str, address: str) -> float:
    return between(_enter(sender), _enter(receiver), address)


def between_plain_namespaces() -> float:
    with _veth_pair() as (one, two):
        return between(_enter(one), _enter(two), "192.0.2.2")


def _enter(namespace: str) -> list[str]:
    return ["ip", "netns", "exec", namespace]


@contextmanager
def _veth_pair() -> Iterator[tuple[str, str]]:
    names = [f"bench-{uuid.uuid4().hex[:8]}-{number}" for number in (1, 2)]
    made: list[str] = []
    try:
        for name in names:
            _ip("netns", "add", name)
            made.append(name)
        _ip("-n", names[0], "link", "add", "veth0", "type", "veth", "peer", "name", "veth0", "netns", names[1])
        for number, name in enumerate(names, 1):
            _ip("-n", name, "addr", "add", f"192.0.2.{number}/24", "dev", "veth0")
            _ip("-n", name, "link", "set", "veth0", "up")
        yield names[0], names[1]
    finally:
        for name in made:
            _ip("netns", "del", name)


def _ip(*arguments: str) -> None:
    subprocess.run(["ip", *arguments], check=True, stdin=subprocess.DEVNULL)
