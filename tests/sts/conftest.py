"""What STS's tests of federation need: identity providers that run here, and roles that trust them."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

import pytest

from tools.harness import identities
from tools.harness.certificates import Authority, make_authority
from tools.harness.clients import boto_client
from tools.harness.identities import document, made_roles, policy_of
from tools.harness.oidc import Issuer
from tools.harness.saml import Idp
from tools.harness.server import Server


@pytest.fixture(scope="session")
def iam(server: Server) -> Any:
    return boto_client(server, "iam")


@pytest.fixture(scope="session")
def account(server: Server) -> str:
    return str(boto_client(server, "sts").get_caller_identity()["Account"])


@pytest.fixture(scope="session")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    return make_authority(tmp_path_factory.mktemp("authority"))


@pytest.fixture
def issuer(authority: Authority) -> Iterator[Issuer]:
    with Issuer(authority) as running:
        yield running


@pytest.fixture(scope="session")
def idp(tmp_path_factory: pytest.TempPathFactory) -> Idp:
    return Idp(tmp_path_factory.mktemp("idp"))


@pytest.fixture
def oidc_provider(iam: Any, issuer: Issuer, authority: Authority) -> Iterator[str]:
    """The issuer as IAM knows it."""
    made = iam.create_open_id_connect_provider(
        Url=issuer.url, ClientIDList=["our-app", "other-app"], ThumbprintList=[authority.thumbprint]
    )
    arn = made["OpenIDConnectProviderArn"]
    yield arn
    iam.delete_open_id_connect_provider(OpenIDConnectProviderArn=arn)


@pytest.fixture
def saml_provider(iam: Any, idp: Idp) -> Iterator[str]:
    name = f"idp-{uuid.uuid4().hex[:12]}"
    arn = iam.create_saml_provider(Name=name, SAMLMetadataDocument=idp.metadata())["SAMLProviderArn"]
    yield arn
    iam.delete_saml_provider(SAMLProviderArn=arn)


@pytest.fixture
def make_role(iam: Any) -> Iterator[Callable[..., str]]:
    """make_role({"Federated": arn}, "sts:AssumeRoleWithSAML", Condition={...}, rights={...}) -> ARN"""
    with made_roles(iam) as make_one:

        def make(
            principal: Any, actions: Any, rights: dict[str, Any] | None = None, longest: int = 3600, **more: Any
        ) -> str:
            trust = document({"Principal": principal, "Action": actions} | more)
            return make_one(trust, policy_of(rights) if rights is not None else None, MaxSessionDuration=longest)

        yield make


@pytest.fixture
def with_keys(client: Callable[..., Any]) -> Callable[..., Any]:
    """with_keys("s3", answer["Credentials"]) -> a client that signs with them"""
    return partial(identities.with_keys, client)
