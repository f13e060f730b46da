"""HTTP by hand: bytes onto a socket, answers read back strictly. For what no polite client would send."""

from __future__ import annotations

import socket
import ssl
import time
from dataclasses import dataclass, field


class Closed(Exception):
    """The server closed before a whole answer was there. `received` is what came."""

    def __init__(self, received: bytes) -> None:
        super().__init__(f"closed after {received[:200]!r}")
        self.received = received


@dataclass
class Answer:
    version: str
    status: int
    reason: str
    headers: list[tuple[str, str]] = field(default_factory=list)
    body: bytes = b""

    def header(self, name: str) -> str | None:
        for found, value in self.headers:
            if found.lower() == name.lower():
                return value
        return None


class RawConnection:
    """One TCP connection. read_answer() takes exactly one answer off the stream, so pipelining can be tested."""

    def __init__(
        self,
        port: int,
        timeout_seconds: float = 20,
        tls: ssl.SSLContext | None = None,
        source_address: str = "127.0.0.1",
    ) -> None:
        self.socket: socket.socket = socket.create_connection(
            ("127.0.0.1", port), timeout=timeout_seconds, source_address=(source_address, 0)
        )
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        if tls is not None:
            self.socket = tls.wrap_socket(self.socket, server_hostname="localhost")
        self.buffer = b""

    def __enter__(self) -> RawConnection:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        self.socket.close()

    def send(self, data: bytes) -> None:
        self.socket.sendall(data)

    def send_slowly(self, data: bytes, pause_seconds: float = 0.0005) -> None:
        for byte in data:
            self.socket.sendall(bytes([byte]))
            time.sleep(pause_seconds)

    def _fill(self) -> None:
        try:
            piece = self.socket.recv(65536)
        except ConnectionResetError:
            piece = b""
        if not piece:
            raise Closed(self.buffer)
        self.buffer += piece

    def _take_until(self, mark: bytes) -> bytes:
        while mark not in self.buffer:
            self._fill()
        taken, self.buffer = self.buffer.split(mark, 1)
        return taken

    def _take(self, count: int) -> bytes:
        while len(self.buffer) < count:
            self._fill()
        taken, self.buffer = self.buffer[:count], self.buffer[count:]
        return taken

    def read_answer(self, method: str = "GET") -> Answer:
        lines = self._take_until(b"\r\n\r\n").decode("latin-1").split("\r\n")
        version, status, reason = (lines[0].split(" ", 2) + [""])[:3]
        headers = [(name, value.strip()) for name, _, value in (line.partition(":") for line in lines[1:])]
        answer = Answer(version, int(status), reason, headers)
        if method == "HEAD" or answer.status in (204, 304) or answer.status < 200:
            return answer
        if (answer.header("transfer-encoding") or "").lower() == "chunked":
            answer.body = self._read_chunks()
        elif (length := answer.header("content-length")) is not None:
            answer.body = self._take(int(length))
        else:
            answer.body = self.read_to_end()
        return answer

    def _read_chunks(self) -> bytes:
        body = b""
        while size := int(self._take_until(b"\r\n").split(b";")[0], 16):
            body += self._take(size)
            assert self._take(2) == b"\r\n"
        self._take_until(b"\r\n")
        return body

    def read_to_end(self) -> bytes:
        """Everything until the server closes."""
        try:
            while True:
                self._fill()
        except Closed as closed:
            self.buffer = b""
            return closed.received

    def is_closed(self, within_seconds: float = 5) -> bool:
        """Whether the server closes in time, having said nothing more."""
        self.socket.settimeout(within_seconds)
        try:
            return self.socket.recv(1) == b""
        except ConnectionResetError:
            return True
        except TimeoutError:
            return False


def exchange(port: int, data: bytes, method: str = "GET", timeout_seconds: float = 20) -> Answer:
    with RawConnection(port, timeout_seconds) as connection:
        connection.send(data)
        return connection.read_answer(method)
