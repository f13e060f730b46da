"""Temporary credentials of the root: made by STS, good for other services, limited as they say.

https://docs.aws.amazon.com/IAM/latest/UserGuide/id_credentials_temp.html
"""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from botocore.exceptions import ClientError

from tools.harness.expect import api_error
from tools.harness.identities import with_keys


@pytest.fixture
def sts(client: Callable[..., Any]) -> Any:
    return client("sts")


def seconds_left(keys: dict[str, Any]) -> float:
    return (keys["Expiration"] - datetime.now(UTC)) / timedelta(seconds=1)


def test_the_caller_is_told(sts: Any) -> None:
    told = sts.get_caller_identity()
    account = told["Account"]
    assert len(account) == 12 and account.isdigit()
    assert told["Arn"] == f"arn:aws:iam::{account}:root"
    assert told["UserId"] == account


def test_a_session_of_the_root(sts: Any, client: Callable[..., Any], bucket: str) -> None:
    keys = sts.get_session_token()["Credentials"]
    assert keys["AccessKeyId"].startswith("ASIA") and len(keys["AccessKeyId"]) == 20
    assert len(keys["SecretAccessKey"]) == 40
    assert 3500 < seconds_left(keys) <= 3600  # an hour is the most that a root gets
    s3 = with_keys(client, "s3", keys)
    s3.put_object(Bucket=bucket, Key="k", Body=b"bytes")
    assert s3.get_object(Bucket=bucket, Key="k")["Body"].read() == b"bytes"
    assert with_keys(client, "sts", keys).get_caller_identity()["Arn"] == sts.get_caller_identity()["Arn"]


def test_no_session_out_of_a_session(sts: Any, client: Callable[..., Any]) -> None:
    of_session = with_keys(client, "sts", sts.get_session_token()["Credentials"])
    with api_error("AccessDenied", 403):
        of_session.get_session_token()
    with api_error("AccessDenied", 403):
        of_session.get_federation_token(Name="somebody")


def test_a_short_session(sts: Any) -> None:
    keys = sts.get_session_token(DurationSeconds=900)["Credentials"]
    assert 800 < seconds_left(keys) <= 900
    longest = sts.get_session_token(DurationSeconds=129600)["Credentials"]
    assert seconds_left(longest) <= 3600  # more is no error for a root


@pytest.mark.parametrize("service", ["s3", "sts"])
def test_a_token_that_is_not_the_key_s(sts: Any, client: Callable[..., Any], service: str) -> None:
    def call(keys: dict[str, Any]) -> None:
        made = with_keys(client, service, keys)
        made.list_buckets() if service == "s3" else made.get_caller_identity()

    keys, other = (sts.get_session_token()["Credentials"] for _ in range(2))
    call(keys)
    token = keys["SessionToken"]
    middle = len(token) // 2
    changed = token[:middle] + ("A" if token[middle] != "A" else "B") + token[middle + 1 :]
    wrong = "InvalidToken" if service == "s3" else "InvalidClientTokenId"
    for bad in (changed, other["SessionToken"], "garbage"):
        with pytest.raises(ClientError) as caught:
            call(keys | {"SessionToken": bad})
        assert caught.value.response["Error"]["Code"] == wrong
    with pytest.raises(ClientError) as caught:
        call(keys | {"SessionToken": None})
    assert caught.value.response["Error"]["Code"] in ("InvalidAccessKeyId", "InvalidClientTokenId")
    with pytest.raises(ClientError) as caught:
        call(keys | {"SecretAccessKey": other["SecretAccessKey"]})
    assert caught.value.response["Error"]["Code"] == "SignatureDoesNotMatch"


def test_a_federated_user_may_do_what_the_session_policy_says(
    sts: Any, s3: Any, client: Callable[..., Any], bucket: str
) -> None:
    s3.put_object(Bucket=bucket, Key="k", Body=b"bytes")
    reads = {"Effect": "Allow", "Action": "s3:GetObject", "Resource": f"arn:aws:s3:::{bucket}/*"}
    document = json.dumps({"Version": "2012-10-17", "Statement": [reads]})
    answer = sts.get_federation_token(Name="reader", Policy=document)
    account = sts.get_caller_identity()["Account"]
    assert answer["FederatedUser"] == {
        "Arn": f"arn:aws:sts::{account}:federated-user/reader",
        "FederatedUserId": f"{account}:reader",
    }
    reader = with_keys(client, "s3", answer["Credentials"])
    assert reader.get_object(Bucket=bucket, Key="k")["Body"].read() == b"bytes"
    with api_error("AccessDenied", 403) as caught:
        reader.put_object(Bucket=bucket, Key="k", Body=b"other")
    message = caught.value.response["Error"]["Message"]
    assert f"User: arn:aws:sts::{account}:federated-user/reader is not authorized to perform: s3:PutObject" in message
    assert message.endswith("because no session policy allows the s3:PutObject action")


def test_a_federated_user_without_a_policy_may_do_nothing(sts: Any, client: Callable[..., Any], bucket: str) -> None:
    keys = sts.get_federation_token(Name="nobody")["Credentials"]
    with api_error("AccessDenied", 403):
        with_keys(client, "s3", keys).list_objects_v2(Bucket=bucket)
    assert with_keys(client, "sts", keys).get_caller_identity()["Arn"].endswith(":federated-user/nobody")


def test_session_policies_are_checked(sts: Any) -> None:
    with pytest.raises(ClientError) as caught:
        sts.get_federation_token(Name="somebody", Policy="{}")
    assert caught.value.response["Error"]["Code"] == "MalformedPolicyDocument"
    assert caught.value.response["Error"]["Detail"]


def test_a_root_assumes_no_role(sts: Any) -> None:
    account = sts.get_caller_identity()["Account"]
    with api_error("AccessDenied", 403):
        sts.assume_role(RoleArn=f"arn:aws:iam::{account}:role/any", RoleSessionName="session")
    with pytest.raises(ClientError) as caught:
        sts.assume_role(RoleArn="arn:aws:iam::nonsense-role-name", RoleSessionName="session")
    assert caught.value.response["Error"]["Code"] == "ValidationError"


def test_whose_key_it_is(sts: Any, server: Any) -> None:
    key = server.credentials().access_key
    account = sts.get_caller_identity()["Account"]
    assert sts.get_access_key_info(AccessKeyId=key)["Account"] == account
    session = sts.get_session_token()["Credentials"]["AccessKeyId"]
    assert sts.get_access_key_info(AccessKeyId=session)["Account"] == account


@pytest.mark.parametrize("key", ["AKIAIOSFODNN7EXAMPLE", "ASIAIOSFODNN7EXAMPLE", "ASIAQNZGKIQY56JQ7WML", "A" * 20])
def test_nobodys_keys(sts: Any, key: str) -> None:
    with api_error("ValidationError", 400):
        sts.get_access_key_info(AccessKeyId=key)
