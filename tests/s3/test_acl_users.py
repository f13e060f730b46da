"""Users of the bucket's own account and access control lists.

A group names its members themselves, as "*" in a policy does; an account's grant leaves it to the account's policies who
of its users may.
"""

from __future__ import annotations

import json
import uuid
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from tools.harness.expect import api_error

NAME = "policy"


@pytest.fixture
def open_bucket(s3: Any, bucket: str) -> str:
    s3.put_bucket_ownership_controls(Bucket=bucket, OwnershipControls={"Rules": [{"ObjectOwnership": "ObjectWriter"}]})
    s3.delete_public_access_block(Bucket=bucket)
    s3.put_object(Bucket=bucket, Key="k", Body=b"bytes")
    return bucket


class User:
    def __init__(self, iam: Any, name: str, s3: Any) -> None:
        self.iam = iam
        self.name = name
        self.s3 = s3

    def allow(self, *actions: str) -> None:
        statement = {"Effect": "Allow", "Action": list(actions), "Resource": "*"}
        document = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
        self.iam.put_user_policy(UserName=self.name, PolicyName=NAME, PolicyDocument=document)


@pytest.fixture
def user(client: Callable[..., Any]) -> Iterator[User]:
    """Without any policy."""
    iam = client("iam")
    name = f"u-{uuid.uuid4().hex[:12]}"
    iam.create_user(UserName=name)
    key = iam.create_access_key(UserName=name)["AccessKey"]
    signer = client(
        "s3", aws_access_key_id=key["AccessKeyId"], aws_secret_access_key=key["SecretAccessKey"], aws_session_token=None
    )
    made = User(iam, name, signer)
    yield made
    iam.delete_access_key(UserName=name, AccessKeyId=key["AccessKeyId"])
    for policy in iam.list_user_policies(UserName=name)["PolicyNames"]:
        iam.delete_user_policy(UserName=name, PolicyName=policy)
    iam.delete_user(UserName=name)


def test_groups_reach_a_user_without_policies(s3: Any, open_bucket: str, user: User) -> None:
    for acl, is_allowed in (("private", False), ("authenticated-read", True), ("public-read", True)):
        s3.put_object_acl(Bucket=open_bucket, Key="k", ACL=acl)
        if is_allowed:
            assert user.s3.get_object(Bucket=open_bucket, Key="k")["Body"].read() == b"bytes"
            continue
        with api_error("AccessDenied", 403):
            user.s3.get_object(Bucket=open_bucket, Key="k")


def test_the_account_s_own_grant_reaches_those_whom_its_policies_allow(s3: Any, open_bucket: str, user: User) -> None:
    owner = s3.list_buckets()["Owner"]["ID"]
    s3.put_object_acl(Bucket=open_bucket, Key="k", GrantRead=f'id="{owner}"')
    with api_error("AccessDenied", 403):
        user.s3.get_object(Bucket=open_bucket, Key="k")
    user.allow("s3:GetObject")
    assert user.s3.get_object(Bucket=open_bucket, Key="k")["Body"].read() == b"bytes"


def test_a_list_that_a_write_brings_needs_a_permission_of_its_own(s3: Any, open_bucket: str, user: User) -> None:
    user.allow("s3:PutObject")
    user.s3.put_object(Bucket=open_bucket, Key="new", Body=b"")
    with api_error("AccessDenied", 403):
        user.s3.put_object(Bucket=open_bucket, Key="new", Body=b"", ACL="public-read")
    user.allow("s3:PutObject", "s3:PutObjectAcl")
    user.s3.put_object(Bucket=open_bucket, Key="new", Body=b"", ACL="public-read")
    # What a user writes is his account's.
    owner = s3.list_buckets()["Owner"]["ID"]
    assert s3.get_object_acl(Bucket=open_bucket, Key="new")["Owner"]["ID"] == owner


def test_new_buckets_with_more_than_a_name(s3: Any, bucket_name: str, user: User) -> None:
    user.allow("s3:CreateBucket")
    with api_error("AccessDenied", 403):
        user.s3.create_bucket(Bucket=bucket_name, ObjectOwnership="ObjectWriter")
    user.allow("s3:CreateBucket", "s3:PutBucketOwnershipControls")
    with api_error("AccessDenied", 403):
        user.s3.create_bucket(Bucket=bucket_name, ObjectOwnership="ObjectWriter", ACL="aws-exec-read")
    user.s3.create_bucket(Bucket=bucket_name, ObjectOwnership="ObjectWriter")
    s3.delete_bucket(Bucket=bucket_name)
