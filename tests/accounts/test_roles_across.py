"""Roles that users of another account assume: what either side can hold back.

https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_evaluation-logic-cross-account.html
"""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from tests.accounts.conftest import Account, User
from tools.harness.expect import api_error
from tools.harness.identities import document, made_roles, policy_of

ASSUME = {"Action": "sts:AssumeRole"}


@pytest.fixture
def make_role(first: Account) -> Iterator[Callable[..., str]]:
    """make_role(principal, rights..., Condition={...}): of the first account -> ARN"""
    with made_roles(first.client("iam")) as make_one:

        def make(principal: str, *rights: dict[str, Any], **more: Any) -> str:
            trust = document({"Principal": {"AWS": principal}} | ASSUME | more)
            return make_one(trust, policy_of(*(rights or (ASSUME,))))

        yield make


def assume(user: User, role: str, **more: Any) -> dict[str, Any]:
    answer = user.client("sts").assume_role(RoleArn=role, RoleSessionName="work", **more)
    return dict(answer["Credentials"])


def refused(user: User, role: str, **more: Any) -> None:
    with api_error("AccessDenied", 403):
        assume(user, role, **more)


def test_both_sides_must_agree(other: Account, make_role: Callable[..., str]) -> None:
    user = other.make_user()
    by_account, by_name = make_role(other.id), make_role(user.arn)
    for role in (by_account, by_name):  # in its own account a user that is named needs nothing else; here it does
        refused(user, role)
    user.allow(ASSUME | {"Resource": by_account})
    assert assume(user, by_account)
    refused(user, by_name)
    user.allow(ASSUME)
    assert assume(user, by_name)
    user.allow(ASSUME, {"Effect": "Deny"} | ASSUME | {"Resource": by_name})
    refused(user, by_name)


def test_the_trusting_account_decides_whom_it_trusts(
    first: Account, other: Account, make_role: Callable[..., str]
) -> None:
    user, neighbour = other.make_user(ASSUME), other.make_user(ASSUME)
    role = make_role(user.arn)
    refused(neighbour, role)
    refused(other.make_user(ASSUME), make_role(first.id))
    with_secret = make_role(other.id, Condition={"StringEquals": {"sts:ExternalId": "secret"}})
    for wrong in ({}, {"ExternalId": "guess"}):
        refused(user, with_secret, **wrong)
    assert assume(user, with_secret, ExternalId="secret")


def test_a_user_made_again_by_the_other_account_is_not_trusted(other: Account, make_role: Callable[..., str]) -> None:
    user = other.make_user(ASSUME)
    role = make_role(user.arn)
    assume(user, role)
    iam, named = other.client("iam"), {"UserName": user.name}
    iam.delete_user_policy(**named, PolicyName="rights")
    iam.delete_access_key(**named, AccessKeyId=user.keys["AccessKeyId"])
    iam.delete_user(**named)
    iam.create_user(**named)
    impostor = User(other.server, other, user.name, user.arn, iam.create_access_key(**named)["AccessKey"])
    impostor.allow(ASSUME)
    refused(impostor, role)


def test_a_session_is_of_the_role_s_account_alone(
    first: Account, other: Account, make_role: Callable[..., str], s3: Any, bucket: str
) -> None:
    """It has nothing of the rights of who assumed the role; his account's things are another's to it."""
    user = other.make_user(ASSUME, {"Action": "s3:*"})
    own_bucket = f"{bucket}-own"
    user.client("s3").create_bucket(Bucket=own_bucket)
    inside = user.client("s3", assume(user, make_role(other.id, {"Action": "s3:*"})))
    s3.put_object(Bucket=bucket, Key="k", Body=b"")
    inside.get_object(Bucket=bucket, Key="k")
    assert own_bucket not in [b["Name"] for b in inside.list_buckets()["Buckets"]]
    with api_error("AccessDenied", 403):
        inside.list_objects_v2(Bucket=own_bucket)
    told = user.client("sts", assume(user, make_role(other.id))).get_caller_identity()
    assert told["Account"] == first.id
    other.client("s3").delete_bucket(Bucket=own_bucket)


def test_a_session_s_way_back_needs_both_sides_too(
    first: Account, other: Account, make_role: Callable[..., str]
) -> None:
    """A role of the other account that trusts the first one: the session's role must allow it."""
    iam = other.client("iam")
    name = f"back-{uuid.uuid4().hex[:12]}"
    back = iam.create_role(RoleName=name, AssumeRolePolicyDocument=document({"Principal": {"AWS": first.id}} | ASSUME))[
        "Role"
    ]["Arn"]
    user = other.make_user(ASSUME)
    for rights, is_allowed in (({"Action": "s3:*"}, False), (ASSUME, True)):
        sts = user.client("sts", assume(user, make_role(other.id, rights)))
        if is_allowed:
            sts.assume_role(RoleArn=back, RoleSessionName="back")
            continue
        with api_error("AccessDenied", 403):
            sts.assume_role(RoleArn=back, RoleSessionName="back")
    refused(user, back)  # he is of the account, but it isn't he whom the role trusts
    iam.delete_role(RoleName=name)


def test_who_hands_a_role_over_must_own_it(first: Account, other: Account, make_role: Callable[..., str]) -> None:
    """The other account's root may do everything in its own account, and nothing with roles of this one."""
    name = make_role(first.id).rsplit("/", 1)[1]
    iam = other.client("iam")
    for call in (
        lambda: iam.get_role(RoleName=name),
        lambda: iam.update_assume_role_policy(
            RoleName=name, PolicyDocument=document({"Principal": {"AWS": other.id}} | ASSUME)
        ),
        lambda: iam.put_role_policy(RoleName=name, PolicyName="p", PolicyDocument=document(ASSUME | {"Resource": "*"})),
    ):
        with api_error("NoSuchEntity", 404):
            call()
