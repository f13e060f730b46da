"""Keys and certificates of test servers and test identity providers, made by the openssl program."""

from __future__ import annotations

import hashlib
import ssl
import subprocess
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Authority:
    """A certificate authority and one server certificate of it, for localhost and 127.0.0.1."""

    certificate: Path
    server_chain: Path  # the server's certificate, then the authority's
    server_key: Path

    @property
    def thumbprint(self) -> str:
        """As IAM wants it: SHA-1 of the certificate in DER."""
        return hashlib.sha1(ssl.PEM_cert_to_DER_cert(self.certificate.read_text())).hexdigest()


def openssl(*arguments: str) -> None:
    subprocess.run(["openssl", *arguments], check=True, capture_output=True, stdin=subprocess.DEVNULL)


def self_signed(folder: Path, name: str, *more: str) -> tuple[Path, Path]:
    """(key, certificate), RSA of 2048 bits."""
    folder.mkdir(parents=True, exist_ok=True)
    key, certificate = folder / f"{name}.key", folder / f"{name}.pem"
    command = ["req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "30", "-subj", f"/CN={name}"]
    openssl(*command, "-keyout", str(key), "-out", str(certificate), *more)
    return key, certificate


def make_authority(folder: Path, names: str = "DNS:localhost,IP:127.0.0.1") -> Authority:
    ca_key, ca = self_signed(folder, "test-ca", "-addext", "basicConstraints=critical,CA:TRUE")
    key, request, leaf = folder / "server.key", folder / "server.csr", folder / "server.pem"
    openssl("req", "-newkey", "rsa:2048", "-nodes", "-subj", "/CN=server", "-keyout", str(key), "-out", str(request))
    extensions = folder / "server.ext"
    extensions.write_text(f"subjectAltName={names}\nbasicConstraints=CA:FALSE\nextendedKeyUsage=serverAuth\n")
    sign = ["x509", "-req", "-days", "30", "-CAcreateserial", "-in", str(request), "-extfile", str(extensions)]
    openssl(*sign, "-CA", str(ca), "-CAkey", str(ca_key), "-out", str(leaf))
    chain = folder / "chain.pem"
    chain.write_text(leaf.read_text() + ca.read_text())
    return Authority(ca, chain, key)
