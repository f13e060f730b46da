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

    def document(**statement: Any) -> str:
        return json.dumps({"Version": "2012-10-17", "Statement": [{"Effect": "Allow"} | statement]})

    trust = document(Principal={"AWS": second["account_id"]}, Action="sts:AssumeRole")
    arn = own_iam.create_role(RoleName=role, AssumeRolePolicyDocument=trust)["Role"]["Arn"]
    reads = document(Action="s3:GetObject", Resource=f"arn:aws:s3:::{bucket}/*")
    own_iam.put_role_policy(RoleName=role, PolicyName="reads", PolicyDocument=reads)
    assert other_iam.create_user(UserName=user)["User"]["Arn"].split(":")[4] == second["account_id"]
    keys = other_iam.create_access_key(UserName=user)["AccessKey"]
    sts = boto_client(
        server, "sts", aws_access_key_id=keys["AccessKeyId"], aws_secret_access_key=keys["SecretAccessKey"]
    )
    with api_error("AccessDenied", 403):
        sts.assume_role(RoleArn=arn, RoleSessionName="me")
    assume = document(Action="sts:AssumeRole", Resource=arn)
    other_iam.put_user_policy(UserName=user, PolicyName="assume", PolicyDocument=assume)
    session = sts.assume_role(RoleArn=arn, RoleSessionName="me")["Credentials"]
    inside = boto_client(
        server,
        "s3",
        aws_access_key_id=session["AccessKeyId"],
        aws_secret_access_key=session["SecretAccessKey"],
        aws_session_token=session["SessionToken"],
    )
    got = inside.get_object(Bucket=bucket, Key="k")
    assert got["Body"].read() == b"through the role"
    (event,) = wait_for_audit(server, 1, "--request-id", got["ResponseMetadata"]["RequestId"])
    assert event["entity"] == arn
    assert event["principal"].endswith(f":assumed-role/{role}/me")
    with api_error("NoSuchEntity", 404):
        own_iam.get_user(UserName=user)
