"""Sessions of roles: chains, what they hand on, how they end; messages about denials.

https://docs.aws.amazon.com/IAM/latest/UserGuide/id_credentials_temp.html
"""

from __future__ import annotations

import json
import time
import uuid
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from tools.harness.expect import api_error
from tools.harness.raw_http import RawConnection
from tools.harness.server import Server

ALL = ["sts:AssumeRole", "sts:TagSession", "sts:SetSourceIdentity"]


def message(caught: Any) -> str:
    return str(caught.value.response["Error"]["Message"])


@pytest.fixture
def user(iam: Any) -> Iterator[dict[str, Any]]:
    """A user who may assume every role, and its keys."""
    name = f"user-{uuid.uuid4().hex[:12]}"
    arn = iam.create_user(UserName=name)["User"]["Arn"]
    document = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": ALL, "Resource": "*"}]}
    iam.put_user_policy(UserName=name, PolicyName="assumes", PolicyDocument=json.dumps(document))
    keys = iam.create_access_key(UserName=name)["AccessKey"]
    yield {"Name": name, "Arn": arn} | keys
    iam.delete_user_policy(UserName=name, PolicyName="assumes")
    iam.delete_access_key(UserName=name, AccessKeyId=keys["AccessKeyId"])
    iam.delete_user(UserName=name)


def test_a_chain_hands_on_tags_and_source_identity(
    user: dict[str, Any], make_role: Callable[..., str], with_keys: Any
) -> None:
    first = make_role({"AWS": user["Arn"]}, ALL, {"Action": ALL})
    second = make_role({"AWS": first}, ALL, {"Action": ALL}, Condition={"StringEquals": {"aws:PrincipalTag/a": "1"}})
    third = make_role(
        {"AWS": second},
        ALL,
        Condition={
            "StringEquals": {"aws:PrincipalTag/a": "1", "aws:SourceIdentity": "ann"},
            "Null": {"aws:PrincipalTag/b": "true"},
        },
    )
    tags = [{"Key": "a", "Value": "1"}, {"Key": "b", "Value": "2"}]
    session = with_keys("sts", user).assume_role(
        RoleArn=first, RoleSessionName="one", Tags=tags, TransitiveTagKeys=["a"], SourceIdentity="ann"
    )
    assert session["SourceIdentity"] == "ann"
    session = with_keys("sts", session["Credentials"]).assume_role(RoleArn=second, RoleSessionName="two")
    assert session["SourceIdentity"] == "ann"
    own = with_keys("sts", session["Credentials"])
    assert own.assume_role(RoleArn=third, RoleSessionName="three")["SourceIdentity"] == "ann"
    with api_error("AccessDenied", 403):
        own.assume_role(RoleArn=third, RoleSessionName="three", SourceIdentity="bob")
    with api_error("InvalidParameterValue", 400) as caught:
        own.assume_role(RoleArn=third, RoleSessionName="three", Tags=[{"Key": "A", "Value": "3"}])
    assert message(caught) == (
        "One of the specified transitive tag keys can't be set because it conflicts with a transitive tag key from the "
        "calling session."
    )
    with api_error("ValidationError", 400) as caught:
        own.assume_role(RoleArn=third, RoleSessionName="three", DurationSeconds=3601)
    assert "1 hour session limit for roles assumed by role chaining" in message(caught)


def test_what_is_handed_on_must_be_allowed_too(
    user: dict[str, Any], make_role: Callable[..., str], with_keys: Any
) -> None:
    first = make_role({"AWS": user["Arn"]}, ALL, {"Action": ALL})
    untagged = make_role({"AWS": first}, "sts:AssumeRole")
    sts = with_keys("sts", user)
    tags = [{"Key": "a", "Value": "1"}]

    def chained(**more: Any) -> Any:
        session = sts.assume_role(RoleArn=first, RoleSessionName="one", **more)
        return with_keys("sts", session["Credentials"]).assume_role(RoleArn=untagged, RoleSessionName="two")

    assert chained()
    assert chained(Tags=tags)  # they end with the first session
    with api_error("AccessDenied", 403) as caught:
        chained(Tags=tags, TransitiveTagKeys=["a"])
    assert "sts:TagSession" in message(caught)
    with api_error("AccessDenied", 403) as caught:
        chained(SourceIdentity="ann")
    assert "sts:SetSourceIdentity" in message(caught)
    with api_error("InvalidParameterValue", 400) as caught:
        sts.assume_role(RoleArn=first, RoleSessionName="one", Tags=tags, TransitiveTagKeys=["b"])
    assert message(caught) == "The specified transitive tag key must be included in the requested tags."
    with api_error("InvalidParameterValue", 400) as caught:
        sts.assume_role(RoleArn=first, RoleSessionName="one", Tags=[*tags, {"Key": "A", "Value": "2"}])
    assert message(caught) == "Duplicate tag keys found. Please note that Tag keys are case insensitive."


def test_packed_sizes(user: dict[str, Any], make_role: Callable[..., str], with_keys: Any) -> None:
    role = make_role({"AWS": user["Arn"]}, ALL, {"Action": "s3:*"})
    sts = with_keys("sts", user)
    assert sts.assume_role(RoleArn=role, RoleSessionName="one")["PackedPolicySize"] == 0
    tags = [{"Key": f"key-{n}", "Value": "v" * 100} for n in range(10)]
    assert 40 < sts.assume_role(RoleArn=role, RoleSessionName="one", Tags=tags)["PackedPolicySize"] < 70
    many = [{"Key": f"key-{n}", "Value": "v" * 100} for n in range(30)]
    with api_error("PackedPolicyTooLarge", 400) as caught:
        sts.assume_role(RoleArn=role, RoleSessionName="one", Tags=many)
    assert "of allotted space" in message(caught)


def test_managed_session_policies(user: dict[str, Any], make_role: Callable[..., str], with_keys: Any) -> None:
    role = make_role({"AWS": user["Arn"]}, ALL, {"Action": "s3:*"})
    sts = with_keys("sts", user)
    with api_error("ValidationError", 400) as caught:
        sts.assume_role(RoleArn=role, RoleSessionName="one", PolicyArns=[{"arn": "a-policy-by-its-name-alone"}])
    assert message(caught) == "a-policy-by-its-name-alone is invalid"
    # One that isn't there allows nothing.
    gone = f"arn:aws:iam::{role.split(':')[4]}:policy/is-not-there"
    session = sts.assume_role(RoleArn=role, RoleSessionName="one", PolicyArns=[{"arn": gone}])
    with api_error("AccessDenied", 403):
        with_keys("s3", session["Credentials"]).list_buckets()


def test_older_sessions_are_revoked(
    iam: Any, user: dict[str, Any], make_role: Callable[..., str], with_keys: Any, bucket: str
) -> None:
    """What the console's "Revoke active sessions" writes: AWSRevokeOlderSessions."""
    role = make_role({"AWS": user["Arn"]}, ALL, {"Action": "s3:ListBucket"})
    sts = with_keys("sts", user)
    old = with_keys("s3", sts.assume_role(RoleArn=role, RoleSessionName="old")["Credentials"])
    old.list_objects_v2(Bucket=bucket)
    time.sleep(2.1)  # times in conditions are of whole seconds
    moment = (datetime.now(UTC) - timedelta(seconds=1)).strftime("%Y-%m-%dT%H:%M:%SZ")
    denial = {
        "Effect": "Deny",
        "Action": "*",
        "Resource": "*",
        "Condition": {"DateLessThan": {"aws:TokenIssueTime": moment}},
    }
    iam.put_role_policy(
        RoleName=role.rsplit("/", 1)[1],
        PolicyName="AWSRevokeOlderSessions",
        PolicyDocument=json.dumps({"Version": "2012-10-17", "Statement": [denial]}),
    )
    with api_error("AccessDenied", 403) as caught:
        old.list_objects_v2(Bucket=bucket)
    assert message(caught).endswith("with an explicit deny in an identity-based policy")
    new = with_keys("s3", sts.assume_role(RoleArn=role, RoleSessionName="new")["Credentials"])
    new.list_objects_v2(Bucket=bucket)


def test_messages_that_are_none(client: Callable[..., Any], user: dict[str, Any], with_keys: Any) -> None:
    for text in ("x", "A" * 400, "not base64 +/=="):
        with api_error("InvalidAuthorizationMessageException", 400):
            client("sts").decode_authorization_message(EncodedMessage=text)
    token = client("sts").get_session_token()["Credentials"]["SessionToken"]
    with api_error("InvalidAuthorizationMessageException", 400):  # sealed by us, but for something else
        client("sts").decode_authorization_message(EncodedMessage=token)
    with api_error("AccessDenied", 403) as caught:
        with_keys("sts", user).decode_authorization_message(EncodedMessage="x")
    assert "sts:DecodeAuthorizationMessage" in message(caught)


def test_what_is_not_there(client: Callable[..., Any], account: str) -> None:
    sts = client("sts")
    for call in (
        lambda: sts.assume_root(TargetPrincipal=account, TaskPolicyArn={"arn": "arn:aws:iam::aws:policy/root-task/X"}),
        lambda: sts.get_delegated_access_token(TradeInToken="token"),
    ):
        with api_error("NotImplemented", 501):
            call()


def test_only_two_operations_need_no_signature(server: Server) -> None:
    def ask(body: str, kind: str = "application/x-www-form-urlencoded") -> tuple[int, bytes]:
        with RawConnection(server.port) as connection:
            head = f"POST / HTTP/1.1\r\nHost: localhost\r\nContent-Type: {kind}\r\nContent-Length: {len(body)}\r\n\r\n"
            connection.send((head + body).encode())
            answer = connection.read_answer()
            return answer.status, answer.body

    for action in ("GetCallerIdentity", "AssumeRole", "AssumeRoot", "NoSuchThing"):
        status, body = ask(f"Action={action}&Version=2011-06-15")
        assert status == 403 and b"<Code>MissingAuthenticationToken</Code>" in body, body
    status, body = ask("Action=AssumeRoleWithSAML&Version=2011-06-15")
    assert status == 400 and b"<Code>ValidationError</Code>" in body
    status, body = ask("Action=AssumeRoleWithWebIdentity&Version=2011-06-15&WebIdentityToken=" + "x" * 600_000)
    assert status in (400, 413), body
