"""Encrypted assertions: SAML providers with private keys.

https://docs.aws.amazon.com/IAM/latest/UserGuide/id_roles_providers_create_saml.html
"""

from __future__ import annotations

import base64
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tools.harness.certificates import self_signed
from tools.harness.clients import boto_client
from tools.harness.expect import api_error
from tools.harness.saml import ENCRYPTION, ENCRYPTION_11, Idp, Response, as_posted
from tools.harness.server import Server

UNDECIPHERABLE = "Response can't be decrypted, or its signature is invalid"


@pytest.fixture(scope="module")
def ours(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """The key that assertions are encrypted for, and its certificate."""
    return self_signed(tmp_path_factory.mktemp("ours"), "ours")


@pytest.fixture(scope="module")
def others(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    return self_signed(tmp_path_factory.mktemp("others"), "others")


@pytest.fixture
def provider(iam: Any, idp: Idp, ours: tuple[Path, Path]) -> Iterator[str]:
    arn = iam.create_saml_provider(
        Name="encrypted",
        SAMLMetadataDocument=idp.metadata(),
        AssertionEncryptionMode="Allowed",
        AddPrivateKey=ours[0].read_text(),
    )["SAMLProviderArn"]
    yield arn
    iam.delete_saml_provider(SAMLProviderArn=arn)


@pytest.fixture
def role(make_role: Callable[..., str], provider: str) -> str:
    return make_role({"Federated": provider}, ["sts:AssumeRoleWithSAML", "sts:TagSession"], {"Action": "s3:List*"})


@pytest.fixture
def response(idp: Idp, role: str, provider: str) -> Callable[..., Response]:
    return lambda **changed: idp.response(role, provider, **changed)


@pytest.fixture
def assume(client: Callable[..., Any], role: str, provider: str) -> Callable[[str], Any]:
    """assume(XML of a response) -> the answer"""
    return lambda xml: client("sts").assume_role_with_saml(
        RoleArn=role, PrincipalArn=provider, SAMLAssertion=as_posted(xml)
    )


@pytest.mark.parametrize(
    "content",
    [f"{ENCRYPTION}aes128-cbc", f"{ENCRYPTION}aes256-cbc", f"{ENCRYPTION_11}aes128-gcm", f"{ENCRYPTION_11}aes256-gcm"],
)
@pytest.mark.parametrize("is_beside", [False, True])
def test_an_encrypted_assertion(
    assume: Any, response: Any, idp: Idp, ours: tuple[Path, Path], with_keys: Any, content: str, is_beside: bool
) -> None:
    signed = idp.sign(response().xml())
    encrypted = idp.encrypt(signed, ours[1], content, is_beside=is_beside)
    assert "somebody@example.com" in signed
    assert "somebody@example.com" not in encrypted
    answer = assume(encrypted)
    assert answer["Subject"] == "somebody@example.com"
    with_keys("s3", answer["Credentials"]).list_buckets()


def test_the_response_is_signed_around_it(assume: Any, response: Any, idp: Idp, ours: tuple[Path, Path]) -> None:
    encrypted = idp.encrypt(response(sign="response").xml(), ours[1])
    with api_error("InvalidIdentityToken", 400):
        assume(encrypted)
    signed = idp.sign(encrypted)
    assert assume(signed)["Subject"] == "somebody@example.com"
    with api_error("InvalidIdentityToken", 400):
        assume(signed.replace("<samlp:Status>", "<samlp:Status> ", 1))


def test_without_a_signature_it_is_worth_nothing(assume: Any, response: Any, idp: Idp, ours: tuple[Path, Path]) -> None:
    """Anybody can encrypt for a public key."""
    with api_error("InvalidIdentityToken", 400) as caught:
        assume(idp.encrypt(response(sign="nothing").xml(), ours[1]))
    assert caught.value.response["Error"]["Message"] == UNDECIPHERABLE


def test_who_changes_bytes_is_told_nothing(assume: Any, response: Any, idp: Idp, ours: tuple[Path, Path]) -> None:
    """One answer whether the padding, the XML or the signature is wrong: CBC can be read by asking otherwise."""
    encrypted = idp.encrypt(idp.sign(response().xml()), ours[1], f"{ENCRYPTION}aes128-cbc")
    begin = encrypted.rindex("<xenc:CipherValue>") + len("<xenc:CipherValue>")
    end = encrypted.rindex("</xenc:CipherValue>")
    told = set()
    for at in (0, 16, 40, 400, -17, -1):
        content = bytearray(base64.b64decode(encrypted[begin:end]))
        content[at] ^= 1
        with api_error("InvalidIdentityToken", 400) as caught:
            assume(encrypted[:begin] + base64.b64encode(content).decode() + encrypted[end:])
        told.add(caught.value.response["Error"]["Message"])
    assert told == {UNDECIPHERABLE}


def test_for_another_s_key_or_by_a_weak_way(
    assume: Any, response: Any, idp: Idp, ours: tuple[Path, Path], others: tuple[Path, Path]
) -> None:
    signed = idp.sign(response().xml())
    for encrypted in (
        idp.encrypt(signed, others[1]),
        idp.encrypt(signed, ours[1], transport=f"{ENCRYPTION}rsa-1_5"),
        idp.encrypt(signed, ours[1]).replace(f"{ENCRYPTION_11}aes256-gcm", f"{ENCRYPTION}tripledes-cbc"),
    ):
        with api_error("InvalidIdentityToken", 400) as caught:
            assume(encrypted)
        assert caught.value.response["Error"]["Message"] == UNDECIPHERABLE


def test_two_assertions(assume: Any, response: Any, idp: Idp, ours: tuple[Path, Path]) -> None:
    signed = idp.sign(response().xml())
    plain = signed[signed.index("<saml:Assertion ") : signed.index("</samlp:Response>")]
    encrypted = idp.encrypt(signed, ours[1])
    only = encrypted[encrypted.index("<saml:EncryptedAssertion ") : encrypted.index("</samlp:Response>")]
    for more in (plain, only):
        with api_error("InvalidIdentityToken", 400) as caught:
            assume(encrypted.replace("</samlp:Response>", more + "</samlp:Response>"))
        assert "exactly one assertion" in caught.value.response["Error"]["Message"]


def test_keys_follow_one_another(
    assume: Any, response: Any, iam: Any, idp: Idp, provider: str, ours: tuple[Path, Path], others: tuple[Path, Path]
) -> None:
    def keys() -> list[str]:
        return [one["KeyId"] for one in iam.get_saml_provider(SAMLProviderArn=provider).get("PrivateKeyList", [])]

    signed = idp.sign(response().xml())
    (first,) = keys()
    iam.update_saml_provider(SAMLProviderArn=provider, AddPrivateKey=others[0].read_text())
    assert len(keys()) == 2 and keys()[0] == first
    for key in (ours, others):
        assume(idp.encrypt(signed, key[1]))
    with api_error("LimitExceeded", 409):
        iam.update_saml_provider(SAMLProviderArn=provider, AddPrivateKey=others[0].read_text())
    iam.update_saml_provider(SAMLProviderArn=provider, RemovePrivateKey=first)
    with api_error("InvalidIdentityToken", 400):
        assume(idp.encrypt(signed, ours[1]))
    assume(idp.encrypt(signed, others[1]))
    with api_error("NoSuchEntity", 404):
        iam.update_saml_provider(SAMLProviderArn=provider, RemovePrivateKey=first)


def test_required_or_allowed(
    assume: Any, response: Any, iam: Any, idp: Idp, provider: str, ours: tuple[Path, Path]
) -> None:
    signed = idp.sign(response().xml())
    assert iam.get_saml_provider(SAMLProviderArn=provider)["AssertionEncryptionMode"] == "Allowed"
    assume(signed)
    iam.update_saml_provider(SAMLProviderArn=provider, AssertionEncryptionMode="Required")
    told = iam.get_saml_provider(SAMLProviderArn=provider)
    assert told["AssertionEncryptionMode"] == "Required"
    assert told["SAMLMetadataDocument"] == idp.metadata()
    with api_error("InvalidIdentityToken", 400) as caught:
        assume(signed)
    assert "isn't encrypted" in caught.value.response["Error"]["Message"]
    assume(idp.encrypt(signed, ours[1]))
    with api_error("InvalidInput", 400):
        iam.update_saml_provider(SAMLProviderArn=provider, RemovePrivateKey=told["PrivateKeyList"][0]["KeyId"])


def test_without_a_key(iam: Any, idp: Idp, saml_provider: str, make_role: Any, client: Any, ours: Any) -> None:
    role = make_role({"Federated": saml_provider}, "sts:AssumeRoleWithSAML")
    encrypted = idp.encrypt(idp.sign(idp.response(role, saml_provider).xml()), ours[1])
    with api_error("InvalidIdentityToken", 400) as caught:
        client("sts").assume_role_with_saml(
            RoleArn=role, PrincipalArn=saml_provider, SAMLAssertion=as_posted(encrypted)
        )
    assert "no key to decrypt" in caught.value.response["Error"]["Message"]
    with api_error("InvalidInput", 400):
        iam.update_saml_provider(SAMLProviderArn=saml_provider, AssertionEncryptionMode="Required")
    for bad in ("nothing", ours[1].read_text()):
        with api_error("InvalidInput", 400):
            iam.update_saml_provider(SAMLProviderArn=saml_provider, AddPrivateKey=bad)


def test_a_private_key_is_nowhere_in_the_clear(
    make_server: Callable[..., Server], idp: Idp, ours: tuple[Path, Path]
) -> None:
    server = make_server()
    boto_client(server, "iam").create_saml_provider(
        Name="p", SAMLMetadataDocument=idp.metadata(), AddPrivateKey=ours[0].read_text()
    )
    assert server.stop() == 0
    secret = ours[0].read_text().splitlines()[5].encode()
    for file in server.root.rglob("*"):
        if file.is_file():
            assert secret not in file.read_bytes(), file
