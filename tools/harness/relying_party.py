"""A service that believes tokens of this server's issuers: by discovery over TLS that it verifies, as any would."""

from __future__ import annotations

import base64
import http.client
import json
import socket
import ssl
from typing import Any
from urllib.parse import urlsplit

from Crypto.PublicKey import ECC, RSA
from Crypto.Signature import DSS, pkcs1_15

from tools.harness.oidc import CURVES, HASHES
from tools.harness.server import Server

DISCOVERY = "/.well-known/openid-configuration"


def decode(text: str) -> bytes:
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


def number(text: str) -> int:
    return int.from_bytes(decode(text), "big")


def public_key(jwk: dict[str, str]) -> Any:
    if jwk["kty"] == "RSA":
        return RSA.construct((number(jwk["n"]), number(jwk["e"])))
    return ECC.construct(curve=jwk["crv"], point_x=number(jwk["x"]), point_y=number(jwk["y"]))


class _Connection(http.client.HTTPSConnection):
    """To the server's port, under the name that is asked for."""

    def __init__(self, server: Server, host: str) -> None:
        self._server, self._trust = server, ssl.create_default_context(cafile=str(server.ca_bundle))
        super().__init__(host, context=self._trust, timeout=30)

    def connect(self) -> None:
        plain = socket.create_connection(("127.0.0.1", self._server.port), timeout=30)
        self.sock = self._trust.wrap_socket(plain, server_hostname=self.host)


class RelyingParty:
    """Trusts the installation's CA; its names lead to the server, as with `curl --connect-to`."""

    def __init__(self, server: Server) -> None:
        self.server = server

    def ask(self, url: str, method: str = "GET") -> tuple[int, dict[str, str], bytes]:
        parts = urlsplit(url)
        assert parts.scheme == "https" and parts.hostname
        connection = _Connection(self.server, parts.hostname)
        try:
            connection.request(method, parts.path)
            answer = connection.getresponse()
            return answer.status, {name.lower(): value for name, value in answer.getheaders()}, answer.read()
        finally:
            connection.close()

    def read(self, url: str) -> dict[str, Any]:
        status, headers, body = self.ask(url)
        assert status == 200, (url, status, body)
        assert headers["content-type"] == "application/json"
        return dict(json.loads(body))

    def keys(self, issuer: str) -> dict[str, dict[str, str]]:
        """By their ids."""
        discovery = self.read(issuer + DISCOVERY)
        assert discovery["issuer"] == issuer
        return {key["kid"]: key for key in self.read(discovery["jwks_uri"])["keys"]}

    def verify(self, token: str, issuer: str) -> dict[str, Any]:
        """The claims; ValueError for a token that this issuer didn't sign."""
        head, body, signature = token.split(".")
        header, claims = json.loads(decode(head)), json.loads(decode(body))
        if claims["iss"] != issuer:
            raise ValueError("another issuer's")
        jwk = self.keys(issuer)[header["kid"]]
        assert header["alg"] == jwk["alg"] and header["typ"] == "JWT" and jwk["use"] == "sig"
        digest = HASHES[header["alg"][2:]].new(f"{head}.{body}".encode())
        if header["alg"] in CURVES:
            DSS.new(public_key(jwk), "fips-186-3").verify(digest, decode(signature))
        else:
            pkcs1_15.new(public_key(jwk)).verify(digest, decode(signature))
        return dict(claims)
