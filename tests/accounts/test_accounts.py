"""Several accounts: `aerolith account create`, and what belongs to whom."""

from __future__ import annotations

import json
import uuid
from collections.abc import Callable
from typing import Any

import pytest

from tools.harness.audit import wait_for_audit
from tools.harness.clients import boto_client
from tools.harness.expect import api_error
from tools.harness.identities import document, policy_of, with_keys
from tools.harness.server import Server
from tools.harness.signing import Signer, send


def make_account(server: Server, name: str) -> dict[str, str]:
    made = server.command("account", "create", "--name", name, "--json")
    assert made.returncode == 0, made.stderr
    return dict(json.loads(made.stdout))


def client_of(server: Server, account: dict[str, str], service: str) -> Any:
    return boto_client(
        server,
        service,
        aws_access_key_id=account["access_key_id"],
        aws_secret_access_key=account["secret_access_key"],
    )


@pytest.fixture
def second(server: Server) -> dict[str, str]:
    return make_account(server, "second")


def test_its_root_works_from_the_next_call_on(server: Server, second: dict[str, str]) -> None:
    told = client_of(server, second, "sts").get_caller_identity()
    assert told["Account"] == second["account_id"]
    assert told["Arn"] == f"arn:aws:iam::{second['account_id']}:root"
    assert len(second["account_id"]) == 12
    with api_error("SignatureDoesNotMatch", 403):
        client_of(server, second | {"secret_access_key": "wrong"}, "s3").list_buckets()


def test_resources_are_apart(server: Server, s3: Any, bucket: str, second: dict[str, str]) -> None:
    other = client_of(server, second, "s3")
    assert other.list_buckets()["Buckets"] == []
    for call in (
        lambda: other.list_objects_v2(Bucket=bucket),
        lambda: other.put_object(Bucket=bucket, Key="k", Body=b""),
        lambda: other.delete_bucket(Bucket=bucket),
        lambda: other.put_bucket_policy(Bucket=bucket, Policy="{}"),
    ):
        with api_error("AccessDenied", 403):
            call()
    # Names are one space for all, as with AWS.
    with api_error("BucketAlreadyExists", 409):
        other.create_bucket(Bucket=bucket)
    own = f"t-{uuid.uuid4().hex[:20]}"
    other.create_bucket(Bucket=own)
    assert own not in [b["Name"] for b in s3.list_buckets()["Buckets"]]
    with api_error("AccessDenied", 403):
        s3.list_objects_v2(Bucket=own)
    other.delete_bucket(Bucket=own)


def test_a_bucket_policy_lets_another_account_in(server: Server, s3: Any, bucket: str, second: dict[str, str]) -> None:
    s3.put_object(Bucket=bucket, Key="shared", Body=b"for both")
    statement = {
        "Effect": "Allow",
        "Principal": {"AWS": second["account_id"]},
        "Action": "s3:GetObject",
        "Resource": f"arn:aws:s3:::{bucket}/*",
    }
    s3.put_bucket_policy(Bucket=bucket, Policy=json.dumps({"Version": "2012-10-17", "Statement": [statement]}))
    other = client_of(server, second, "s3")
    assert other.get_object(Bucket=bucket, Key="shared")["Body"].read() == b"for both"
    with api_error("AccessDenied", 403):
        other.put_object(Bucket=bucket, Key="shared", Body=b"")


def test_it_outlives_a_restart_and_its_secret_is_nowhere_in_the_clear(make_server: Callable[..., Server]) -> None:
    server = make_server()
    account = make_account(server, "kept")
    assert server.stop() == 0
    server.start()
    assert client_of(server, account, "sts").get_caller_identity()["Account"] == account["account_id"]
    assert server.stop() == 0
    secret = account["secret_access_key"].encode()
    for file in server.root.rglob("*"):
        if file.is_file():
            assert secret not in file.read_bytes(), file


def test_list(make_server: Callable[..., Server]) -> None:
    server = make_server()
    first = boto_client(server, "sts").get_caller_identity()["Account"]
    made = [make_account(server, name) for name in ("alpha", "beta")]
    listed = json.loads(server.command("account", "list", "--json").stdout)["accounts"]
    assert listed[0]["account_id"] == first
    assert {(a["account_id"], a["name"]) for a in listed[1:]} == {(m["account_id"], m["name"]) for m in made}
    assert "secret" not in json.dumps(listed)
    text = server.command("account", "list").stdout
    assert "alpha" in text and "(the first one)" in text


def test_mistakes(make_server: Callable[..., Server]) -> None:
    server = make_server()
    for name in ("", "x" * 51, "tab\there"):
        refused = server.command("account", "create", "--name", name)
        assert refused.returncode != 0
        assert "name" in refused.stderr
    assert server.command("account", "create").returncode == 2
    nearest = server.command("account", "crate")
    assert nearest.returncode == 2
    assert "did you mean `create`?" in nearest.stderr
    server.stop()
    stopped = server.command("account", "create", "--name", "late")
    assert stopped.returncode == 3
    assert "aerolith up" in stopped.stderr


def test_only_the_first_accounts_root_makes_accounts_and_backups(server: Server, second: dict[str, str]) -> None:
    signer = Signer(server, second["access_key_id"], second["secret_access_key"], service="aerolith")
    for method, target in (
        ("POST", "/_aerolith/accounts?name=mine"),
        ("GET", "/_aerolith/accounts"),
        ("POST", "/_aerolith/backup?to=%2Ftmp%2Fnever"),
    ):
        assert send(server, signer.sign(method, target)).status == 403
    denied = wait_for_audit(server, 3, "--service", "aerolith", "--account", second["account_id"], "--denied")
    assert [event["operation"] for event in denied] == ["CreateAccount", "ListAccounts", "Backup"]


def test_a_role_lets_another_accounts_user_in(server: Server, s3: Any, bucket: str, second: dict[str, str]) -> None:
    """Both sides must allow it: the role's trust, and the user's own policy."""
    s3.put_object(Bucket=bucket, Key="k", Body=b"through the role")
    own_iam, other_iam = boto_client(server, "iam"), client_of(server, second, "iam")
    role, user = f"role-{uuid.uuid4().hex[:12]}", f"user-{uuid.uuid4().hex[:12]}"

    trust = document({"Principal": {"AWS": second["account_id"]}, "Action": "sts:AssumeRole"})
    arn = own_iam.create_role(RoleName=role, AssumeRolePolicyDocument=trust)["Role"]["Arn"]
    reads = document({"Action": "s3:GetObject", "Resource": f"arn:aws:s3:::{bucket}/*"})
    own_iam.put_role_policy(RoleName=role, PolicyName="reads", PolicyDocument=reads)
    assert other_iam.create_user(UserName=user)["User"]["Arn"].split(":")[4] == second["account_id"]
    keys = other_iam.create_access_key(UserName=user)["AccessKey"]
    sts = with_keys(server, "sts", keys)
    with api_error("AccessDenied", 403):
        sts.assume_role(RoleArn=arn, RoleSessionName="me")
    assume = document({"Action": "sts:AssumeRole", "Resource": arn})
    other_iam.put_user_policy(UserName=user, PolicyName="assume", PolicyDocument=assume)
    session = sts.assume_role(RoleArn=arn, RoleSessionName="me")["Credentials"]
    got = with_keys(server, "s3", session).get_object(Bucket=bucket, Key="k")
    assert got["Body"].read() == b"through the role"
    (event,) = wait_for_audit(server, 1, "--request-id", got["ResponseMetadata"]["RequestId"])
    assert event["entity"] == arn
    assert event["principal"].endswith(f":assumed-role/{role}/me")
    with api_error("NoSuchEntity", 404):
        own_iam.get_user(UserName=user)


def delete_account(server: Server, account: dict[str, str]) -> Any:
    return server.command("account", "delete", "--account", account["account_id"])


def test_a_deleted_account_s_keys_and_sessions_are_dead(make_server: Callable[..., Server]) -> None:
    server = make_server(AEROLITH_SECURITY_OPEN_TEST_ACCOUNT="true")
    account, other = (make_account(server, name) for name in ("gone", "stays"))
    sts = client_of(server, account, "sts")
    client_of(server, account, "iam").create_account_alias(AccountAlias="gone-soon")
    client_of(server, account, "iam").create_access_key()
    sessions = [sts.get_session_token()["Credentials"], sts.get_federation_token(Name="helper")["Credentials"]]
    keys = [{"AccessKeyId": account["access_key_id"], "SecretAccessKey": account["secret_access_key"]}, *sessions]
    for one in keys:
        with_keys(server, "sts", one).get_caller_identity()
    deleted = delete_account(server, account)
    assert deleted.returncode == 0, deleted.stderr
    assert account["account_id"] in deleted.stdout

    def is_dead() -> None:
        for one in keys:
            with api_error("InvalidClientTokenId", 403):
                with_keys(server, "sts", one).get_caller_identity()
            with api_error("InvalidAccessKeyId", 403):
                with_keys(server, "s3", one).list_buckets()
        # Its number is no way in either.
        with api_error("InvalidClientTokenId", 403):
            with_keys(
                server, "sts", {"AccessKeyId": account["account_id"], "SecretAccessKey": "test"}
            ).get_caller_identity()
        listed = json.loads(server.command("account", "list", "--json").stdout)["accounts"]
        assert [one["name"] for one in listed] == ["", "stays"]

    is_dead()
    assert server.stop() == 0
    server.start()
    is_dead()
    client_of(server, other, "iam").create_account_alias(AccountAlias="gone-soon")  # free again
    # What it did stays known, and who deleted it.
    assert wait_for_audit(server, 5, "--account", account["account_id"], "--service", "sts")
    (event,) = wait_for_audit(server, 1, "--operation", "DeleteAccount")
    assert event["outcome"] == "allowed"
    again = delete_account(server, account)
    assert again.returncode != 0
    assert f"there is no account {account['account_id']}" in again.stderr


def test_an_account_with_something_in_it_stays(server: Server, second: dict[str, str]) -> None:
    iam, s3 = client_of(server, second, "iam"), client_of(server, second, "s3")
    name = f"t-{uuid.uuid4().hex[:20]}"
    s3.create_bucket(Bucket=name)
    for user in ("ann", "bob"):
        iam.create_user(UserName=user)
    iam.create_policy(PolicyName="own", PolicyDocument=policy_of({"Action": "*"}))
    ec2 = client_of(server, second, "ec2")
    vpc = ec2.create_vpc(CidrBlock="10.0.0.0/16")["Vpc"]["VpcId"]  # beside the default one, which doesn't count
    refused = delete_account(server, second)
    assert refused.returncode != 0
    assert "isn't empty: delete its 2 users, 1 policy, 1 VPC, 1 bucket first" in refused.stderr
    assert client_of(server, second, "sts").get_caller_identity()["Account"] == second["account_id"]
    s3.delete_bucket(Bucket=name)
    ec2.delete_vpc(VpcId=vpc)
    for user in ("ann", "bob"):
        iam.delete_user(UserName=user)
    iam.delete_policy(PolicyArn=f"arn:aws:iam::{second['account_id']}:policy/own")
    assert delete_account(server, second).returncode == 0


def test_who_deletes_accounts_and_which(server: Server, second: dict[str, str]) -> None:
    first = boto_client(server, "sts").get_caller_identity()["Account"]
    refused = delete_account(server, {"account_id": first})
    assert refused.returncode != 0
    assert "the first account can't be deleted" in refused.stderr
    assert "no account" in delete_account(server, {"account_id": "no such"}).stderr
    signer = Signer(server, second["access_key_id"], second["secret_access_key"], service="aerolith")
    assert send(server, signer.sign("DELETE", f"/_aerolith/accounts?id={second['account_id']}")).status == 403
