"""Where the rights of keys and sessions end: with their time, with their key, with who made them.

https://docs.aws.amazon.com/IAM/latest/UserGuide/id_credentials_sts-comparison.html
"""

from __future__ import annotations

import json
import urllib.error
import urllib.request
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.iam.conftest import ALLOW_ALL, TRUST_EC2
from tools.harness.clients import boto_client
from tools.harness.clock import SettableClock
from tools.harness.expect import api_error
from tools.harness.identities import make_user, remove_user, with_keys
from tools.harness.preload import missing_compiler
from tools.harness.server import Server

Name = Callable[[], str]
ALL = '{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"*","Resource":"*"}]}'


@pytest.mark.parametrize("kind", ["get_session_token", "get_federation_token"])
def test_a_user_s_session_is_not_that_of_the_next_user_of_its_name(
    server: Server, iam: Any, name: Name, bucket: str, kind: str
) -> None:
    called = name()
    sts = with_keys(server, "sts", make_user(iam, called, ALL))
    if kind == "get_session_token":
        session = sts.get_session_token()["Credentials"]
    else:
        session = sts.get_federation_token(Name="helper", Policy=ALLOW_ALL)["Credentials"]
    own = with_keys(server, "s3", session)
    own.list_objects_v2(Bucket=bucket)
    remove_user(iam, called)
    with api_error("AccessDenied", 403):
        own.list_objects_v2(Bucket=bucket)
    make_user(iam, called, ALL)
    with api_error("AccessDenied", 403):
        own.list_objects_v2(Bucket=bucket)


def test_a_federated_user_has_what_its_maker_has_now(server: Server, iam: Any, name: Name, bucket: str) -> None:
    called = name()
    maker = with_keys(server, "sts", make_user(iam, called, ALL))
    own = with_keys(server, "s3", maker.get_federation_token(Name="helper", Policy=ALLOW_ALL)["Credentials"])
    own.list_objects_v2(Bucket=bucket)
    for rights, is_allowed in ((ALLOW_ALL.replace("s3:*", "s3:GetObject"), False), (ALLOW_ALL, True)):
        iam.put_user_policy(UserName=called, PolicyName="rights", PolicyDocument=rights)
        if is_allowed:
            own.list_objects_v2(Bucket=bucket)
            continue
        with api_error("AccessDenied", 403):
            own.list_objects_v2(Bucket=bucket)


def test_sessions_of_one_s_own_key_reach_no_iam(server: Server, iam: Any, name: Name, account: str) -> None:
    """Whoever gets hold of one can't make himself a key that lasts, nor change into a role."""
    keys = make_user(iam, name(), ALL)
    arn = f"arn:aws:iam::{account}:root"
    trust = json.loads(TRUST_EC2)
    trust["Statement"][0]["Principal"] = {"AWS": arn}
    role = iam.create_role(RoleName=name(), AssumeRolePolicyDocument=json.dumps(trust))["Role"]["Arn"]
    sts = with_keys(server, "sts", keys)
    own, federated = (
        sts.get_session_token()["Credentials"],
        sts.get_federation_token(Name="helper", Policy=ALL)["Credentials"],
    )
    for session in (own, federated, boto_client(server, "sts").get_session_token()["Credentials"]):
        with api_error("InvalidClientTokenId", 403):
            with_keys(server, "iam", session).create_access_key(UserName=keys["UserName"])
    with_keys(server, "sts", own).assume_role(RoleArn=role, RoleSessionName="work")
    with api_error("AccessDenied", 403):
        with_keys(server, "sts", federated).assume_role(RoleArn=role, RoleSessionName="work")
    # A role's session may, where its policies let it.
    iam.put_role_policy(RoleName=role.rsplit("/", 1)[1], PolicyName="all", PolicyDocument=ALL)
    session = sts.assume_role(RoleArn=role, RoleSessionName="work")["Credentials"]
    with_keys(server, "iam", session).list_users()


def test_a_key_switched_off_or_deleted_opens_nothing_in_s3(server: Server, iam: Any, name: Name, bucket: str) -> None:
    keys = make_user(iam, name(), ALL)
    own = with_keys(server, "s3", keys)
    own.put_object(Bucket=bucket, Key="k", Body=b"bytes")
    link = own.generate_presigned_url("get_object", Params={"Bucket": bucket, "Key": "k"})

    def expect_refused() -> None:
        with api_error("InvalidAccessKeyId", 403):
            own.get_object(Bucket=bucket, Key="k")
        with pytest.raises(urllib.error.HTTPError) as caught:
            urllib.request.urlopen(link)
        assert b"<Code>InvalidAccessKeyId</Code>" in caught.value.read()

    named = {"UserName": keys["UserName"], "AccessKeyId": keys["AccessKeyId"]}
    iam.update_access_key(**named, Status="Inactive")
    expect_refused()
    iam.update_access_key(**named, Status="Active")
    with urllib.request.urlopen(link) as answer:
        assert answer.read() == b"bytes"
    iam.delete_access_key(**named)
    expect_refused()


@pytest.mark.skipif(missing_compiler() != "", reason=missing_compiler())
def test_a_session_past_its_end(
    make_server: Callable[..., Server], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    clock = SettableClock(tmp_path)
    server = make_server(**clock.settings)
    clock.move_boto(monkeypatch)
    boto_client(server).create_bucket(Bucket="sessions")
    iam = boto_client(server, "iam")
    sts = with_keys(server, "sts", make_user(iam, "ann", ALL))
    trust = json.dumps({"Version": "2012-10-17", "Statement": [
        {"Effect": "Allow", "Principal": {"AWS": iam.get_user(UserName="ann")["User"]["Arn"]}, "Action": "sts:AssumeRole"}
    ]})  # fmt: skip
    role = iam.create_role(RoleName="r", AssumeRolePolicyDocument=trust)["Role"]["Arn"]
    iam.put_role_policy(RoleName="r", PolicyName="rights", PolicyDocument=ALL)
    sessions = [
        sts.get_session_token(DurationSeconds=900),
        sts.get_federation_token(Name="helper", Policy=ALL, DurationSeconds=900),
        sts.assume_role(RoleArn=role, RoleSessionName="work", DurationSeconds=900),
    ]
    for shift, is_over in ((880, False), (905, True)):
        clock.set(shift)
        for answer in sessions:
            s3, own_sts = (with_keys(server, service, answer["Credentials"]) for service in ("s3", "sts"))
            if not is_over:
                s3.list_objects_v2(Bucket="sessions")
                own_sts.get_caller_identity()
                continue
            with api_error("ExpiredToken", 400):
                s3.list_objects_v2(Bucket="sessions")
            with api_error("ExpiredToken", 403):
                own_sts.get_caller_identity()
