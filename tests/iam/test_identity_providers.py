"""OpenID Connect and SAML providers as IAM keeps them.

https://docs.aws.amazon.com/IAM/latest/UserGuide/id_roles_providers.html
"""

from __future__ import annotations

import json
import uuid
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from tools.harness.certificates import make_authority
from tools.harness.expect import api_error
from tools.harness.identities import with_keys
from tools.harness.oidc import Issuer
from tools.harness.saml import Idp, moment

THUMBPRINT = "ab" * 20


def message(caught: Any) -> str:
    return str(caught.value.response["Error"]["Message"])


@pytest.fixture
def make_oidc(iam: Any) -> Iterator[Callable[..., str]]:
    made: list[str] = []

    def make(url: str, **more: Any) -> str:
        arguments = {"Url": url, "ThumbprintList": [THUMBPRINT]} | more
        made.append(iam.create_open_id_connect_provider(**arguments)["OpenIDConnectProviderArn"])
        return made[-1]

    yield make
    for arn in made:
        iam.delete_open_id_connect_provider(OpenIDConnectProviderArn=arn)


@pytest.fixture
def host() -> str:
    return f"{uuid.uuid4().hex[:12]}.example.com"


@pytest.fixture(scope="module")
def idp(tmp_path_factory: pytest.TempPathFactory) -> Idp:
    return Idp(tmp_path_factory.mktemp("idp"))


@pytest.fixture
def saml(iam: Any, idp: Idp, name: Callable[[], str]) -> Iterator[str]:
    arn = iam.create_saml_provider(Name=name(), SAMLMetadataDocument=idp.metadata())["SAMLProviderArn"]
    yield arn
    iam.delete_saml_provider(SAMLProviderArn=arn)


def test_an_oidc_provider(iam: Any, make_oidc: Callable[..., str], host: str) -> None:
    arn = make_oidc(f"https://{host}/realm", ClientIDList=["a", "b", "a"], Tags=[{"Key": "k", "Value": "v"}])
    assert arn.endswith(f":oidc-provider/{host}/realm")
    told = iam.get_open_id_connect_provider(OpenIDConnectProviderArn=arn)
    assert told["Url"] == f"{host}/realm"
    assert told["ClientIDList"] == ["a", "b"] and told["ThumbprintList"] == [THUMBPRINT]
    assert told["Tags"] == [{"Key": "k", "Value": "v"}]
    assert abs(told["CreateDate"] - datetime.now(UTC)) < timedelta(minutes=1)
    assert {"Arn": arn} in iam.list_open_id_connect_providers()["OpenIDConnectProviderList"]
    assert iam.get_account_summary()["SummaryMap"]["Providers"] >= 1
    with api_error("EntityAlreadyExists", 409):
        make_oidc(f"https://{host}/realm")
    iam.delete_open_id_connect_provider(OpenIDConnectProviderArn=arn)
    iam.delete_open_id_connect_provider(OpenIDConnectProviderArn=arn)  # once more is no error
    with api_error("NoSuchEntity", 404):
        iam.get_open_id_connect_provider(OpenIDConnectProviderArn=arn)


def test_client_ids_thumbprints_and_tags(iam: Any, make_oidc: Callable[..., str], host: str) -> None:
    arn = make_oidc(f"https://{host}")
    for _ in range(2):
        iam.add_client_id_to_open_id_connect_provider(OpenIDConnectProviderArn=arn, ClientID="app")
    assert iam.get_open_id_connect_provider(OpenIDConnectProviderArn=arn)["ClientIDList"] == ["app"]
    for _ in range(2):
        iam.remove_client_id_from_open_id_connect_provider(OpenIDConnectProviderArn=arn, ClientID="app")
    assert iam.get_open_id_connect_provider(OpenIDConnectProviderArn=arn)["ClientIDList"] == []
    new = ["CD" * 20, "ef" * 20]
    iam.update_open_id_connect_provider_thumbprint(OpenIDConnectProviderArn=arn, ThumbprintList=new)
    told = iam.get_open_id_connect_provider(OpenIDConnectProviderArn=arn)
    assert told["ThumbprintList"] == ["cd" * 20, "ef" * 20]
    iam.tag_open_id_connect_provider(
        OpenIDConnectProviderArn=arn, Tags=[{"Key": "b", "Value": "2"}, {"Key": "a", "Value": "1"}]
    )
    iam.tag_open_id_connect_provider(OpenIDConnectProviderArn=arn, Tags=[{"Key": "B", "Value": "3"}])
    page = iam.list_open_id_connect_provider_tags(OpenIDConnectProviderArn=arn, MaxItems=1)
    assert page["Tags"] == [{"Key": "a", "Value": "1"}] and page["IsTruncated"]
    page = iam.list_open_id_connect_provider_tags(OpenIDConnectProviderArn=arn, Marker=page["Marker"])
    assert page["Tags"] == [{"Key": "B", "Value": "3"}] and not page["IsTruncated"]
    iam.untag_open_id_connect_provider(OpenIDConnectProviderArn=arn, TagKeys=["b"])
    assert len(iam.list_open_id_connect_provider_tags(OpenIDConnectProviderArn=arn)["Tags"]) == 1


def test_limits_of_oidc_providers(iam: Any, make_oidc: Callable[..., str], host: str) -> None:
    for url in (f"http://{host}", host, f"https://{host}/?a=b", f"https://{host}#f", f"https://u@{host}", "https://"):
        with api_error("ValidationError", 400):
            make_oidc(url)
    with api_error("InvalidInput", 400):
        make_oidc(f"https://{host}", ThumbprintList=[f"{n:040x}" for n in range(6)])
    with api_error("InvalidInput", 400):
        make_oidc(f"https://{host}", ThumbprintList=["x" * 40])
    with api_error("LimitExceeded", 409) as caught:
        make_oidc(f"https://{host}", ClientIDList=[f"app-{n}" for n in range(101)])
    assert message(caught) == "Cannot exceed quota for ClientIdsPerOpenIdConnectProvider: 100"
    arn = make_oidc(f"https://{host}", ClientIDList=[f"app-{n}" for n in range(100)])
    with api_error("LimitExceeded", 409):
        iam.add_client_id_to_open_id_connect_provider(OpenIDConnectProviderArn=arn, ClientID="one-more")
    with api_error("NoSuchEntity", 404):
        iam.add_client_id_to_open_id_connect_provider(OpenIDConnectProviderArn=f"{arn}/else", ClientID="app")
    with api_error("InvalidInput", 400):
        iam.get_open_id_connect_provider(OpenIDConnectProviderArn="arn:aws:s3:::a-bucket-of-mine")


def test_a_thumbprint_is_fetched_when_none_is_given(
    iam: Any, make_oidc: Callable[..., str], host: str, tmp_path: Path
) -> None:
    authority = make_authority(tmp_path)
    with Issuer(authority) as issuer:
        arn = make_oidc(issuer.url, ThumbprintList=[])
        told = iam.get_open_id_connect_provider(OpenIDConnectProviderArn=arn)
        assert told["ThumbprintList"] == [authority.thumbprint]
    with api_error("OpenIdIdpCommunicationError", 400):
        make_oidc("https://127.0.0.1:1/nobody-listens", ThumbprintList=[])


def test_a_saml_provider(iam: Any, saml: str, idp: Idp, name: Callable[[], str]) -> None:
    told = iam.get_saml_provider(SAMLProviderArn=saml)
    assert told["SAMLMetadataDocument"] == idp.metadata()
    assert told["ValidUntil"] - told["CreateDate"] > timedelta(days=365 * 99)
    assert len(told["SAMLProviderUUID"]) >= 22
    listed = [entry for entry in iam.list_saml_providers()["SAMLProviderList"] if entry["Arn"] == saml]
    assert listed == [{"Arn": saml, "ValidUntil": told["ValidUntil"], "CreateDate": told["CreateDate"]}]
    with api_error("EntityAlreadyExists", 409):
        iam.create_saml_provider(Name=saml.rsplit("/", 1)[1], SAMLMetadataDocument=idp.metadata())
    until = moment(3600)
    assert (
        iam.update_saml_provider(SAMLProviderArn=saml, SAMLMetadataDocument=idp.metadata(until))["SAMLProviderArn"]
        == saml
    )
    told = iam.get_saml_provider(SAMLProviderArn=saml)
    assert told["ValidUntil"].strftime("%Y-%m-%dT%H:%M:%SZ") == until
    iam.tag_saml_provider(SAMLProviderArn=saml, Tags=[{"Key": "k", "Value": "v"}])
    assert iam.list_saml_provider_tags(SAMLProviderArn=saml)["Tags"] == [{"Key": "k", "Value": "v"}]
    iam.untag_saml_provider(SAMLProviderArn=saml, TagKeys=["k"])
    assert iam.list_saml_provider_tags(SAMLProviderArn=saml)["Tags"] == []


def test_metadata_is_looked_through(iam: Any, saml: str, idp: Idp, name: Callable[[], str]) -> None:
    good = idp.metadata()
    for bad in (
        "x" * 1000,
        good.replace("</md:EntityDescriptor>", ""),
        good.replace("EntityDescriptor", "EntitiesDescriptor"),
        good.replace('entityID="', 'name="'),
        good.replace("MII", "???"),
        good.replace('use="signing"', 'use="encryption"'),
        good.replace("urn:oasis:names:tc:SAML:2.0:metadata", "urn:something:else"),
        good.replace("<md:EntityDescriptor", "<!DOCTYPE x><md:EntityDescriptor", 1),
        idp.metadata("tomorrow"),
    ):
        with api_error("InvalidInput", 400) as caught:
            iam.create_saml_provider(Name=name(), SAMLMetadataDocument=bad)
        assert message(caught) == "Could not parse metadata"
        with api_error("InvalidInput", 400):
            iam.update_saml_provider(SAMLProviderArn=saml, SAMLMetadataDocument=bad)
    with api_error("InvalidInput", 400):
        iam.update_saml_provider(SAMLProviderArn=saml)


def test_saml_providers_that_are_not_there(iam: Any, saml: str) -> None:
    for call in (iam.get_saml_provider, iam.delete_saml_provider, iam.list_saml_provider_tags):
        with api_error("NoSuchEntity", 404):
            call(SAMLProviderArn=f"{saml}-else")


def test_a_narrow_policy(
    iam: Any, client: Callable[..., Any], make_oidc: Callable[..., str], host: str, user: str
) -> None:
    arn = make_oidc(f"https://{host}")
    statement = {"Effect": "Allow", "Action": "iam:GetOpenIDConnectProvider", "Resource": arn}
    document = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
    iam.put_user_policy(UserName=user, PolicyName="reads", PolicyDocument=document)
    keys = iam.create_access_key(UserName=user)["AccessKey"]
    own = with_keys(client, "iam", keys)
    assert own.get_open_id_connect_provider(OpenIDConnectProviderArn=arn)["Url"] == host
    with api_error("AccessDenied", 403):
        own.get_open_id_connect_provider(OpenIDConnectProviderArn=f"{arn}/else")
    with api_error("AccessDenied", 403) as caught:
        own.create_open_id_connect_provider(Url=f"https://{host}/else", ThumbprintList=[THUMBPRINT])
    assert f"on resource: {arn}/else" in message(caught)
    with api_error("AccessDenied", 403):
        own.list_saml_providers()
