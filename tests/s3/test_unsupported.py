"""Nothing is half obeyed: what we lack is refused by name, what asks for nothing more passes."""

from __future__ import annotations

import base64
import json
from typing import Any

import pytest

from tools.harness.expect import api_error
from tools.harness.server import Server

pytestmark = pytest.mark.core

SSE_KEY = base64.b64encode(bytes(32)).decode()


@pytest.mark.parametrize(
    "settings",
    [
        {"ServerSideEncryption": "aws:kms"},
        {"ServerSideEncryption": "aws:kms", "SSEKMSKeyId": "alias/mine"},
        {"SSECustomerAlgorithm": "AES256", "SSECustomerKey": "x" * 32},
        {"WriteOffsetBytes": 0},
    ],
)
def test_not_implemented(s3: Any, bucket: str, settings: dict[str, Any]) -> None:
    with api_error("NotImplemented", 501) as caught:
        s3.put_object(Bucket=bucket, Key="k", Body=b"x", **settings)
    assert caught.value.response["Error"]["Header"].startswith("x-amz-")
    assert "Contents" not in s3.list_objects_v2(Bucket=bucket)


@pytest.mark.parametrize(
    ("settings", "code"),
    [
        ({"ACL": "public-read"}, "AccessControlListNotSupported"),
        ({"GrantRead": "uri=http://acs.amazonaws.com/groups/global/AllUsers"}, "AccessControlListNotSupported"),
        ({"ObjectLockLegalHoldStatus": "ON"}, "InvalidRequest"),
    ],
)
def test_refused_as_s3_refuses_it(s3: Any, bucket: str, settings: dict[str, Any], code: str) -> None:
    with api_error(code, 400):
        s3.put_object(Bucket=bucket, Key="k", Body=b"x", **settings)
    with api_error(code, 400):
        s3.create_multipart_upload(Bucket=bucket, Key="k", **settings)
    assert "Contents" not in s3.list_objects_v2(Bucket=bucket)


@pytest.mark.parametrize(
    "settings",
    [
        {"ACL": "private"},
        {"ACL": "bucket-owner-full-control"},
        {"ServerSideEncryption": "AES256"},
        {"RequestPayer": "requester"},
        {"BucketKeyEnabled": False},
    ],
)
def test_what_ordinary_clients_send(s3: Any, bucket: str, settings: dict[str, Any]) -> None:
    put = s3.put_object(Bucket=bucket, Key="k", Body=b"x", **settings)
    assert "ServerSideEncryption" not in put  # no claim of an encryption that isn't there
    assert "RequestCharged" not in put  # the owner pays
    assert s3.get_object(Bucket=bucket, Key="k")["Body"].read() == b"x"


def test_buckets_with_what_we_lack(s3: Any, bucket_name: str) -> None:
    with api_error("NotImplemented", 501):
        s3.create_bucket(Bucket=bucket_name, ObjectLockEnabledForBucket=True)
    with api_error("InvalidBucketAclWithObjectOwnership", 400):
        s3.create_bucket(Bucket=bucket_name, ACL="public-read")
    with api_error("404", 404):
        s3.head_bucket(Bucket=bucket_name)


def test_rename(s3: Any, bucket: str) -> None:
    s3.put_object(Bucket=bucket, Key="k", Body=b"x")
    with api_error("NotImplemented", 501):
        s3.rename_object(Bucket=bucket, Key="to", RenameSource=f"{bucket}/k")


def test_the_expected_owner(server: Server, s3: Any, bucket: str) -> None:
    own = json.loads((server.data_folder / "installation.json").read_text())["account_id"]
    s3.put_object(Bucket=bucket, Key="k", Body=b"x")
    for account, code in (("111122223333", "AccessDenied"), ("me", "InvalidBucketOwnerAWSAccountID")):
        status = 403 if code == "AccessDenied" else 400
        for call in (
            lambda owner: s3.get_object(Bucket=bucket, Key="k", ExpectedBucketOwner=owner),
            lambda owner: s3.put_object(Bucket=bucket, Key="k", Body=b"y", ExpectedBucketOwner=owner),
            lambda owner: s3.delete_object(Bucket=bucket, Key="k", ExpectedBucketOwner=owner),
            lambda owner: s3.list_objects_v2(Bucket=bucket, ExpectedBucketOwner=owner),
            lambda owner: s3.get_bucket_versioning(Bucket=bucket, ExpectedBucketOwner=owner),
            lambda owner: s3.copy_object(
                Bucket=bucket, Key="to", CopySource=f"{bucket}/k", ExpectedSourceBucketOwner=owner
            ),
        ):
            with api_error(code, status):
                call(account)
    assert s3.get_object(Bucket=bucket, Key="k", ExpectedBucketOwner=own)["Body"].read() == b"x"
    s3.copy_object(
        Bucket=bucket,
        Key="to",
        CopySource=f"{bucket}/k",
        ExpectedBucketOwner=own,
        ExpectedSourceBucketOwner=own,
    )
