"""GetWebIdentityToken: tokens by which others believe who a user or a role is.

https://docs.aws.amazon.com/STS/latest/APIReference/API_GetWebIdentityToken.html
"""

from __future__ import annotations

import json
import uuid
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from botocore.config import Config

from tests.accounts.conftest import Account, User
from tools.harness.audit import wait_for_audit
from tools.harness.clients import boto_client
from tools.harness.expect import api_error
from tools.harness.identities import document, made_roles, policy_of
from tools.harness.relying_party import RelyingParty
from tools.harness.server import Server

AUDIENCE = "https://api.example.com"
OWN = "https://sts.amazonaws.com/"
TOKENS = {"Action": ["sts:GetWebIdentityToken", "sts:TagGetWebIdentityToken"]}


@pytest.fixture(scope="module")
def other(server: Server) -> Account:
    """An account of this module's own, whose federation is on."""
    made = server.command("account", "create", "--name", "issuing", "--json")
    assert made.returncode == 0, made.stderr
    told = json.loads(made.stdout)
    account = Account(server, told["account_id"], told["access_key_id"], told["secret_access_key"])
    account.client("iam").enable_outbound_web_identity_federation()
    return account


@pytest.fixture(scope="module")
def issuer(other: Account) -> str:
    return str(other.client("iam").get_outbound_web_identity_federation_info()["IssuerIdentifier"])


@pytest.fixture(scope="module")
def ann(other: Account) -> User:
    return other.make_user(TOKENS)


@pytest.fixture
def party(server: Server) -> RelyingParty:
    return RelyingParty(server)


@pytest.fixture
def make_other_role(other: Account) -> Iterator[Callable[..., str]]:
    """make_other_role(trust statement..., CreateRole's arguments) -> ARN"""
    with made_roles(other.client("iam")) as make_one:

        def make(*trust: dict[str, Any], **more: Any) -> str:
            return make_one(document(*trust), policy_of(TOKENS), **more)

        yield make


def token_of(client: Any, algorithm: str = "ES384", **more: Any) -> str:
    answer = client.get_web_identity_token(**({"Audience": [AUDIENCE], "SigningAlgorithm": algorithm} | more))
    return str(answer["WebIdentityToken"])


def message(caught: Any) -> str:
    return str(caught.value.response["Error"]["Message"])


@pytest.mark.parametrize("algorithm", ["RS256", "ES384"])
def test_a_user_s_token(ann: User, other: Account, issuer: str, party: RelyingParty, algorithm: str) -> None:
    before = datetime.now(UTC)
    answer = ann.client("sts").get_web_identity_token(Audience=[AUDIENCE], SigningAlgorithm=algorithm)
    left = answer["Expiration"] - before
    assert timedelta(seconds=299) < left < timedelta(seconds=330)
    claims = party.verify(answer["WebIdentityToken"], issuer)
    assert claims["exp"] - claims["iat"] == 300
    assert abs(claims["iat"] - before.timestamp()) < 30
    assert claims["aud"] == AUDIENCE
    assert claims["sub"] == ann.arn
    assert uuid.UUID(claims["jti"]).version == 4
    region = ann.server.credentials().region
    assert claims[OWN] == {"aws_account": other.id, "source_region": region, "principal_id": ann.arn}
    again = party.verify(token_of(ann.client("sts"), algorithm), issuer)
    assert again["jti"] != claims["jti"]


def test_a_changed_token_is_nobody_s(ann: User, issuer: str, party: RelyingParty) -> None:
    for algorithm in ("RS256", "ES384"):
        head, body, signature = token_of(ann.client("sts"), algorithm).split(".")
        _, longer, _ = token_of(ann.client("sts"), algorithm, DurationSeconds=3600).split(".")
        party.verify(f"{head}.{body}.{signature}", issuer)
        with pytest.raises(ValueError):
            party.verify(f"{head}.{longer}.{signature}", issuer)


def test_audiences_and_durations(ann: User, issuer: str, party: RelyingParty) -> None:
    sts = ann.client("sts")
    several = party.verify(token_of(sts, Audience=["one", "two", "one"], DurationSeconds=60), issuer)
    assert several["aud"] == ["one", "two", "one"]
    assert several["exp"] - several["iat"] == 60
    longest = party.verify(token_of(sts, DurationSeconds=3600), issuer)
    assert longest["exp"] - longest["iat"] == 3600


def test_request_tags_and_principal_tags(other: Account, issuer: str, party: RelyingParty) -> None:
    user = other.make_user(TOKENS)
    other.client("iam").tag_user(UserName=user.name, Tags=[{"Key": "team", "Value": "blue"}])
    tags = [{"Key": "job", "Value": "7"}, {"Key": "aws:x", "Value": "é"}]
    claims = party.verify(token_of(user.client("sts"), Tags=tags), issuer)[OWN]
    assert claims["principal_tags"] == {"team": "blue"}
    assert claims["request_tags"] == {"job": "7", "aws:x": "é"}
    twice = [{"Key": "team", "Value": "a"}, {"Key": "Team", "Value": "b"}]
    with api_error("InvalidParameterValue", 400) as caught:
        token_of(user.client("sts"), Tags=twice)
    assert message(caught) == "Duplicate tag keys found. Please note that Tag keys are case insensitive."


def test_a_role_s_session(
    ann: User, other: Account, issuer: str, party: RelyingParty, make_other_role: Callable[..., str]
) -> None:
    trust = {"Principal": {"AWS": ann.arn}, "Action": ["sts:AssumeRole", "sts:SetSourceIdentity", "sts:TagSession"]}
    tags = [{"Key": "Team", "Value": "role"}, {"Key": "floor", "Value": "3"}]
    role = make_other_role(trust, Path="/outbound/", Tags=tags)
    ann.allow(TOKENS, {"Action": "sts:*"})
    assumed = ann.client("sts").assume_role(
        RoleArn=role,
        RoleSessionName="work",
        SourceIdentity="ann",
        DurationSeconds=900,
        Tags=[{"Key": "team", "Value": "session"}],
    )["Credentials"]
    sts = ann.client("sts", assumed)
    claims = party.verify(token_of(sts, DurationSeconds=60), issuer)
    assert claims["sub"] == role
    own = claims[OWN]
    assert own["principal_id"] == role
    assert own["principal_tags"] == {"team": "session", "floor": "3"}
    assert own["source_identity"] == "ann"
    ends = datetime.strptime(own["original_session_exp"], "%Y-%m-%dT%H:%M:%SZ").replace(tzinfo=UTC)
    assert abs(ends - assumed["Expiration"]) < timedelta(seconds=1)
    # No token outlives the session that it says so much of.
    with api_error("SessionDurationEscalationException", 403) as caught:
        token_of(sts, DurationSeconds=3600)
    assert message(caught) == "Requested token expiry time must be before the original session's expiry time."


def test_a_user_s_own_session(ann: User, issuer: str, party: RelyingParty) -> None:
    session = ann.client("sts").get_session_token(DurationSeconds=900)["Credentials"]
    claims = party.verify(token_of(ann.client("sts", session)), issuer)
    assert claims["sub"] == ann.arn
    assert "original_session_exp" in claims[OWN]


def test_who_gets_none(other: Account) -> None:
    user = other.make_user(TOKENS, {"Action": "sts:GetFederationToken"})
    federated = user.client("sts").get_federation_token(Name="helper", Policy=policy_of(TOKENS))["Credentials"]
    with api_error("AccessDenied", 403) as caught:
        token_of(user.client("sts", federated))
    assert message(caught) == "GetWebIdentityToken does not support federated user sessions"
    root = other.client("sts")
    for sts in (root, user.client("sts", root.get_session_token()["Credentials"])):
        with api_error("AccessDenied", 403) as caught:
            token_of(sts)
        assert "root" in message(caught)


def test_policies_decide(other: Account, server: Server) -> None:
    resource = f"arn:aws:sts::{other.id}:self"
    nobody = other.make_user({"Action": "s3:ListAllMyBuckets"})
    with api_error("AccessDenied", 403) as caught:
        token_of(nobody.client("sts"))
    assert message(caught) == (
        f"User: {nobody.arn} is not authorized to perform: sts:GetWebIdentityToken on resource: {resource} "
        "because no identity-based policy allows the sts:GetWebIdentityToken action"
    )
    untagged = other.make_user({"Action": "sts:GetWebIdentityToken", "Resource": resource})
    token_of(untagged.client("sts"))
    with api_error("AccessDenied", 403) as caught:
        token_of(untagged.client("sts"), Tags=[{"Key": "team", "Value": "blue"}])
    assert f"sts:TagGetWebIdentityToken on resource: {resource}" in message(caught)
    events = wait_for_audit(server, 2, "--principal", untagged.arn, "--operation", "GetWebIdentityToken")
    (event,) = [one for one in events if one["outcome"] == "denied"]
    assert [(ask["action"], ask["resource"], ask["outcome"]) for ask in event["asks"]] == [
        ("sts:GetWebIdentityToken", resource, "allowed"),
        ("sts:TagGetWebIdentityToken", resource, "denied"),
    ]


def test_condition_keys(other: Account) -> None:
    limited = other.make_user(
        {
            "Action": "sts:GetWebIdentityToken",
            "Condition": {
                "ForAllValues:StringEquals": {"sts:IdentityTokenAudience": [AUDIENCE, "second"]},
                "StringEquals": {"sts:SigningAlgorithm": "ES384"},
                "NumericLessThanEquals": {"sts:DurationSeconds": "300"},
            },
        },
        {
            "Action": "sts:TagGetWebIdentityToken",
            "Condition": {
                "StringEquals": {"aws:RequestTag/team": "blue"},
                "ForAllValues:StringEquals": {"aws:TagKeys": ["team"]},
            },
        },
    ).client("sts")
    blue = {"Key": "team", "Value": "blue"}
    token_of(limited)  # five minutes, though it doesn't say so
    token_of(limited, Audience=[AUDIENCE, "second"], DurationSeconds=300, Tags=[blue])
    for refused in (
        {"Audience": [AUDIENCE, "third"]},
        {"DurationSeconds": 301},
        {"SigningAlgorithm": "RS256"},
        {"Tags": [{"Key": "team", "Value": "red"}]},
        {"Tags": [blue, {"Key": "floor", "Value": "3"}]},
    ):
        with api_error("AccessDenied", 403):
            token_of(limited, **refused)


def test_what_is_no_request(ann: User) -> None:
    sts = ann.client("sts")
    for algorithm in ("RS384", "ES256", "HS256", "rs256"):
        with api_error("ValidationError", 400) as caught:
            token_of(sts, algorithm)
        assert message(caught) == (
            "Requested SigningAlgorithm is not supported. See the GetWebIdentityToken documentation for supported "
            "algorithms"
        )
    free = boto_client(
        ann.server,
        "sts",
        aws_access_key_id=ann.keys["AccessKeyId"],
        aws_secret_access_key=ann.keys["SecretAccessKey"],
        config=Config(parameter_validation=False),
    )
    for wrong in (
        {"SigningAlgorithm": "none"},
        {"DurationSeconds": 59},
        {"DurationSeconds": 3601},
        {"Audience": [""]},
        {"Audience": ["a" * 1001]},
        {"Audience": [str(i) for i in range(11)]},
        {"Tags": [{"Key": str(i), "Value": ""} for i in range(51)]},
    ):
        with api_error("ValidationError", 400):
            token_of(free, **wrong)
    large = {
        "Audience": ["a" * 1000] * 10,
        "Tags": [{"Key": f"{i}{'k' * 126}", "Value": "v" * 256} for i in range(20)],
    }
    with api_error("JWTPayloadSizeExceededException", 400) as caught:
        token_of(sts, **large)
    assert message(caught) == "JWT payload exceeds maximum allowed size"


def test_not_on_the_global_endpoint(ann: User, local_names: None) -> None:
    """As with AWS, which has regions only for it."""
    keys = {
        "aws_access_key_id": ann.keys["AccessKeyId"],
        "aws_secret_access_key": ann.keys["SecretAccessKey"],
        "verify": str(ann.server.ca_bundle),
    }
    port = ann.server.port
    with api_error("InvalidAction", 400) as caught:
        token_of(boto_client(ann.server, "sts", endpoint_url=f"https://sts.amazonaws.com:{port}", **keys))
    assert message(caught) == "Operation not supported on STS global endpoint"
    token_of(boto_client(ann.server, "sts", endpoint_url=f"https://sts.us-east-1.amazonaws.com:{port}", **keys))


def test_an_account_without_federation(make_server: Callable[..., Server]) -> None:
    own = make_server()
    iam = boto_client(own, "iam")
    iam.create_user(UserName="ann")
    iam.put_user_policy(UserName="ann", PolicyName="rights", PolicyDocument=policy_of(TOKENS))
    keys = iam.create_access_key(UserName="ann")["AccessKey"]
    sts = boto_client(own, "sts", aws_access_key_id=keys["AccessKeyId"], aws_secret_access_key=keys["SecretAccessKey"])
    with api_error("OutboundWebIdentityFederationDisabledException", 403) as caught:
        token_of(sts)
    assert message(caught) == "OutboundWebIdentityFederation is disabled."
    session = sts.get_session_token(DurationSeconds=900)["Credentials"]
    short = boto_client(
        own,
        "sts",
        aws_access_key_id=session["AccessKeyId"],
        aws_secret_access_key=session["SecretAccessKey"],
        aws_session_token=session["SessionToken"],
    )
    with api_error("SessionDurationEscalationException", 403):  # is found before
        token_of(short, DurationSeconds=3600)


def test_it_is_for_services_outside(
    ann: User, issuer: str, iam: Any, make_role: Callable[..., str], client: Callable[..., Any]
) -> None:
    """No role is assumed with it, whatever provider the account has."""
    provider = iam.create_open_id_connect_provider(Url=issuer, ClientIDList=[AUDIENCE], ThumbprintList=["0" * 40])[
        "OpenIDConnectProviderArn"
    ]
    try:
        role = make_role({"Federated": provider}, "sts:AssumeRoleWithWebIdentity", {"Action": "s3:ListAllMyBuckets"})
        for algorithm in ("RS256", "ES384"):
            token = token_of(ann.client("sts"), algorithm)
            with api_error("InvalidIdentityToken", 400) as caught:
                client("sts").assume_role_with_web_identity(
                    RoleArn=role, RoleSessionName="from-there", WebIdentityToken=token
                )
            assert "GetWebIdentityToken" in caught.value.response["Error"]["Message"]
    finally:
        iam.delete_open_id_connect_provider(OpenIDConnectProviderArn=provider)
