"""Users, roles and policies for tests, and clients that sign with given keys."""

from __future__ import annotations

import json
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from typing import Any

from tools.harness.clients import boto_client
from tools.harness.server import Server


def signed_by(keys: dict[str, Any]) -> dict[str, Any]:
    """Keys as IAM and STS answer them, as arguments of a boto3 client."""
    return {
        "aws_access_key_id": keys["AccessKeyId"],
        "aws_secret_access_key": keys["SecretAccessKey"],
        "aws_session_token": keys.get("SessionToken"),
    }


def with_keys(server: Server | Callable[..., Any], service: str, keys: dict[str, Any]) -> Any:
    """A client of the server, or of what makes the test's clients, that signs with these keys."""
    make = partial(boto_client, server) if isinstance(server, Server) else server
    return make(service, **signed_by(keys))


def document(*statements: dict[str, Any]) -> str:
    """A policy of statements that allow, unless they say otherwise."""
    return json.dumps({"Version": "2012-10-17", "Statement": [{"Effect": "Allow"} | one for one in statements]})


def policy_of(*statements: dict[str, Any]) -> str:
    """The same for users and roles: on everything, unless they say otherwise."""
    return document(*({"Resource": "*"} | one for one in statements))


def make_user(iam: Any, called: str, policy: str | None = None) -> dict[str, Any]:
    """A user with this inline policy: what CreateUser tells, and its keys."""
    made = iam.create_user(UserName=called)["User"]
    if policy is not None:
        iam.put_user_policy(UserName=called, PolicyName="rights", PolicyDocument=policy)
    return made | iam.create_access_key(UserName=called)["AccessKey"]


def remove_user(iam: Any, called: str) -> None:
    """With its policies and keys."""
    for policy in iam.list_user_policies(UserName=called)["PolicyNames"]:
        iam.delete_user_policy(UserName=called, PolicyName=policy)
    for policy in iam.list_attached_user_policies(UserName=called)["AttachedPolicies"]:
        iam.detach_user_policy(UserName=called, PolicyArn=policy["PolicyArn"])
    for key in iam.list_access_keys(UserName=called)["AccessKeyMetadata"]:
        iam.delete_access_key(UserName=called, AccessKeyId=key["AccessKeyId"])
    iam.delete_user(UserName=called)


@contextmanager
def made_roles(iam: Any) -> Iterator[Callable[..., str]]:
    """make(trust policy, inline policy, what CreateRole takes) -> ARN; all are deleted in the end."""
    made: list[str] = []

    def make(trust: str, policy: str | None = None, **more: Any) -> str:
        name = f"role-{uuid.uuid4().hex[:12]}"
        arn = iam.create_role(RoleName=name, AssumeRolePolicyDocument=trust, **more)["Role"]["Arn"]
        made.append(name)
        if policy is not None:
            iam.put_role_policy(RoleName=name, PolicyName="rights", PolicyDocument=policy)
        return str(arn)

    yield make
    for name in made:
        for policy in iam.list_role_policies(RoleName=name)["PolicyNames"]:
            iam.delete_role_policy(RoleName=name, PolicyName=policy)
        iam.delete_role(RoleName=name)
