"""Each call leaves an event: who, what, from where, allowed or why not."""

from __future__ import annotations

import stat
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

from tools.harness.audit import federated, read_audit, wait_for_audit
from tools.harness.clients import boto_client
from tools.harness.expect import api_error
from tools.harness.identities import with_keys
from tools.harness.server import Server

EventOf = Callable[[Any], dict[str, Any]]


def test_an_allowed_call(server: Server, s3: Any, bucket: str, event_of: EventOf) -> None:
    answer = s3.put_object(Bucket=bucket, Key="a key", Body=b"bytes")
    event = event_of(answer)
    credentials = server.credentials()
    account = event["account"]
    assert (event["service"], event["operation"]) == ("s3", "PutObject")
    assert event["outcome"] == "allowed"
    assert event["status"] == 200
    assert event["principal"] == f"arn:aws:iam::{account}:root"
    assert event["access_key_id"] == credentials.access_key
    assert event["peer"] == "127.0.0.1"
    assert event["tls"] is False
    assert "Boto3" in event["user_agent"]
    assert (event["method"], event["path"]) == ("PUT", f"/{bucket}/a%20key")
    assert event["asks"] == [
        {"action": "s3:PutObject", "resource": f"arn:aws:s3:::{bucket}/a key", "outcome": "allowed"}
    ]
    assert 0 < event["duration_us"] < 60_000_000
    assert event["time"].endswith("Z")
    assert "error" not in event


def test_a_call_that_fails_was_allowed_all_the_same(s3: Any, bucket: str, event_of: EventOf) -> None:
    with api_error("NoSuchKey", 404) as caught:
        s3.get_object(Bucket=bucket, Key="missing")
    event = event_of(caught.value.response)
    assert (event["outcome"], event["status"], event["error"]) == ("allowed", 404, "NoSuchKey")


def test_a_denial_says_what_was_missing(server: Server, bucket: str, event_of: EventOf) -> None:
    reader = federated(server, "reader", {"Action": "s3:GetObject"})
    with api_error("AccessDenied", 403) as caught:
        with_keys(server, "s3", reader).put_object(Bucket=bucket, Key="k", Body=b"")
    event = event_of(caught.value.response)
    assert (event["outcome"], event["error"]) == ("denied", "AccessDenied")
    assert event["principal"] == reader["Arn"]
    assert event["access_key_id"] == reader["AccessKeyId"]
    assert event["session"]["issued"] < event["session"]["expires"]
    assert event["asks"] == [
        {
            "action": "s3:PutObject",
            "resource": f"arn:aws:s3:::{bucket}/k",
            "outcome": "denied",
            "reason": {"policy_kind": "session policy"},
        }
    ]


def test_a_denial_says_which_statement(server: Server, s3: Any, bucket: str, event_of: EventOf) -> None:
    arn = f"arn:aws:s3:::{bucket}"
    statements = (
        f'{{"Sid":"Fine","Effect":"Allow","Principal":"*","Action":"s3:ListBucket","Resource":"{arn}"}},'
        f'{{"Sid":"Never","Effect":"Deny","Principal":"*","Action":"s3:DeleteObject","Resource":"{arn}/*"}}'
    )
    s3.delete_public_access_block(Bucket=bucket)
    s3.put_bucket_policy(Bucket=bucket, Policy=f'{{"Version":"2012-10-17","Statement":[{statements}]}}')
    try:
        with api_error("AccessDenied", 403) as caught:
            s3.delete_object(Bucket=bucket, Key="k")
        event = event_of(caught.value.response)
        assert event["asks"][0]["reason"] == {
            "policy_kind": "resource-based policy",
            "explicit": True,
            "policy": arn,
            "sid": "Never",
            "statement": 1,
        }
        shown = server.command("audit", "--request-id", caught.value.response["ResponseMetadata"]["RequestId"])
        assert 'denied by statement 1 (Sid "Never") of the resource-based policy' in shown.stdout
    finally:
        s3.delete_bucket_policy(Bucket=bucket)


def test_a_wrong_signature(server: Server, client: Callable[..., Any], event_of: EventOf) -> None:
    with api_error("SignatureDoesNotMatch", 403) as caught:
        client("s3", aws_secret_access_key="wrong").list_buckets()
    event = event_of(caught.value.response)
    assert (event["outcome"], event["error"]) == ("denied", "SignatureDoesNotMatch")
    assert "principal" not in event
    assert event["claimed_access_key_id"] == server.credentials().access_key


def test_nobody(server: Server, bucket: str) -> None:
    subprocess.run(["curl", "-sS", f"{server.endpoint}/{bucket}/anonymous-{bucket}"], check=True, capture_output=True)
    events = [e for e in wait_for_own(server, bucket) if e["path"].endswith(f"anonymous-{bucket}")]
    assert len(events) == 1
    assert (events[0]["outcome"], events[0]["status"]) == ("denied", 403)
    assert "principal" not in events[0] and "claimed_access_key_id" not in events[0]
    assert events[0]["user_agent"].startswith("curl/")


def wait_for_own(server: Server, bucket: str) -> list[dict[str, Any]]:
    """The denied ones that name the bucket in their path."""
    for _ in range(200):
        found = [e for e in read_audit(server, "--denied", "--since", "5m") if bucket in e.get("path", "")]
        if found:
            return found
    return []


def test_presigned_links_leave_no_signature(server: Server, s3: Any, bucket: str) -> None:
    s3.put_object(Bucket=bucket, Key="linked", Body=b"x")
    link = s3.generate_presigned_url("get_object", Params={"Bucket": bucket, "Key": "linked"})
    subprocess.run(["curl", "-sSf", link], check=True, capture_output=True)
    secret = server.credentials().secret_key
    wait_for_audit(server, 1, "--since", "5m", "--operation", "GetObject", "--resource", f"{bucket}/linked")
    for file in (server.data_folder / "audit").iterdir():
        text = file.read_text()
        assert "Signature=" not in text
        assert "Expires=" not in text
        assert secret not in text


def test_files_are_the_owners_only(server: Server, s3: Any) -> None:
    s3.list_buckets()
    folder: Path = server.data_folder / "audit"
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    files = list(folder.iterdir())
    assert files
    assert {stat.S_IMODE(file.stat().st_mode) for file in files} == {0o600}


def test_keys_of_one_delete_are_judged_one_by_one(server: Server, bucket: str, event_of: EventOf) -> None:
    eraser = federated(server, "eraser", {"Action": "s3:DeleteObject", "Resource": f"arn:aws:s3:::{bucket}/mine/*"})
    answer = with_keys(server, "s3", eraser).delete_objects(
        Bucket=bucket, Delete={"Objects": [{"Key": "mine/a"}, {"Key": "yours/b"}]}
    )
    event = event_of(answer)
    assert (event["outcome"], event["status"]) == ("denied", 200)
    outcomes = {ask["resource"].split("/", 1)[1]: ask["outcome"] for ask in event["asks"]}
    assert outcomes == {"mine/a": "allowed", "yours/b": "denied"}


def test_a_users_denial_names_his_policy(server: Server, bucket: str, event_of: EventOf) -> None:
    iam = boto_client(server, "iam")
    name = f"user-{bucket}"
    arn = iam.create_user(UserName=name)["User"]["Arn"]
    keys = iam.create_access_key(UserName=name)["AccessKey"]
    statements = (
        '{"Effect":"Allow","Action":"s3:*","Resource":"*"},'
        '{"Sid":"NotThat","Effect":"Deny","Action":"s3:PutObject","Resource":"*"}'
    )
    iam.put_user_policy(
        UserName=name, PolicyName="rules", PolicyDocument=f'{{"Version":"2012-10-17","Statement":[{statements}]}}'
    )
    try:
        with api_error("AccessDenied", 403) as caught:
            with_keys(server, "s3", keys).put_object(Bucket=bucket, Key="k", Body=b"")
        event = event_of(caught.value.response)
        assert (event["principal"], event["principal_id"][:4]) == (arn, "AIDA")
        assert event["asks"][0]["reason"] == {
            "policy_kind": "identity-based policy",
            "explicit": True,
            "policy": "rules",
            "sid": "NotThat",
            "statement": 1,
        }
    finally:
        iam.delete_user_policy(UserName=name, PolicyName="rules")
        iam.delete_access_key(UserName=name, AccessKeyId=keys["AccessKeyId"])
        iam.delete_user(UserName=name)
