"""IAM's tests: clients and names that no other test has."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from typing import Any

import pytest

from tools.harness.clients import boto_client
from tools.harness.server import Server

ALLOW_ALL = '{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"s3:*","Resource":"*"}]}'
TRUST_EC2 = (
    '{"Version":"2012-10-17","Statement":[{"Effect":"Allow",'
    '"Principal":{"Service":"ec2.amazonaws.com"},"Action":"sts:AssumeRole"}]}'
)


def message(caught: pytest.ExceptionInfo[Any]) -> str:
    return caught.value.response["Error"]["Message"]


@pytest.fixture(scope="session")
def iam(server: Server) -> Any:
    return boto_client(server, "iam")


@pytest.fixture
def account(client: Callable[..., Any]) -> str:
    return str(client("sts").get_caller_identity()["Account"])


@pytest.fixture
def name() -> Callable[[], str]:
    return lambda: f"T-{uuid.uuid4().hex[:16]}"


@pytest.fixture
def user(iam: Any, name: Callable[[], str]) -> str:
    return iam.create_user(UserName=name())["User"]["UserName"]


@pytest.fixture
def group(iam: Any, name: Callable[[], str]) -> str:
    return iam.create_group(GroupName=name())["Group"]["GroupName"]


@pytest.fixture
def role(iam: Any, name: Callable[[], str]) -> str:
    return iam.create_role(RoleName=name(), AssumeRolePolicyDocument=TRUST_EC2)["Role"]["RoleName"]


@pytest.fixture
def policy(iam: Any, name: Callable[[], str]) -> str:
    return iam.create_policy(PolicyName=name(), PolicyDocument=ALLOW_ALL)["Policy"]["Arn"]
