"""What tools read of a bucket before they do anything: configurations that are absent, or the same for all."""

from __future__ import annotations

from typing import Any

import pytest

from tools.harness.clients import CommandLine, has_program
from tools.harness.expect import api_error

pytestmark = pytest.mark.core

ABSENT = {
    "get_bucket_policy": "NoSuchBucketPolicy",
    "get_bucket_policy_status": "NoSuchBucketPolicy",
    "get_bucket_cors": "NoSuchCORSConfiguration",
    "get_bucket_encryption": "ServerSideEncryptionConfigurationNotFoundError",
    "get_bucket_lifecycle_configuration": "NoSuchLifecycleConfiguration",
    "get_bucket_replication": "ReplicationConfigurationNotFoundError",
    "get_bucket_website": "NoSuchWebsiteConfiguration",
    "get_object_lock_configuration": "ObjectLockConfigurationNotFoundError",
}
EMPTY = ["get_bucket_logging", "get_bucket_accelerate_configuration", "get_bucket_notification_configuration"]
FIXED = ["get_bucket_acl", "get_bucket_ownership_controls", "get_public_access_block", "get_bucket_request_payment"]
DELETES = [
    "delete_bucket_policy",
    "delete_bucket_cors",
    "delete_bucket_encryption",
    "delete_bucket_lifecycle",
    "delete_bucket_replication",
    "delete_bucket_website",
]


@pytest.mark.parametrize("operation", ABSENT)
def test_absent(s3: Any, bucket: str, operation: str) -> None:
    with api_error(ABSENT[operation], 404):
        getattr(s3, operation)(Bucket=bucket)


@pytest.mark.parametrize("operation", EMPTY)
def test_empty(s3: Any, bucket: str, operation: str) -> None:
    answer = getattr(s3, operation)(Bucket=bucket)
    assert set(answer) == {"ResponseMetadata"}


@pytest.mark.parametrize("operation", [*ABSENT, *EMPTY, *FIXED, *DELETES])
def test_of_no_bucket(s3: Any, bucket_name: str, operation: str) -> None:
    with api_error("NoSuchBucket", 404):
        getattr(s3, operation)(Bucket=bucket_name)


@pytest.mark.parametrize("operation", DELETES)
def test_nothing_to_delete_is_no_error(s3: Any, bucket: str, operation: str) -> None:
    assert getattr(s3, operation)(Bucket=bucket)["ResponseMetadata"]["HTTPStatusCode"] == 204


def test_the_owner_has_full_control_and_nobody_else_any(s3: Any, versioned: str) -> None:
    version = s3.put_object(Bucket=versioned, Key="k", Body=b"x")["VersionId"]
    owner = s3.list_buckets()["Owner"]["ID"]
    for acl in (
        s3.get_bucket_acl(Bucket=versioned),
        s3.get_object_acl(Bucket=versioned, Key="k"),
        s3.get_object_acl(Bucket=versioned, Key="k", VersionId=version),
    ):
        assert acl["Owner"]["ID"] == owner
        [grant] = acl["Grants"]
        assert grant["Permission"] == "FULL_CONTROL"
        assert (grant["Grantee"]["Type"], grant["Grantee"]["ID"]) == ("CanonicalUser", owner)
    with api_error("NoSuchKey", 404):
        s3.get_object_acl(Bucket=versioned, Key="absent")


def test_an_acl_can_t_be_put(s3: Any, bucket: str) -> None:
    """S3's answer, where the bucket's owner is enforced: also to what would change nothing."""
    s3.put_object(Bucket=bucket, Key="k", Body=b"x")
    for acl in ("private", "public-read"):
        with api_error("AccessControlListNotSupported", 400):
            s3.put_bucket_acl(Bucket=bucket, ACL=acl)
        with api_error("AccessControlListNotSupported", 400):
            s3.put_object_acl(Bucket=bucket, Key="k", ACL=acl)


def test_what_every_bucket_has(s3: Any, bucket: str) -> None:
    controls = s3.get_bucket_ownership_controls(Bucket=bucket)["OwnershipControls"]
    assert controls == {"Rules": [{"ObjectOwnership": "BucketOwnerEnforced"}]}
    block = s3.get_public_access_block(Bucket=bucket)["PublicAccessBlockConfiguration"]
    assert len(block) == 4
    assert all(block.values())
    assert s3.get_bucket_request_payment(Bucket=bucket)["Payer"] == "BucketOwner"


def test_no_object_is_locked(s3: Any, bucket: str) -> None:
    s3.put_object(Bucket=bucket, Key="k", Body=b"x")
    for read in (s3.get_object_retention, s3.get_object_legal_hold):
        with api_error("InvalidRequest", 400):
            read(Bucket=bucket, Key="k")


def test_none_of_them_can_be_put(s3: Any, bucket: str) -> None:
    with api_error("NotImplemented", 501):
        s3.put_bucket_request_payment(Bucket=bucket, RequestPaymentConfiguration={"Payer": "Requester"})


@pytest.mark.skipif(not has_program("s3cmd"), reason="no s3cmd")
def test_s3cmd_tells_of_a_bucket_and_an_object(cli: CommandLine, s3: Any, bucket: str) -> None:
    s3.put_object(Bucket=bucket, Key="k", Body=b"12345")
    told = cli.s3cmd("info", f"s3://{bucket}").stdout
    assert "Payer:     BucketOwner" in told
    assert "Policy:    none" in told
    assert "CORS:      none" in told
    assert "FULL_CONTROL" in told
    told = cli.s3cmd("info", f"s3://{bucket}/k").stdout
    assert "File size: 5" in told
    assert "FULL_CONTROL" in told
