"""Object Ownership: whether ACLs count in a bucket.

https://docs.aws.amazon.com/AmazonS3/latest/userguide/about-object-ownership.html
Answers as AWS was recorded by LocalStack (TestS3BucketOwnershipControls).
"""

from __future__ import annotations

from typing import Any

import pytest

from tools.harness.clients import CommandLine
from tools.harness.expect import api_error


def put(s3: Any, bucket: str, *settings: str) -> None:
    s3.put_bucket_ownership_controls(
        Bucket=bucket, OwnershipControls={"Rules": [{"ObjectOwnership": setting} for setting in settings]}
    )


@pytest.mark.parametrize("setting", ["BucketOwnerEnforced", "BucketOwnerPreferred", "ObjectWriter"])
def test_it_comes_back(s3: Any, bucket: str, setting: str) -> None:
    put(s3, bucket, setting)
    controls = s3.get_bucket_ownership_controls(Bucket=bucket)["OwnershipControls"]
    assert controls == {"Rules": [{"ObjectOwnership": setting}]}


def test_deleted_it_is_as_in_the_old_days(s3: Any, bucket: str) -> None:
    for _ in range(2):
        answer = s3.delete_bucket_ownership_controls(Bucket=bucket)
        assert answer["ResponseMetadata"]["HTTPStatusCode"] == 204
        with api_error("OwnershipControlsNotFoundError", 404):
            s3.get_bucket_ownership_controls(Bucket=bucket)
    s3.put_object(Bucket=bucket, Key="k", Body=b"", ACL="aws-exec-read")
    assert len(s3.get_object_acl(Bucket=bucket, Key="k")["Grants"]) == 2


def test_what_s3_refuses(s3: Any, bucket: str) -> None:
    for settings in (["ObjectWriter", "BucketOwnerPreferred"], ["RandomValue"], []):
        with api_error("MalformedXML", 400):
            put(s3, bucket, *settings)
    with api_error("NoSuchBucket", 404):
        put(s3, bucket + "-absent", "ObjectWriter")


def test_a_bucket_with_grants_to_others_can_t_be_closed(s3: Any, bucket: str) -> None:
    put(s3, bucket, "ObjectWriter")
    s3.put_bucket_acl(Bucket=bucket, GrantRead='uri="http://acs.amazonaws.com/groups/s3/LogDelivery"')
    with api_error("InvalidBucketAclWithObjectOwnership", 400):
        put(s3, bucket, "BucketOwnerEnforced")
    s3.put_bucket_acl(Bucket=bucket, ACL="private")
    put(s3, bucket, "BucketOwnerEnforced")


def test_what_objects_had_sleeps_while_acls_are_disabled(s3: Any, bucket: str) -> None:
    put(s3, bucket, "ObjectWriter")
    s3.put_object(Bucket=bucket, Key="k", Body=b"", ACL="aws-exec-read")
    put(s3, bucket, "BucketOwnerEnforced")
    assert len(s3.get_object_acl(Bucket=bucket, Key="k")["Grants"]) == 1
    with api_error("AccessControlListNotSupported", 400):
        s3.put_object_acl(Bucket=bucket, Key="k", ACL="private")
    owner = s3.list_buckets()["Owner"]["ID"]
    s3.put_object(Bucket=bucket, Key="same", Body=b"", GrantFullControl=f'id="{owner}"')
    with api_error("AccessControlListNotSupported", 400):
        s3.put_object(Bucket=bucket, Key="other", Body=b"", GrantRead=f'id="{owner}"')
    put(s3, bucket, "ObjectWriter")
    assert len(s3.get_object_acl(Bucket=bucket, Key="k")["Grants"]) == 2


def test_with_the_command_line(cli: CommandLine, bucket: str) -> None:
    rules = "Rules=[{ObjectOwnership=BucketOwnerPreferred}]"
    cli.aws("s3api", "put-bucket-ownership-controls", "--bucket", bucket, "--ownership-controls", rules)
    told = cli.aws("s3api", "get-bucket-ownership-controls", "--bucket", bucket).stdout
    assert "BucketOwnerPreferred" in told
    cli.aws("s3api", "delete-bucket-ownership-controls", "--bucket", bucket)
    failed = cli.aws("s3api", "get-bucket-ownership-controls", "--bucket", bucket, check=False)
    assert "OwnershipControlsNotFoundError" in failed.stderr
