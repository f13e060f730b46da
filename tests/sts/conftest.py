"""What STS's tests of federation need: identity providers that run here, and roles that trust them."""

from __future__ import annotations

import json
import uuid
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from tools.harness.certificates import Authority, make_authority
from tools.harness.clients import boto_client
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
    made: list[str] = []

    def make(
        principal: Any, actions: Any, rights: dict[str, Any] | None = None, longest: int = 3600, **more: Any
    ) -> str:
        name = f"role-{uuid.uuid4().hex[:12]}"
        statement = {"Effect": "Allow", "Principal": principal, "Action": actions} | more
        trust = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
        role = iam.create_role(RoleName=name, AssumeRolePolicyDocument=trust, MaxSessionDuration=longest)
        made.append(name)
        if rights is not None:
            document = json.dumps(
                {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Resource": "*"} | rights]}
            )
            iam.put_role_policy(RoleName=name, PolicyName="rights", PolicyDocument=document)
        return str(role["Role"]["Arn"])

    yield make
    for name in made:
        for policy in iam.list_role_policies(RoleName=name)["PolicyNames"]:
            iam.delete_role_policy(RoleName=name, PolicyName=policy)
        iam.delete_role(RoleName=name)


@pytest.fixture
def with_keys(client: Callable[..., Any]) -> Callable[..., Any]:
    """with_keys("s3", answer["Credentials"]) -> a client that signs with them"""

    def make(service: str, keys: dict[str, Any]) -> Any:
        return client(
            service,
            aws_access_key_id=keys["AccessKeyId"],
            aws_secret_access_key=keys["SecretAccessKey"],
            aws_session_token=keys.get("SessionToken"),
        )

    return make
