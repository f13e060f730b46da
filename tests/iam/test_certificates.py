"""Server certificates, signing certificates and SSH public keys.

https://docs.aws.amazon.com/IAM/latest/UserGuide/id_credentials_server-certs.html
"""

from __future__ import annotations

import base64
import hashlib
import subprocess
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from tests.iam.conftest import message
from tools.harness.expect import api_error

Name = Callable[[], str]


def openssl(*arguments: str) -> str:
    return subprocess.run(("openssl", *arguments), check=True, capture_output=True, text=True).stdout


def make_pair(folder: Path, stem: str) -> tuple[str, str]:
    """A certificate for 30 days and its key, in PEM."""
    key, certificate = folder / f"{stem}.key", folder / f"{stem}.crt"
    openssl(
        *("req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "30", "-subj", f"/CN={stem}.example"),
        *("-keyout", str(key), "-out", str(certificate)),
    )
    return certificate.read_text(), key.read_text()


@pytest.fixture(scope="session")
def pairs(tmp_path_factory: pytest.TempPathFactory) -> list[tuple[str, str]]:
    folder = tmp_path_factory.mktemp("certificates")
    return [make_pair(folder, stem) for stem in ("one", "two", "three")]


def test_a_server_certificate(iam: Any, name: Name, pairs: list[tuple[str, str]]) -> None:
    called = name()
    body, key = pairs[0]
    made = iam.upload_server_certificate(
        ServerCertificateName=called,
        Path="/edge/",
        CertificateBody=body,
        PrivateKey=key,
        CertificateChain=pairs[1][0],
        Tags=[{"Key": "k", "Value": "v"}],
    )["ServerCertificateMetadata"]
    assert made["Arn"].endswith(f":server-certificate/edge/{called}")
    assert made["ServerCertificateId"].startswith("ASCA")
    assert timedelta(days=29) < made["Expiration"] - datetime.now(UTC) <= timedelta(days=30)
    found = iam.get_server_certificate(ServerCertificateName=called)["ServerCertificate"]
    assert found["ServerCertificateMetadata"] == made
    # As IAM does, without the line's end that every file has: Terraform compares.
    assert found["CertificateBody"] == body.strip()
    assert found["CertificateChain"].strip() == pairs[1][0].strip()
    assert found["Tags"] == [{"Key": "k", "Value": "v"}]
    with api_error("EntityAlreadyExists", 409):
        iam.upload_server_certificate(ServerCertificateName=called.upper(), CertificateBody=body, PrivateKey=key)
    iam.update_server_certificate(ServerCertificateName=called, NewServerCertificateName=called + "2", NewPath="/x/")
    with api_error("NoSuchEntity", 404) as caught:
        iam.get_server_certificate(ServerCertificateName=called)
    assert message(caught) == f"The Server Certificate with name {called} cannot be found."
    listed = iam.list_server_certificates(PathPrefix="/x/")["ServerCertificateMetadataList"]
    assert [c["ServerCertificateName"] for c in listed] == [called + "2"]
    which = {"ServerCertificateName": called + "2"}
    iam.tag_server_certificate(**which, Tags=[{"Key": "l", "Value": ""}])
    iam.untag_server_certificate(**which, TagKeys=["k"])
    assert iam.list_server_certificate_tags(**which)["Tags"] == [{"Key": "l", "Value": ""}]
    iam.delete_server_certificate(**which)
    assert iam.list_server_certificates(PathPrefix="/x/")["ServerCertificateMetadataList"] == []


def test_server_certificates_that_are_refused(iam: Any, name: Name, pairs: list[tuple[str, str]]) -> None:
    (body, key), (_, other_key) = pairs[:2]

    def upload(**given: Any) -> None:
        iam.upload_server_certificate(**({"CertificateBody": body, "PrivateKey": key} | given))

    with api_error("KeyPairMismatch", 400):
        upload(ServerCertificateName=name(), PrivateKey=other_key)
    for wrong in ({"CertificateBody": "no"}, {"PrivateKey": "no"}, {"CertificateChain": "no"}):
        with api_error("MalformedCertificate", 400):
            upload(ServerCertificateName=name(), **wrong)


def test_signing_certificates(iam: Any, user: str, pairs: list[tuple[str, str]]) -> None:
    made = iam.upload_signing_certificate(UserName=user, CertificateBody=pairs[0][0])["Certificate"]
    assert (made["UserName"], made["Status"]) == (user, "Active")
    with api_error("DuplicateCertificate", 409):
        iam.upload_signing_certificate(UserName=user, CertificateBody=pairs[0][0])
    iam.upload_signing_certificate(UserName=user, CertificateBody=pairs[1][0])
    with api_error("LimitExceeded", 409):
        iam.upload_signing_certificate(UserName=user, CertificateBody=pairs[2][0])
    with api_error("MalformedCertificate", 400):
        iam.upload_signing_certificate(UserName=user, CertificateBody="no")
    iam.update_signing_certificate(UserName=user, CertificateId=made["CertificateId"], Status="Inactive")
    states = {c["CertificateId"]: c["Status"] for c in iam.list_signing_certificates(UserName=user)["Certificates"]}
    assert states[made["CertificateId"]] == "Inactive"
    with api_error("DeleteConflict", 409):
        iam.delete_user(UserName=user)
    for certificate in states:
        iam.delete_signing_certificate(UserName=user, CertificateId=certificate)
    iam.delete_user(UserName=user)


def test_ssh_keys_in_both_encodings(iam: Any, user: str, tmp_path: Path) -> None:
    key = tmp_path / "key"
    openssl("genrsa", "-out", str(key), "2048")
    pem = openssl("rsa", "-in", str(key), "-pubout")
    made = iam.upload_ssh_public_key(UserName=user, SSHPublicKeyBody=pem)["SSHPublicKey"]
    assert made["SSHPublicKeyId"].startswith("APKA")
    named = {"UserName": user, "SSHPublicKeyId": made["SSHPublicKeyId"]}
    ssh = iam.get_ssh_public_key(**named, Encoding="SSH")["SSHPublicKey"]
    kind, encoded = ssh["SSHPublicKeyBody"].split()
    blob = base64.b64decode(encoded)
    assert kind == "ssh-rsa" and blob[4:11] == b"ssh-rsa"
    digits = hashlib.md5(blob).hexdigest()
    assert ssh["Fingerprint"] == ":".join(digits[i : i + 2] for i in range(0, 32, 2))
    modulus = openssl("rsa", "-in", str(key), "-noout", "-modulus").strip().split("=")[1]
    assert bytes.fromhex(modulus) in blob
    with api_error("DuplicateSSHPublicKey", 400):
        iam.upload_ssh_public_key(UserName=user, SSHPublicKeyBody=ssh["SSHPublicKeyBody"] + " somebody@somewhere")
    iam.delete_ssh_public_key(**named)
    again = iam.upload_ssh_public_key(UserName=user, SSHPublicKeyBody=ssh["SSHPublicKeyBody"])["SSHPublicKey"]
    named["SSHPublicKeyId"] = again["SSHPublicKeyId"]
    back = iam.get_ssh_public_key(**named, Encoding="PEM")["SSHPublicKey"]
    assert back["SSHPublicKeyBody"].strip() == pem.strip()
    iam.update_ssh_public_key(**named, Status="Inactive")
    (listed,) = iam.list_ssh_public_keys(UserName=user)["SSHPublicKeys"]
    assert (listed["SSHPublicKeyId"], listed["Status"]) == (named["SSHPublicKeyId"], "Inactive")
    with api_error("NoSuchEntity", 404):
        iam.get_ssh_public_key(UserName=user, SSHPublicKeyId="APKA" + "A" * 17, Encoding="SSH")


def test_ssh_keys_that_are_refused(iam: Any, user: str, tmp_path: Path) -> None:
    key = tmp_path / "short"
    openssl("genrsa", "-out", str(key), "1024")
    short = openssl("rsa", "-in", str(key), "-pubout")
    for wrong in (short, "ssh-rsa AAAA", "ssh-rsa !"):
        with api_error("InvalidPublicKey", 400):
            iam.upload_ssh_public_key(UserName=user, SSHPublicKeyBody=wrong)
    with api_error("UnrecognizedPublicKeyEncoding", 400):
        iam.upload_ssh_public_key(UserName=user, SSHPublicKeyBody="something else")
