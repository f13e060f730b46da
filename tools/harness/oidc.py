"""An OpenID Connect issuer of the tests' own: discovery document and keys over HTTPS, and tokens of every kind."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import ssl
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from Crypto.Hash import SHA256, SHA384, SHA512
from Crypto.PublicKey import ECC, RSA
from Crypto.Signature import DSS, pkcs1_15, pss

from tools.harness.certificates import Authority

HASHES = {"256": SHA256, "384": SHA384, "512": SHA512}
CURVES = {"ES256": "P-256", "ES384": "P-384", "ES512": "P-521"}


def encode(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def encode_json(value: Any) -> str:
    return encode(json.dumps(value).encode())


def encode_number(number: int, size: int | None = None) -> str:
    return encode(number.to_bytes(size or (number.bit_length() + 7) // 8, "big"))


class SigningKey:
    """RSA for RS... and PS..., a curve for ES...."""

    def __init__(self, algorithm: str = "RS256", key_id: str = "key-1", bits: int = 2048) -> None:
        self.algorithm = algorithm
        self.key_id = key_id
        self.key: Any = RSA.generate(bits) if algorithm[0] != "E" else ECC.generate(curve=CURVES[algorithm])

    def jwk(self) -> dict[str, str]:
        common = {"kid": self.key_id, "use": "sig", "alg": self.algorithm}
        if self.algorithm[0] != "E":
            return common | {"kty": "RSA", "n": encode_number(self.key.n), "e": encode_number(self.key.e)}
        size = {"P-256": 32, "P-384": 48, "P-521": 66}[CURVES[self.algorithm]]
        point = self.key.pointQ
        return common | {
            "kty": "EC",
            "crv": CURVES[self.algorithm],
            "x": encode_number(int(point.x), size),
            "y": encode_number(int(point.y), size),
        }

    def sign(self, text: bytes, algorithm: str | None = None) -> bytes:
        name = algorithm or self.algorithm
        digest = HASHES[name[2:]].new(text)
        if name.startswith("RS"):
            return pkcs1_15.new(self.key).sign(digest)
        if name.startswith("PS"):
            return pss.new(self.key).sign(digest)
        return DSS.new(self.key, "fips-186-3").sign(digest)


class Issuer:
    """with Issuer(authority) as issuer: issuer.token(sub="somebody")"""

    def __init__(self, authority: Authority, path: str = "") -> None:
        self.keys = [SigningKey()]
        self.path = path
        self.requests: list[str] = []
        self.jwks_status = 200
        self.discovery: dict[str, Any] = {}  # what differs from the usual
        self.delay_seconds = 0.0
        issuer = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                issuer.requests.append(self.path)
                time.sleep(issuer.delay_seconds)
                status, body = issuer.answer(self.path)
                content = json.dumps(body).encode()
                self.send_response(status)
                self.send_header("Content-Type", "application/json")
                self.send_header("Content-Length", str(len(content)))
                self.end_headers()
                self.wfile.write(content)

            def log_message(self, *arguments: Any) -> None:
                pass

        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(authority.server_chain, authority.server_key)
        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.socket = context.wrap_socket(self.server.socket, server_side=True)
        self.thread = threading.Thread(target=self.server.serve_forever, kwargs={"poll_interval": 0.05})

    def __enter__(self) -> Issuer:
        self.thread.start()
        return self

    def __exit__(self, *ignored: Any) -> None:
        self.close()

    def close(self) -> None:
        if self.thread.is_alive():
            self.server.shutdown()
            self.thread.join()
        self.server.server_close()

    @property
    def name(self) -> str:
        """As in ARNs and condition keys."""
        return f"localhost:{self.server.server_address[1]}{self.path}"

    @property
    def url(self) -> str:
        return f"https://{self.name}"

    def answer(self, path: str) -> tuple[int, Any]:
        if path == f"{self.path}/.well-known/openid-configuration":
            return 200, {"issuer": self.url, "jwks_uri": f"{self.url}/keys"} | self.discovery
        if path == f"{self.path}/keys":
            return self.jwks_status, {"keys": [key.jwk() for key in self.keys]}
        return 404, {}

    def claims(self, **changed: Any) -> dict[str, Any]:
        """None takes a claim out."""
        now = int(time.time())
        usual = {"iss": self.url, "sub": "somebody", "aud": "our-app", "iat": now, "exp": now + 600}
        return {name: value for name, value in (usual | changed).items() if value is not None}

    def token(
        self, key: SigningKey | None = None, header: dict[str, Any] | None = None, claims: Any = None, **changed: Any
    ) -> str:
        """`changed`: claims; names that Python has no keywords for go into `claims`."""
        signing = key or self.keys[0]
        head = {"alg": signing.algorithm, "kid": signing.key_id, "typ": "JWT"} | (header or {})
        head = {name: value for name, value in head.items() if value is not None}
        text = f"{encode_json(head)}.{encode_json(self.claims(**changed) | (claims or {}))}"
        return f"{text}.{encode(signing.sign(text.encode()))}"

    def unsigned(self, algorithm: str = "none", **changed: Any) -> str:
        return f"{encode_json({'alg': algorithm, 'typ': 'JWT'})}.{encode_json(self.claims(**changed))}."

    def hmac_signed(self, secret: bytes, **changed: Any) -> str:
        """What a verifier that believes the header takes: HS256 under the public key, which everybody has."""
        head = encode_json({"alg": "HS256", "kid": self.keys[0].key_id})
        text = f"{head}.{encode_json(self.claims(**changed))}"
        return f"{text}.{encode(hmac.new(secret, text.encode(), hashlib.sha256).digest())}"
