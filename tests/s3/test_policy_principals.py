"""Whom a bucket's policy names: users and roles that are there, and they themselves, not whoever has their name later.

https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_principal.html#principal-users
"""

from __future__ import annotations

import json
import uuid
from collections.abc import Callable
from typing import Any

import pytest

from tools.harness.clients import boto_client
from tools.harness.expect import api_error
from tools.harness.server import Server


def policy(bucket: str, principal: Any, **more: Any) -> str:
    statement = {
        "Effect": "Allow",
        "Principal": {"AWS": principal},
        "Action": "s3:ListBucket",
        "Resource": f"arn:aws:s3:::{bucket}",
    } | more
    return json.dumps({"Version": "2012-10-17", "Statement": [statement]})


def stored_principal(s3: Any, bucket: str) -> Any:
    (statement,) = json.loads(s3.get_bucket_policy(Bucket=bucket)["Policy"])["Statement"]
    return statement["Principal"]["AWS"]


@pytest.fixture
def iam(client: Callable[..., Any]) -> Any:
    return client("iam")


class User:
    def __init__(self, server: Server, iam: Any, name: str) -> None:
        self.iam = iam
        self.name = name
        made = iam.create_user(UserName=name)["User"]
        self.arn, self.id = made["Arn"], made["UserId"]
        self.key = iam.create_access_key(UserName=name)["AccessKey"]
        self.s3 = boto_client(
            server, aws_access_key_id=self.key["AccessKeyId"], aws_secret_access_key=self.key["SecretAccessKey"]
        )

    def can_list(self, bucket: str) -> bool:
        try:
            self.s3.list_objects_v2(Bucket=bucket)
        except self.s3.exceptions.ClientError as error:
            assert error.response["Error"]["Code"] == "AccessDenied", error
            return False
        return True

    def delete(self) -> None:
        self.iam.delete_access_key(UserName=self.name, AccessKeyId=self.key["AccessKeyId"])
        self.iam.delete_user(UserName=self.name)


@pytest.fixture
def make_user(server: Server, iam: Any) -> Callable[..., User]:
    return lambda name=None: User(server, iam, name or f"user-{uuid.uuid4().hex[:12]}")


def test_the_next_user_of_a_name_is_another_one(s3: Any, bucket: str, make_user: Callable[..., User]) -> None:
    user = make_user()
    s3.put_bucket_policy(Bucket=bucket, Policy=policy(bucket, user.arn))
    assert user.can_list(bucket)
    assert stored_principal(s3, bucket) == user.arn
    user.delete()
    assert stored_principal(s3, bucket) == user.id
    impostor = make_user(user.name)
    assert impostor.arn == user.arn
    assert not impostor.can_list(bucket)
    assert stored_principal(s3, bucket) == user.id
    # What is shown can't be stored again; the new user, by name, can.
    with api_error("MalformedPolicy", 400) as caught:
        s3.put_bucket_policy(Bucket=bucket, Policy=s3.get_bucket_policy(Bucket=bucket)["Policy"])
    assert caught.value.response["Error"]["Message"] == "Invalid principal in policy"
    s3.put_bucket_policy(Bucket=bucket, Policy=policy(bucket, user.arn))
    assert impostor.can_list(bucket)


def test_a_denial_stays_with_whom_it_named(
    s3: Any, iam: Any, bucket: str, make_user: Callable[..., User], server: Server
) -> None:
    first = make_user()
    s3.put_bucket_policy(Bucket=bucket, Policy=policy(bucket, first.arn, Effect="Deny"))
    rights = {"Effect": "Allow", "Action": "s3:*", "Resource": "*"}
    document = json.dumps({"Version": "2012-10-17", "Statement": [rights]})
    iam.put_user_policy(UserName=first.name, PolicyName="p", PolicyDocument=document)
    assert not first.can_list(bucket)
    # Another name doesn't help; the same one harms nobody else.
    new_name = f"{first.name}-new"
    iam.update_user(UserName=first.name, NewUserName=new_name)
    assert not first.can_list(bucket)
    assert stored_principal(s3, bucket) == first.arn + "-new"
    second = make_user(first.name)
    iam.put_user_policy(UserName=second.name, PolicyName="p", PolicyDocument=document)
    assert second.can_list(bucket)


def test_roles_too(s3: Any, iam: Any, client: Callable[..., Any], bucket: str, make_user: Callable[..., User]) -> None:
    user = make_user()
    trust = policy(bucket, user.arn, Action="sts:AssumeRole")
    trust = json.dumps({"Version": "2012-10-17", "Statement": [
        {k: v for k, v in json.loads(trust)["Statement"][0].items() if k != "Resource"}
    ]})  # fmt: skip
    name = f"role-{uuid.uuid4().hex[:12]}"
    sts = client("sts", aws_access_key_id=user.key["AccessKeyId"], aws_secret_access_key=user.key["SecretAccessKey"])

    def lists() -> None:
        arn = iam.get_role(RoleName=name)["Role"]["Arn"]
        keys = sts.assume_role(RoleArn=arn, RoleSessionName="work")["Credentials"]
        client(
            "s3",
            aws_access_key_id=keys["AccessKeyId"],
            aws_secret_access_key=keys["SecretAccessKey"],
            aws_session_token=keys["SessionToken"],
        ).list_objects_v2(Bucket=bucket)

    role = iam.create_role(RoleName=name, AssumeRolePolicyDocument=trust)["Role"]
    s3.put_bucket_policy(Bucket=bucket, Policy=policy(bucket, [role["Arn"], user.arn]))
    lists()
    iam.delete_role(RoleName=name)
    assert stored_principal(s3, bucket) == [role["RoleId"], user.arn]
    iam.create_role(RoleName=name, AssumeRolePolicyDocument=trust)
    with api_error("AccessDenied", 403):
        lists()


def test_who_is_named_must_be_there(s3: Any, client: Callable[..., Any], bucket: str) -> None:
    account = client("sts").get_caller_identity()["Account"]
    for absent in (
        f"arn:aws:iam::{account}:user/{uuid.uuid4().hex}",
        f"arn:aws:iam::{account}:role/{uuid.uuid4().hex}",
        "AIDAAAAAAAAAAAAAAAAAA",
    ):
        for written in (absent, [f"arn:aws:iam::{account}:root", absent]):
            with api_error("MalformedPolicy", 400) as caught:
                s3.put_bucket_policy(Bucket=bucket, Policy=policy(bucket, written))
            error = caught.value.response["Error"]
            assert (error["Message"], error["Detail"]) == ("Invalid principal in policy", f'"AWS" : "{absent}"')
    # Accounts that aren't here can't be asked.
    s3.put_bucket_policy(Bucket=bucket, Policy=policy(bucket, "arn:aws:iam::999988887777:user/somebody"))
    assert stored_principal(s3, bucket) == "arn:aws:iam::999988887777:user/somebody"


def test_a_restart_keeps_whom_it_named(make_server: Callable[..., Server]) -> None:
    server = make_server()
    iam, s3 = boto_client(server, "iam"), boto_client(server)
    s3.create_bucket(Bucket="kept")
    user = User(server, iam, "ann")
    s3.put_bucket_policy(Bucket="kept", Policy=policy("kept", user.arn))
    user.delete()
    impostor = User(server, iam, "ann")
    server.stop()
    server.start()
    assert not impostor.can_list("kept")
    assert stored_principal(s3, "kept") == user.id
