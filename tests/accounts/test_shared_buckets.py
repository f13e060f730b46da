"""A bucket of one account, users of another: what a bucket's policy and access control lists give, and what they don't.

https://docs.aws.amazon.com/AmazonS3/latest/userguide/how-s3-evaluates-access-control.html
"""

from __future__ import annotations

from typing import Any

import pytest

from tests.accounts.conftest import Account
from tools.harness.expect import api_error
from tools.harness.identities import document

READS = {"Action": "s3:GetObject"}


@pytest.fixture
def shared(s3: Any, bucket: str) -> str:
    """With an object, and ACLs that count."""
    s3.put_bucket_ownership_controls(Bucket=bucket, OwnershipControls={"Rules": [{"ObjectOwnership": "ObjectWriter"}]})
    s3.delete_public_access_block(Bucket=bucket)
    s3.put_object(Bucket=bucket, Key="k", Body=b"bytes")
    return bucket


def can_read(own: Any, bucket: str, key: str = "k") -> bool:
    try:
        return bool(own.get_object(Bucket=bucket, Key=key)["Body"].read() == b"bytes")
    except own.exceptions.ClientError as error:
        assert error.response["Error"]["Code"] == "AccessDenied", error
        return False


def statement(bucket: str, principal: str, **more: Any) -> dict[str, Any]:
    return {"Principal": {"AWS": principal}, "Action": "s3:GetObject", "Resource": f"arn:aws:s3:::{bucket}/*"} | more


def test_a_user_of_another_account_needs_both_sides(s3: Any, shared: str, other: Account) -> None:
    able, unable = other.make_user(READS), other.make_user()
    clients = [user.client("s3") for user in (able, unable)]
    assert [can_read(own, shared) for own in clients] == [False, False]
    # The account, or a user by name: in either case the user's own account must agree.
    for principal in (other.id, f"arn:aws:iam::{other.id}:root", able.arn):
        s3.put_bucket_policy(Bucket=shared, Policy=document(statement(shared, principal)))
        assert [can_read(own, shared) for own in clients] == [True, False]
    s3.put_bucket_policy(Bucket=shared, Policy=document(statement(shared, unable.arn)))
    assert [can_read(own, shared) for own in clients] == [False, False]
    unable.allow(READS)
    assert can_read(clients[1], shared)
    denial = statement(shared, able.arn, Effect="Deny")
    s3.put_bucket_policy(Bucket=shared, Policy=document(statement(shared, other.id), denial))
    assert [can_read(own, shared) for own in clients] == [False, True]
    s3.delete_bucket_policy(Bucket=shared)


def test_another_account_s_root_is_limited_too(s3: Any, shared: str, other: Account) -> None:
    own = other.client("s3")
    assert not can_read(own, shared)
    s3.put_bucket_policy(Bucket=shared, Policy=document(statement(shared, other.id)))
    assert can_read(own, shared)
    for call in (
        lambda: own.put_object(Bucket=shared, Key="k", Body=b""),
        lambda: own.get_bucket_policy(Bucket=shared),
        lambda: own.delete_bucket_policy(Bucket=shared),
    ):
        with pytest.raises(own.exceptions.ClientError):
            call()
    s3.delete_bucket_policy(Bucket=shared)


def test_only_the_bucket_s_account_changes_its_policy(s3: Any, shared: str, other: Account) -> None:
    """ "If you use an identity other than the root user of the account that owns the bucket": even where it is allowed."""
    grant = statement(shared, other.id, Action="s3:*", Resource=[f"arn:aws:s3:::{shared}", f"arn:aws:s3:::{shared}/*"])
    s3.put_bucket_policy(Bucket=shared, Policy=document(grant))
    with api_error("MethodNotAllowed", 405):
        other.client("s3").put_bucket_policy(Bucket=shared, Policy=document(grant))
    with api_error("MethodNotAllowed", 405):
        other.client("s3").get_bucket_policy(Bucket=shared)
    s3.delete_bucket_policy(Bucket=shared)


def test_an_object_s_list_names_another_account(s3: Any, shared: str, other: Account) -> None:
    able, unable = other.make_user(READS), other.make_user()
    clients = [user.client("s3") for user in (able, unable)]
    s3.put_object_acl(Bucket=shared, Key="k", GrantRead=f'id="{other.canonical_id}"')
    assert can_read(other.client("s3"), shared)
    assert [can_read(own, shared) for own in clients] == [True, False]
    able.allow({"Action": ["s3:GetObject", "s3:PutObject", "s3:GetObjectAcl"]})
    for call in (
        lambda: clients[0].put_object(Bucket=shared, Key="k", Body=b""),
        lambda: clients[0].get_object_acl(Bucket=shared, Key="k"),
    ):
        with api_error("AccessDenied", 403):
            call()
    s3.put_object_acl(Bucket=shared, Key="k", ACL="private")
    assert not can_read(clients[0], shared)


def test_what_another_account_writes_is_its_own(s3: Any, shared: str, first: Account, other: Account) -> None:
    s3.put_bucket_acl(
        Bucket=shared, GrantFullControl=f'id="{first.canonical_id}"', GrantWrite=f'id="{other.canonical_id}"'
    )
    writer = other.make_user({"Action": ["s3:PutObject", "s3:PutObjectAcl", "s3:GetObject"]}).client("s3")
    writer.put_object(Bucket=shared, Key="theirs", Body=b"bytes")
    assert not can_read(s3, shared, "theirs")  # not even for the bucket's root
    assert can_read(writer, shared, "theirs")
    assert other.client("s3").get_object_acl(Bucket=shared, Key="theirs")["Owner"]["ID"] == other.canonical_id
    # The bucket's policy opens nothing that is another's.
    s3.put_bucket_policy(Bucket=shared, Policy=document(statement(shared, first.id)))
    assert not can_read(s3, shared, "theirs")
    writer.put_object_acl(Bucket=shared, Key="theirs", ACL="bucket-owner-full-control")
    assert can_read(s3, shared, "theirs")
    with api_error("AccessDenied", 403):  # what isn't its own isn't overwritten by a grant
        writer.put_object(Bucket=shared, Key="k", Body=b"")
    # To take ownership away from writers the bucket's owner needs no one.
    s3.put_bucket_acl(Bucket=shared, ACL="private")
    s3.put_bucket_ownership_controls(
        Bucket=shared, OwnershipControls={"Rules": [{"ObjectOwnership": "BucketOwnerEnforced"}]}
    )
    assert s3.get_object_acl(Bucket=shared, Key="theirs")["Owner"]["ID"] == first.canonical_id
    assert can_read(s3, shared, "theirs")
    s3.delete_bucket_policy(Bucket=shared)


def test_a_copy_across_needs_the_source_s_and_the_target_s_consent(s3: Any, shared: str, other: Account) -> None:
    copier = other.make_user({"Action": ["s3:GetObject", "s3:PutObject"]}).client("s3")
    root = other.client("s3")
    target = f"{shared}-copy"
    root.create_bucket(Bucket=target)
    copy = {"Bucket": target, "Key": "k", "CopySource": {"Bucket": shared, "Key": "k"}}
    with api_error("AccessDenied", 403):
        copier.copy_object(**copy)
    s3.put_bucket_policy(Bucket=shared, Policy=document(statement(shared, other.id)))
    copier.copy_object(**copy)
    assert can_read(root, target)
    with api_error("AccessDenied", 403):  # and not into the other's bucket
        copier.copy_object(Bucket=shared, Key="back", CopySource={"Bucket": target, "Key": "k"})
    s3.delete_bucket_policy(Bucket=shared)
    root.delete_object(Bucket=target, Key="k")
    root.delete_bucket(Bucket=target)


def test_conditions_tell_accounts_apart(s3: Any, shared: str, first: Account, other: Account) -> None:
    own = other.make_user({"Action": "s3:*"}).client("s3")
    for account, is_allowed in ((first.id, False), (other.id, True)):
        condition = {"StringEquals": {"aws:PrincipalAccount": account}}
        s3.put_bucket_policy(Bucket=shared, Policy=document(statement(shared, other.id, Condition=condition)))
        assert can_read(own, shared) is is_allowed
    # A user's own policy can keep it inside its account.
    inside = other.make_user({"Action": "s3:*", "Condition": {"StringEquals": {"aws:ResourceAccount": other.id}}})
    assert not can_read(inside.client("s3"), shared)
    s3.delete_bucket_policy(Bucket=shared)
