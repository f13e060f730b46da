"""[security]: enforcing and auditing mode, and the open test account."""

from __future__ import annotations

import re
import subprocess
from collections.abc import Callable
from typing import Any

import pytest

from tools.harness.audit import federated, wait_for_audit
from tools.harness.clients import boto_client
from tools.harness.expect import api_error
from tools.harness.identities import document, make_user, policy_of, remove_user, with_keys
from tools.harness.server import Server, ServerFailed

MakeServer = Callable[..., Server]


def test_audit_mode_lets_through_and_records(make_server: MakeServer) -> None:
    server = make_server(AEROLITH_SECURITY_MODE="audit")
    assert "POLICIES DENY NOTHING" in server.log()
    boto_client(server, "s3").create_bucket(Bucket="box")
    reader = federated(server, "reader", {"Action": "s3:GetObject"})
    own = with_keys(server, "s3", reader)
    answer = own.put_object(Bucket="box", Key="k", Body=b"through")
    assert own.get_object(Bucket="box", Key="k")["Body"].read() == b"through"
    (event,) = wait_for_audit(server, 1, "--denied")
    assert event["request_id"] == answer["ResponseMetadata"]["RequestId"]
    assert (event["outcome"], event["status"]) == ("would_deny", 200)
    assert event["asks"][0]["outcome"] == "would_deny"
    assert event["asks"][0]["reason"] == {"policy_kind": "session policy"}


def test_audit_mode_still_wants_signatures(make_server: MakeServer) -> None:
    server = make_server(AEROLITH_SECURITY_MODE="audit")
    boto_client(server, "s3").create_bucket(Bucket="box")
    with api_error("SignatureDoesNotMatch", 403):
        boto_client(server, "s3", aws_secret_access_key="wrong").list_buckets()
    with api_error("InvalidAccessKeyId", 403):
        boto_client(server, "s3", aws_access_key_id="AKIAAAAAAAAAAAAAAAAA").list_buckets()
    status = ["curl", "-s", "-o", "/dev/null", "-w", "%{http_code}"]
    for arguments in ([f"{server.endpoint}/box"], ["-X", "PUT", "-d", "x", f"{server.endpoint}/box/k"]):
        answered = subprocess.run([*status, *arguments], capture_output=True, text=True, check=True)
        assert answered.stdout == "403", arguments


def test_the_open_test_account_is_not_there_by_default(server: Server) -> None:
    for key in ("test", "123456789012"):
        with api_error("InvalidAccessKeyId", 403):
            boto_client(server, "s3", aws_access_key_id=key, aws_secret_access_key="test").list_buckets()


def test_the_open_test_account(make_server: MakeServer) -> None:
    server = make_server(AEROLITH_SECURITY_OPEN_TEST_ACCOUNT="true")
    assert "WHOEVER REACHES THIS SERVER" in server.log()

    def with_key(service: str, key: str, secret: str = "test") -> Any:
        return boto_client(server, service, aws_access_key_id=key, aws_secret_access_key=secret)

    for key, account in (("test", "000000000000"), ("123456789012", "123456789012")):
        told = with_key("sts", key).get_caller_identity()
        assert (told["Account"], told["Arn"]) == (account, f"arn:aws:iam::{account}:root")
        with_key("s3", key).create_bucket(Bucket=f"of-{account}")
        with api_error("SignatureDoesNotMatch", 403):
            with_key("s3", key, "wrong").list_buckets()
    for key in ("12345678901", "1234567890123", "tester", "12345678901x"):
        with api_error("InvalidAccessKeyId", 403):
            with_key("s3", key).list_buckets()
    # Apart from one another and from the installation's own.
    assert [b["Name"] for b in with_key("s3", "test").list_buckets()["Buckets"]] == ["of-000000000000"]
    with api_error("AccessDenied", 403):
        with_key("s3", "test").list_objects_v2(Bucket="of-123456789012")


def test_nobody_needs_to_make_a_test_account_first(make_server: MakeServer) -> None:
    """IAM has no record of it; what reads the account's goes on without."""
    server = make_server(AEROLITH_SECURITY_OPEN_TEST_ACCOUNT="true")
    iam = boto_client(server, "iam", aws_access_key_id="123456789012", aws_secret_access_key="test")
    iam.create_user(UserName="alice")
    iam.create_login_profile(UserName="alice", Password="First-word-of-1")
    iam.generate_credential_report()
    report = iam.get_credential_report()["Content"].decode()
    assert "\nalice,arn:aws:iam::123456789012:user/alice," in report
    iam.create_account_alias(AccountAlias="ours")
    assert iam.list_account_aliases()["AccountAliases"] == ["ours"]
    iam.create_virtual_mfa_device(VirtualMFADeviceName="alice")


def test_nobody_gets_into_a_real_account_with_a_known_secret(make_server: MakeServer) -> None:
    server = make_server(AEROLITH_SECURITY_OPEN_TEST_ACCOUNT="true")
    own = boto_client(server, "sts").get_caller_identity()["Account"]
    made = server.command("account", "create", "--name", "second")
    assert made.returncode == 0, made.stderr
    found = re.search(r"Account (\d{12})", made.stdout)
    assert found is not None
    second = found[1]
    for account in (own, second):
        with api_error("InvalidAccessKeyId", 403):
            boto_client(server, "s3", aws_access_key_id=account, aws_secret_access_key="test").list_buckets()


def test_the_open_test_account_stays_on_loopback(make_server: MakeServer) -> None:
    open_door = {"AEROLITH_SECURITY_OPEN_TEST_ACCOUNT": "true", "AEROLITH_LISTEN": "0.0.0.0:0"}
    with pytest.raises(ServerFailed) as caught:
        make_server(**open_door)
    assert "ended with 2" in str(caught.value)
    assert "0.0.0.0:0 may be reached by other machines" in str(caught.value)
    allowed = make_server(**open_door, AEROLITH_SECURITY_OPEN_TEST_ACCOUNT_BEYOND_LOOPBACK="true")
    assert "WHOEVER REACHES THIS SERVER" in allowed.log()


def test_who_takes_a_name_in_a_test_account_is_not_trusted_either(make_server: MakeServer) -> None:
    server = make_server(AEROLITH_SECURITY_OPEN_TEST_ACCOUNT="true")
    iam = boto_client(server, "iam", aws_access_key_id="test", aws_secret_access_key="test")
    assume = policy_of({"Action": "sts:AssumeRole"})
    first = make_user(iam, "ann", assume)
    trust = document({"Principal": {"AWS": first["Arn"]}, "Action": "sts:AssumeRole"})
    role = iam.create_role(RoleName="trusting", AssumeRolePolicyDocument=trust)["Role"]["Arn"]
    with_keys(server, "sts", first).assume_role(RoleArn=role, RoleSessionName="one")
    remove_user(iam, "ann")
    second = make_user(iam, "ann", assume)
    with api_error("AccessDenied", 403):
        with_keys(server, "sts", second).assume_role(RoleArn=role, RoleSessionName="two")
