"""Block Public Access of the account, alone and with those of its buckets.

https://docs.aws.amazon.com/AmazonS3/latest/userguide/access-control-block-public-access.html
"""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from botocore import UNSIGNED
from botocore.config import Config

from tools.harness.clients import CommandLine
from tools.harness.expect import api_error
from tools.harness.server import Server

NAMES = ("BlockPublicAcls", "IgnorePublicAcls", "BlockPublicPolicy", "RestrictPublicBuckets")
Block = Callable[..., None]


@pytest.fixture
def account(client: Callable[..., Any]) -> str:
    return str(client("sts").get_caller_identity()["Account"])


@pytest.fixture
def control(client: Callable[..., Any], server: Server, local_names: None) -> Any:
    """Puts the account in front of the host's name."""
    return client("s3control", endpoint_url=f"http://localhost:{server.port}")


@pytest.fixture
def block(control: Any, account: str) -> Iterator[Block]:
    """block("IgnorePublicAcls"): these settings, for the length of the test."""

    def put(*names: str) -> None:
        configuration = {name: name in names for name in NAMES}
        control.put_public_access_block(AccountId=account, PublicAccessBlockConfiguration=configuration)

    yield put
    control.delete_public_access_block(AccountId=account)


@pytest.fixture
def open_bucket(s3: Any, bucket: str) -> str:
    s3.put_bucket_ownership_controls(Bucket=bucket, OwnershipControls={"Rules": [{"ObjectOwnership": "ObjectWriter"}]})
    s3.delete_public_access_block(Bucket=bucket)
    s3.put_object(Bucket=bucket, Key="k", Body=b"bytes")
    return bucket


@pytest.fixture
def anonymous(client: Callable[..., Any]) -> Any:
    return client("s3", config=Config(signature_version=UNSIGNED))


def public_policy(bucket: str) -> str:
    statement = {
        "Effect": "Allow",
        "Principal": "*",
        "Action": "s3:GetObject",
        "Resource": f"arn:aws:s3:::{bucket}/*",
    }
    return json.dumps({"Version": "2012-10-17", "Statement": [statement]})


def test_there_is_none_at_first(control: Any, account: str) -> None:
    with api_error("NoSuchPublicAccessBlockConfiguration", 404):
        control.get_public_access_block(AccountId=account)
    control.delete_public_access_block(AccountId=account)


def test_it_comes_back(control: Any, account: str, block: Block) -> None:
    block("BlockPublicAcls", "RestrictPublicBuckets")
    found = control.get_public_access_block(AccountId=account)["PublicAccessBlockConfiguration"]
    assert [name for name in NAMES if found[name]] == ["BlockPublicAcls", "RestrictPublicBuckets"]
    control.delete_public_access_block(AccountId=account)
    with api_error("NoSuchPublicAccessBlockConfiguration", 404):
        control.get_public_access_block(AccountId=account)


def test_another_account_s_is_nobody_s(control: Any) -> None:
    for call in (control.get_public_access_block, control.delete_public_access_block):
        with api_error("AccessDenied", 403):
            call(AccountId="999999999999")


@pytest.mark.parametrize("host", ["s3-control.us-east-1.amazonaws.com", "s3.localhost"])
def test_by_names_of_hosts(
    client: Callable[..., Any], server: Server, local_names: None, account: str, host: str
) -> None:
    named = client("s3control", endpoint_url=f"http://{host}:{server.port}")
    with api_error("NoSuchPublicAccessBlockConfiguration", 404):
        named.get_public_access_block(AccountId=account)


def test_it_blocks_public_lists(s3: Any, open_bucket: str, block: Block) -> None:
    block("BlockPublicAcls")
    with api_error("AccessDenied", 403):
        s3.put_object_acl(Bucket=open_bucket, Key="k", ACL="public-read")
    with api_error("AccessDenied", 403):
        s3.put_bucket_acl(Bucket=open_bucket, ACL="public-read")
    block()
    s3.put_object_acl(Bucket=open_bucket, Key="k", ACL="public-read")


def test_it_ignores_public_lists(s3: Any, open_bucket: str, block: Block, anonymous: Any) -> None:
    s3.put_object_acl(Bucket=open_bucket, Key="k", ACL="public-read")
    anonymous.get_object(Bucket=open_bucket, Key="k")
    block("IgnorePublicAcls")
    with api_error("AccessDenied", 403):
        anonymous.get_object(Bucket=open_bucket, Key="k")


def test_it_blocks_public_policies(s3: Any, open_bucket: str, block: Block) -> None:
    block("BlockPublicPolicy")
    with api_error("AccessDenied", 403) as caught:
        s3.put_bucket_policy(Bucket=open_bucket, Policy=public_policy(open_bucket))
    assert "BlockPublicPolicy" in caught.value.response["Error"]["Message"]


def test_it_restricts_public_buckets(s3: Any, open_bucket: str, block: Block, anonymous: Any) -> None:
    s3.put_object(Bucket=open_bucket, Key="listed", Body=b"", ACL="public-read")
    s3.put_bucket_policy(Bucket=open_bucket, Policy=public_policy(open_bucket))
    anonymous.get_object(Bucket=open_bucket, Key="k")
    block("RestrictPublicBuckets")
    for key in ("k", "listed"):
        with api_error("AccessDenied", 403):
            anonymous.get_object(Bucket=open_bucket, Key=key)
    assert s3.get_object(Bucket=open_bucket, Key="k")["Body"].read() == b"bytes"
    # The settings of the bucket stay what they are.
    with api_error("NoSuchPublicAccessBlockConfiguration", 404):
        s3.get_public_access_block(Bucket=open_bucket)


# Not every resolver knows the names under localhost; the command line puts the account in front of it.
LOCAL_CLI = """
import socket, sys
from awscli.clidriver import main
real = socket.getaddrinfo
socket.getaddrinfo = lambda host, *a, **k: real("127.0.0.1" if str(host).endswith("localhost") else host, *a, **k)
sys.exit(main())
"""


def test_with_the_command_line(cli: CommandLine, account: str, block: Block, server: Server) -> None:
    def run(operation: str, **named: Any) -> Any:
        there = ("--endpoint-url", f"http://localhost:{server.port}", "--account-id", account)
        return cli.run(sys.executable, "-c", LOCAL_CLI, "s3control", operation, *there, **named)

    block("IgnorePublicAcls")
    told = json.loads(run("get-public-access-block").stdout)
    assert told["PublicAccessBlockConfiguration"]["IgnorePublicAcls"] is True
    run("delete-public-access-block")
    assert "NoSuchPublicAccessBlockConfiguration" in run("get-public-access-block", check=False).stderr
