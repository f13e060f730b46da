"""Outbound identity federation: whether an account's principals get tokens, and the issuer that these name.

https://docs.aws.amazon.com/IAM/latest/UserGuide/id_roles_providers_outbound_getting_started.html
"""

from __future__ import annotations

import json
import re
import ssl
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.accounts.conftest import Account
from tools.harness.audit import wait_for_audit
from tools.harness.dns import REFUSED, DnsClient
from tools.harness.expect import api_error
from tools.harness.names import dns_addresses
from tools.harness.relying_party import DISCOVERY, RelyingParty
from tools.harness.server import Server

ISSUER = re.compile(r"https://[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}\.")
PARENT = "tokens.sts.global.api.aws"
NOBODY_S = f"https://00000000-0000-4000-8000-000000000000.{PARENT}"
JWKS = "/.well-known/jwks.json"
TOKEN = {"Audience": ["a"], "SigningAlgorithm": "ES384"}
RIGHTS = {"Action": "sts:GetWebIdentityToken"}


def make_account(server: Server) -> Account:
    made = server.command("account", "create", "--name", "own", "--json")
    assert made.returncode == 0, made.stderr
    told = json.loads(made.stdout)
    return Account(server, told["account_id"], told["access_key_id"], told["secret_access_key"])


@pytest.fixture
def own(server: Server) -> Account:
    """An account of the test's own."""
    return make_account(server)


@pytest.fixture
def party(server: Server) -> RelyingParty:
    return RelyingParty(server)


def message(caught: Any) -> str:
    return str(caught.value.response["Error"]["Message"])


def test_on_off_and_on_again(server: Server, own: Account, party: RelyingParty) -> None:
    iam = own.client("iam")
    off = f"Outbound identity federation is disabled for account {own.id}"
    with api_error("FeatureDisabled", 404) as caught:
        iam.get_outbound_web_identity_federation_info()
    assert message(caught) == off
    with api_error("FeatureDisabled", 404) as caught:
        iam.disable_outbound_web_identity_federation()
    assert message(caught) == off.replace("disabled", "already disabled")
    issuer = iam.enable_outbound_web_identity_federation()["IssuerIdentifier"]
    assert ISSUER.match(issuer) and issuer.endswith(f".{PARENT}")
    with api_error("FeatureEnabled", 409) as caught:
        iam.enable_outbound_web_identity_federation()
    assert message(caught) == f"Outbound identity federation is already enabled for account {own.id}"
    info = iam.get_outbound_web_identity_federation_info()
    assert (info["IssuerIdentifier"], info["JwtVendingEnabled"]) == (issuer, True)

    sts = own.make_user(RIGHTS).client("sts")
    token = sts.get_web_identity_token(**TOKEN)["WebIdentityToken"]
    keys = party.keys(issuer)
    iam.disable_outbound_web_identity_federation()
    with api_error("FeatureDisabled", 404):
        iam.get_outbound_web_identity_federation_info()
    with api_error("OutboundWebIdentityFederationDisabledException", 403):
        sts.get_web_identity_token(**TOKEN)
    # "This operation does not affect tokens that were issued before the feature was disabled."
    assert party.verify(token, issuer)["aud"] == "a"
    assert iam.enable_outbound_web_identity_federation()["IssuerIdentifier"] == issuer
    assert party.keys(issuer) == keys
    party.verify(sts.get_web_identity_token(**TOKEN)["WebIdentityToken"], issuer)
    events = wait_for_audit(server, 3, "--account", own.id, "--operation", "EnableOutbound*")
    assert all(event["asks"][0]["resource"] == "*" for event in events)
    assert {event["asks"][0]["action"] for event in events} == {"iam:EnableOutboundWebIdentityFederation"}


def test_policies_decide(own: Account) -> None:
    reader = own.make_user({"Action": "iam:GetOutboundWebIdentityFederationInfo"}).client("iam")
    for refused in (reader.enable_outbound_web_identity_federation, reader.disable_outbound_web_identity_federation):
        with api_error("AccessDenied", 403) as caught:
            refused()
        assert "WebIdentityFederation on resource: *" in message(caught)
    with api_error("FeatureDisabled", 404):
        reader.get_outbound_web_identity_federation_info()


def test_what_an_issuer_publishes(own: Account, party: RelyingParty) -> None:
    issuer = own.client("iam").enable_outbound_web_identity_federation()["IssuerIdentifier"]
    assert party.read(issuer + DISCOVERY) == {
        "issuer": issuer,
        "jwks_uri": issuer + JWKS,
        "response_types_supported": ["id_token"],
        "subject_types_supported": ["public"],
        "id_token_signing_alg_values_supported": ["RS256", "ES384"],
        "claims_supported": ["sub", "iss", "aud", "exp", "iat", "jti", "https://sts.amazonaws.com/"],
    }
    keys = party.keys(issuer)
    assert {key: (jwk["kty"], jwk["alg"], jwk["use"]) for key, jwk in keys.items()} == {
        "RSA_0": ("RSA", "RS256", "sig"),
        "EC384_0": ("EC", "ES384", "sig"),
    }
    assert not {"d", "p", "q", "dp", "dq", "qi"} & {part for jwk in keys.values() for part in jwk}
    for path in ("/", "/.well-known/other", "/_aerolith/health", JWKS + "/x"):
        assert party.ask(issuer + path)[0] == 404
    assert party.ask(issuer + JWKS, "POST")[0] == 405
    status, headers, body = party.ask(issuer + JWKS, "HEAD")
    assert (status, body) == (200, b"")
    assert int(headers["content-length"]) > 500


def test_accounts_have_keys_of_their_own(server: Server, own: Account, party: RelyingParty) -> None:
    other = make_account(server)
    first, second = (
        a.client("iam").enable_outbound_web_identity_federation()["IssuerIdentifier"] for a in (own, other)
    )
    assert first != second
    assert party.keys(first)["RSA_0"]["n"] != party.keys(second)["RSA_0"]["n"]
    token = own.make_user(RIGHTS).client("sts").get_web_identity_token(**TOKEN)["WebIdentityToken"]
    party.verify(token, first)
    with pytest.raises(ValueError):
        party.verify(token, second)


def test_names_that_are_no_issuer_s(own: Account, party: RelyingParty) -> None:
    """Such are AWS's, or nobody's: the CA vouches for none of them."""
    own.client("iam").enable_outbound_web_identity_federation()
    for url in (NOBODY_S, f"https://{PARENT}", f"https://x.{NOBODY_S.removeprefix('https://')}"):
        with pytest.raises(ssl.SSLCertVerificationError, match="mismatch"):
            party.ask(url + JWKS)


def test_names_secrets_and_the_end_of_an_account(make_server: Callable[..., Server]) -> None:
    server = make_server(AEROLITH_DNS_ENABLED="true", AEROLITH_DNS_LISTEN="127.0.0.1:0")
    own, party = make_account(server), RelyingParty(server)
    user = own.make_user(RIGHTS)
    issuer = own.client("iam").enable_outbound_web_identity_federation()["IssuerIdentifier"]
    token = user.client("sts").get_web_identity_token(**TOKEN)["WebIdentityToken"]
    name = issuer.removeprefix("https://")

    def ask_dns(what: str) -> Any:
        (address,) = dns_addresses(server)[-1:]
        return DnsClient(address).ask(what)

    assert ask_dns(name).addresses == ["127.0.0.1"]
    assert ask_dns(name.upper()).addresses == ["127.0.0.1"]
    assert ask_dns(NOBODY_S.removeprefix("https://")).code == REFUSED
    assert server.stop() == 0
    assert b"PRIVATE KEY" not in stored_bytes(server.data_folder / "metadata")
    server.start()
    party.verify(token, issuer)

    iam = own.client("iam")
    iam.delete_access_key(UserName=user.name, AccessKeyId=user.keys["AccessKeyId"])
    iam.delete_user_policy(UserName=user.name, PolicyName="rights")
    iam.delete_user(UserName=user.name)
    deleted = server.command("account", "delete", "--account", own.id)
    assert deleted.returncode == 0, deleted.stderr  # the issuer is a setting, and goes with it
    assert ask_dns(name).code == REFUSED
    with pytest.raises(ssl.SSLCertVerificationError, match="mismatch"):
        party.ask(issuer + JWKS)


def stored_bytes(folder: Path) -> bytes:
    return b"".join(path.read_bytes() for path in folder.rglob("*") if path.is_file())
