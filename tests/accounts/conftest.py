"""Two accounts of one installation."""

from __future__ import annotations

import json
import uuid
from dataclasses import dataclass
from typing import Any

import pytest

from tools.harness.clients import boto_client
from tools.harness.identities import make_user, policy_of, with_keys
from tools.harness.server import Server


@dataclass
class Account:
    """With its root's key, and users of its own."""

    server: Server
    id: str
    access_key: str
    secret_key: str

    def client(self, service: str) -> Any:
        return boto_client(
            self.server, service, aws_access_key_id=self.access_key, aws_secret_access_key=self.secret_key
        )

    @property
    def canonical_id(self) -> str:
        return str(self.client("s3").list_buckets()["Owner"]["ID"])

    def make_user(self, *rights: dict[str, Any]) -> User:
        iam = self.client("iam")
        made = make_user(iam, f"user-{uuid.uuid4().hex[:12]}")
        user = User(self.server, self, made["UserName"], made["Arn"], made)
        user.allow(*rights)
        return user


@dataclass
class User:
    server: Server
    account: Account
    name: str
    arn: str
    keys: dict[str, Any]

    def client(self, service: str, session: dict[str, Any] | None = None) -> Any:
        keys = session or self.keys
        return with_keys(self.server, service, keys)

    def allow(self, *rights: dict[str, Any]) -> None:
        """These rights, and no others."""
        if rights:
            self.account.client("iam").put_user_policy(
                UserName=self.name, PolicyName="rights", PolicyDocument=policy_of(*rights)
            )


@pytest.fixture(scope="module")
def first(server: Server) -> Account:
    known = server.credentials()
    own = boto_client(server, "sts").get_caller_identity()["Account"]
    return Account(server, own, known.access_key, known.secret_key)


@pytest.fixture(scope="module")
def other(server: Server) -> Account:
    made = server.command("account", "create", "--name", "other", "--json")
    assert made.returncode == 0, made.stderr
    told = json.loads(made.stdout)
    return Account(server, told["account_id"], told["access_key_id"], told["secret_access_key"])
