"""aws-chunked bodies made by hand, so that any part of them can be made wrong.

https://docs.aws.amazon.com/AmazonS3/latest/API/sigv4-streaming.html
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import zlib
from dataclasses import dataclass, field

from tools.harness.signing import SignedRequest, Signer

EMPTY_HASH = hashlib.sha256(b"").hexdigest()


@dataclass
class ChunkedPut:
    """A PUT of `pieces`; payload kinds as the x-amz-content-sha256 field names them."""

    signer: Signer
    target: str
    pieces: list[bytes]
    signed: bool = True
    trailer: bool = False
    trailer_value: str = ""  # empty: the right CRC32
    decoded_length: int | None = None  # None: the right one
    headers: dict[str, str] = field(default_factory=dict)

    @property
    def kind(self) -> str:
        if self.signed:
            return "STREAMING-AWS4-HMAC-SHA256-PAYLOAD" + ("-TRAILER" if self.trailer else "")
        return "STREAMING-UNSIGNED-PAYLOAD-TRAILER"

    def build(self) -> SignedRequest:
        body = b"".join(self.pieces)
        length = len(body) if self.decoded_length is None else self.decoded_length
        headers = {
            "X-Amz-Content-SHA256": self.kind,
            "X-Amz-Decoded-Content-Length": str(length),
            "Content-Encoding": "aws-chunked",
            **self.headers,
        }
        if self.trailer:
            headers["X-Amz-Trailer"] = "x-amz-checksum-crc32"
        request = self.signer.sign("PUT", self.target, b"", headers)
        request.body = self._frames(request, body)
        return request

    def _frames(self, request: SignedRequest, body: bytes) -> bytes:
        authorization = request.headers["Authorization"]
        previous = authorization.rsplit("Signature=", 1)[1]
        scope = authorization.split("Credential=")[1].split(",")[0].split("/", 1)[1]
        stamp = request.headers["X-Amz-Date"]
        key = self._key(scope)
        frames = b""
        for piece in [*self.pieces, b""]:
            extension = b""
            if self.signed:
                text = "\n".join(
                    ["AWS4-HMAC-SHA256-PAYLOAD", stamp, scope, previous, EMPTY_HASH, hashlib.sha256(piece).hexdigest()]
                )
                previous = hmac.new(key, text.encode(), hashlib.sha256).hexdigest()
                extension = b";chunk-signature=" + previous.encode()
            frames += f"{len(piece):x}".encode() + extension + b"\r\n"
            if piece:
                frames += piece + b"\r\n"
        if self.trailer:
            frames += self._trailer(body, key, scope, stamp, previous)
        return frames + b"\r\n"

    def _trailer(self, body: bytes, key: bytes, scope: str, stamp: str, previous: str) -> bytes:
        value = self.trailer_value or base64.b64encode(zlib.crc32(body).to_bytes(4)).decode()
        line = f"x-amz-checksum-crc32:{value}"
        if not self.signed:
            return line.encode() + b"\r\n"
        digest = hashlib.sha256(f"{line}\n".encode()).hexdigest()
        text = "\n".join(["AWS4-HMAC-SHA256-TRAILER", stamp, scope, previous, digest])
        signature = hmac.new(key, text.encode(), hashlib.sha256).hexdigest()
        return f"{line}\r\nx-amz-trailer-signature:{signature}\r\n".encode()

    def _key(self, scope: str) -> bytes:
        key = f"AWS4{self.signer.secret_key}".encode()
        for part in scope.split("/"):
            key = hmac.new(key, part.encode(), hashlib.sha256).digest()
        return key
