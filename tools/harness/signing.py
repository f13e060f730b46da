"""Requests signed by botocore's own signers and sent unchanged: what is signed is what goes on the wire."""

from __future__ import annotations

import http.client
from dataclasses import dataclass, field
from urllib.parse import urlsplit

from botocore.auth import S3SigV4Auth, S3SigV4QueryAuth, SigV4Auth, SigV4QueryAuth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials as BotoCredentials

from tools.harness.raw_http import Answer
from tools.harness.server import Server


class _S3HeaderAuth(S3SigV4Auth):
    """S3's signer, but a payload hash that the caller set stays: UNSIGNED-PAYLOAD, STREAMING-..."""

    def _modify_request_before_signing(self, request: AWSRequest) -> None:
        self.payload_hash = request.headers.get("X-Amz-Content-SHA256")
        super()._modify_request_before_signing(request)

    def payload(self, request: AWSRequest) -> str:
        return self.payload_hash or super().payload(request)


@dataclass
class SignedRequest:
    """Ready to send; tests change a part to see it refused."""

    method: str
    target: str  # path and query as signed
    headers: dict[str, str] = field(default_factory=dict)
    body: bytes = b""


@dataclass
class Signer:
    """Signs for one server. Any field can be made wrong."""

    server: Server
    access_key: str = ""
    secret_key: str = ""
    region: str = ""
    service: str = "s3"
    token: str | None = None

    def __post_init__(self) -> None:
        known = self.server.credentials()
        self.access_key = self.access_key or known.access_key
        self.secret_key = self.secret_key or known.secret_key
        self.region = self.region or known.region

    @property
    def host(self) -> str:
        return f"127.0.0.1:{self.server.port}"

    def _credentials(self) -> BotoCredentials:
        return BotoCredentials(self.access_key, self.secret_key, self.token)

    def sign(
        self, method: str, target: str, body: bytes = b"", headers: dict[str, str] | None = None, host: str = ""
    ) -> SignedRequest:
        """By header, with the body's SHA-256."""
        url = f"http://{host or self.host}{target}"
        request = AWSRequest(method=method, url=url, data=body, headers=dict(headers or {}))
        request.headers["Host"] = host or self.host
        auth_class = _S3HeaderAuth if self.service == "s3" else SigV4Auth
        auth_class(self._credentials(), self.service, self.region).add_auth(request)
        return SignedRequest(method, target, dict(request.headers.items()), body)

    def presign(
        self, method: str, target: str, expires_seconds: int = 300, headers: dict[str, str] | None = None
    ) -> SignedRequest:
        """In the query. `headers` are signed too and must be sent."""
        request = AWSRequest(method=method, url=f"http://{self.host}{target}", headers=dict(headers or {}))
        auth_class = S3SigV4QueryAuth if self.service == "s3" else SigV4QueryAuth
        auth_class(self._credentials(), self.service, self.region, expires=expires_seconds).add_auth(request)
        parts = urlsplit(request.url)
        return SignedRequest(method, f"{parts.path}?{parts.query}", {"Host": self.host, **(headers or {})})


def send(server: Server, request: SignedRequest) -> Answer:
    """Sends exactly these fields, plus Content-Length where there is a body."""
    connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=60)
    try:
        connection.putrequest(request.method, request.target, skip_host=True, skip_accept_encoding=True)
        names = {name.lower() for name in request.headers}
        for name, value in request.headers.items():
            connection.putheader(name, value.encode())
        if "content-length" not in names and (request.body or request.method in ("PUT", "POST")):
            connection.putheader("Content-Length", str(len(request.body)))
        connection.endheaders(request.body or None)
        answer = connection.getresponse()
        body = answer.read()
        return Answer("HTTP/1.1", answer.status, answer.reason, answer.getheaders(), body)
    finally:
        connection.close()
