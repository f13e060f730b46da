"""Bucket policies and the block of public ones.

https://docs.aws.amazon.com/AmazonS3/latest/userguide/bucket-policies.html
https://docs.aws.amazon.com/AmazonS3/latest/userguide/access-control-block-public-access.html
"""

from __future__ import annotations

import json
import urllib.error
import urllib.request
from collections.abc import Callable
from typing import Any

import pytest
from botocore import UNSIGNED
from botocore.config import Config

from tools.harness.expect import api_error


def policy(bucket: str, *statements: dict[str, Any]) -> str:
    """Statements whose Resource is given by what stands behind the bucket: "" or "/*"."""
    whole = []
    for statement in statements:
        paths = statement.get("Resource", "/*")
        paths = [paths] if isinstance(paths, str) else paths
        whole.append(
            {"Effect": "Allow", "Principal": "*"}
            | statement
            | {"Resource": [f"arn:aws:s3:::{bucket}{p}" for p in paths]}
        )
    return json.dumps({"Version": "2012-10-17", "Statement": whole})


READ = {"Action": "s3:GetObject"}


@pytest.fixture
def open_bucket(s3: Any, bucket: str) -> str:
    """A bucket that takes public policies, with an object "k"."""
    s3.delete_public_access_block(Bucket=bucket)
    s3.put_object(Bucket=bucket, Key="k", Body=b"bytes")
    return bucket


@pytest.fixture
def anonymous(client: Callable[..., Any]) -> Any:
    return client("s3", config=Config(signature_version=UNSIGNED))


def test_there_is_none_at_first(s3: Any, bucket: str) -> None:
    with api_error("NoSuchBucketPolicy", 404):
        s3.get_bucket_policy(Bucket=bucket)
    with api_error("NoSuchBucketPolicy", 404):
        s3.get_bucket_policy_status(Bucket=bucket)
    s3.delete_bucket_policy(Bucket=bucket)


def test_it_comes_back_as_it_was_put(s3: Any, open_bucket: str) -> None:
    text = policy(open_bucket, READ)
    answer = s3.put_bucket_policy(Bucket=open_bucket, Policy=text)
    assert answer["ResponseMetadata"]["HTTPStatusCode"] == 204
    assert s3.get_bucket_policy(Bucket=open_bucket)["Policy"] == text
    s3.delete_bucket_policy(Bucket=open_bucket)
    with api_error("NoSuchBucketPolicy", 404):
        s3.get_bucket_policy(Bucket=open_bucket)


def test_a_policy_is_of_its_bucket_only(s3: Any, open_bucket: str) -> None:
    with api_error("MalformedPolicy", 400) as caught:
        s3.put_bucket_policy(Bucket=open_bucket, Policy=policy("another-bucket", READ))
    assert "resource" in caught.value.response["Error"]["Message"].lower()


@pytest.mark.parametrize(
    "text",
    [
        "not json",
        "{}",
        "[]",
        '{"Version": "2012-10-17", "Statement": [{"Effect": "Perhaps", "Principal": "*", "Action": "s3:*", "Resource": "*"}]}',
        '{"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "s3:GetObject", "Resource": "arn:aws:s3:::b/*"}]}',
    ],
)
def test_what_is_no_policy_is_refused(s3: Any, open_bucket: str, text: str) -> None:
    with api_error("MalformedPolicy", 400):
        s3.put_bucket_policy(Bucket=open_bucket, Policy=text)


def test_a_refusal_says_where(s3: Any, open_bucket: str) -> None:
    with api_error("MalformedPolicy", 400) as caught:
        s3.put_bucket_policy(Bucket=open_bucket, Policy=policy(open_bucket, READ, READ | {"Action": "nothing"}))
    assert caught.value.response["Error"]["Detail"] == "Statement[1], Action"


# As recorded from AWS: https://github.com/localstack/localstack (tests/aws/services/s3/test_s3.snapshot.json).
@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("", "Policies must be valid JSON and the first byte must be '{'"),
        ("invalid json", "Policies must be valid JSON and the first byte must be '{'"),
        ("[]", "Policies must be valid JSON and the first byte must be '{'"),
        ("{}", "Missing required field Statement"),
    ],
)
def test_what_is_no_json(s3: Any, bucket: str, text: str, told: str) -> None:
    with api_error("MalformedPolicy", 400) as caught:
        s3.put_bucket_policy(Bucket=bucket, Policy=text)
    assert caught.value.response["Error"]["Message"] == told


def test_anonymous_callers_get_what_a_policy_gives_them(s3: Any, open_bucket: str, anonymous: Any) -> None:
    with api_error("AccessDenied", 403):
        anonymous.get_object(Bucket=open_bucket, Key="k")
    s3.put_bucket_policy(Bucket=open_bucket, Policy=policy(open_bucket, READ))
    assert anonymous.get_object(Bucket=open_bucket, Key="k")["Body"].read() == b"bytes"
    for refused in (
        lambda: anonymous.put_object(Bucket=open_bucket, Key="k", Body=b"other"),
        lambda: anonymous.delete_object(Bucket=open_bucket, Key="k"),
        lambda: anonymous.list_objects_v2(Bucket=open_bucket),
        lambda: anonymous.get_bucket_policy(Bucket=open_bucket),
    ):
        with api_error("AccessDenied", 403):
            refused()
    s3.delete_bucket_policy(Bucket=open_bucket)
    with api_error("AccessDenied", 403):
        anonymous.get_object(Bucket=open_bucket, Key="k")


def test_a_missing_key_is_told_to_those_who_may_list_only(s3: Any, open_bucket: str, anonymous: Any) -> None:
    s3.put_bucket_policy(Bucket=open_bucket, Policy=policy(open_bucket, READ))
    with api_error("AccessDenied", 403):
        anonymous.get_object(Bucket=open_bucket, Key="absent")
    s3.put_bucket_policy(
        Bucket=open_bucket, Policy=policy(open_bucket, READ, {"Action": "s3:ListBucket", "Resource": ""})
    )
    with api_error("NoSuchKey", 404):
        anonymous.get_object(Bucket=open_bucket, Key="absent")


def test_a_listing_by_prefix(s3: Any, open_bucket: str, anonymous: Any) -> None:
    s3.put_object(Bucket=open_bucket, Key="public/a", Body=b"")
    condition = {"StringLike": {"s3:prefix": "public/*"}}
    listing = {"Action": "s3:ListBucket", "Resource": "", "Condition": condition}
    s3.put_bucket_policy(Bucket=open_bucket, Policy=policy(open_bucket, listing))
    assert [o["Key"] for o in anonymous.list_objects_v2(Bucket=open_bucket, Prefix="public/")["Contents"]] == [
        "public/a"
    ]
    with api_error("AccessDenied", 403):
        anonymous.list_objects_v2(Bucket=open_bucket)


def test_a_version_has_an_action_of_its_own(s3: Any, open_bucket: str, anonymous: Any) -> None:
    s3.put_bucket_versioning(Bucket=open_bucket, VersioningConfiguration={"Status": "Enabled"})
    version = s3.put_object(Bucket=open_bucket, Key="k", Body=b"two")["VersionId"]
    s3.put_bucket_policy(Bucket=open_bucket, Policy=policy(open_bucket, READ))
    assert anonymous.get_object(Bucket=open_bucket, Key="k")["Body"].read() == b"two"
    with api_error("AccessDenied", 403):
        anonymous.get_object(Bucket=open_bucket, Key="k", VersionId=version)
    s3.put_bucket_policy(Bucket=open_bucket, Policy=policy(open_bucket, {"Action": "s3:GetObjectVersion"}))
    assert anonymous.get_object(Bucket=open_bucket, Key="k", VersionId=version)["Body"].read() == b"two"


def test_by_the_object_s_tags(s3: Any, open_bucket: str, anonymous: Any) -> None:
    condition = {"StringEquals": {"s3:ExistingObjectTag/class": "public"}}
    s3.put_bucket_policy(Bucket=open_bucket, Policy=policy(open_bucket, READ | {"Condition": condition}))
    with api_error("AccessDenied", 403):
        anonymous.get_object(Bucket=open_bucket, Key="k")
    s3.put_object_tagging(Bucket=open_bucket, Key="k", Tagging={"TagSet": [{"Key": "class", "Value": "public"}]})
    assert anonymous.get_object(Bucket=open_bucket, Key="k")["Body"].read() == b"bytes"


def test_a_denial_binds_the_owner_too(s3: Any, open_bucket: str) -> None:
    denial = {"Effect": "Deny", "Action": "s3:GetObject", "Resource": "/secret/*"}
    s3.put_object(Bucket=open_bucket, Key="secret/k", Body=b"")
    s3.put_bucket_policy(Bucket=open_bucket, Policy=policy(open_bucket, denial))
    with api_error("AccessDenied", 403) as caught:
        s3.get_object(Bucket=open_bucket, Key="secret/k")
    message = caught.value.response["Error"]["Message"]
    assert "is not authorized to perform: s3:GetObject" in message
    assert f'"arn:aws:s3:::{open_bucket}/secret/k"' in message
    assert message.endswith("with an explicit deny in a resource-based policy")
    assert s3.get_object(Bucket=open_bucket, Key="k")["Body"].read() == b"bytes"


def test_the_root_can_always_take_a_policy_back(s3: Any, open_bucket: str) -> None:
    denial = {"Effect": "Deny", "Action": "s3:*", "Resource": ["", "/*"]}
    s3.put_bucket_policy(Bucket=open_bucket, Policy=policy(open_bucket, denial))
    with api_error("AccessDenied", 403):
        s3.get_bucket_tagging(Bucket=open_bucket)
    assert "Deny" in s3.get_bucket_policy(Bucket=open_bucket)["Policy"]
    s3.delete_bucket_policy(Bucket=open_bucket)
    s3.list_objects_v2(Bucket=open_bucket)


def test_requests_without_tls_can_be_refused(s3: Any, open_bucket: str) -> None:
    condition = {"Bool": {"aws:SecureTransport": "false"}}
    denial = {"Effect": "Deny", "Action": "s3:GetObject", "Condition": condition}
    s3.put_bucket_policy(Bucket=open_bucket, Policy=policy(open_bucket, denial))
    with api_error("AccessDenied", 403):  # this client speaks plain HTTP
        s3.get_object(Bucket=open_bucket, Key="k")


def test_many_deletions_are_judged_one_by_one(s3: Any, open_bucket: str) -> None:
    denial = {"Effect": "Deny", "Action": "s3:DeleteObject", "Resource": "/kept/*"}
    s3.put_object(Bucket=open_bucket, Key="kept/k", Body=b"")
    s3.put_bucket_policy(Bucket=open_bucket, Policy=policy(open_bucket, denial))
    answer = s3.delete_objects(Bucket=open_bucket, Delete={"Objects": [{"Key": "k"}, {"Key": "kept/k"}]})
    assert [d["Key"] for d in answer["Deleted"]] == ["k"]
    assert [(e["Key"], e["Code"]) for e in answer["Errors"]] == [("kept/k", "AccessDenied")]


def test_a_copy_must_be_allowed_to_read_its_source(s3: Any, open_bucket: str) -> None:
    denial = {"Effect": "Deny", "Action": "s3:GetObject", "Resource": "/secret/*"}
    s3.put_object(Bucket=open_bucket, Key="secret/k", Body=b"")
    s3.put_bucket_policy(Bucket=open_bucket, Policy=policy(open_bucket, denial))
    with api_error("AccessDenied", 403):
        s3.copy_object(Bucket=open_bucket, Key="copy", CopySource={"Bucket": open_bucket, "Key": "secret/k"})
    s3.copy_object(Bucket=open_bucket, Key="copy", CopySource={"Bucket": open_bucket, "Key": "k"})


def test_a_form_without_a_signature(s3: Any, open_bucket: str, server: Any) -> None:
    def post() -> int:
        body = '--x\r\nContent-Disposition: form-data; name="key"\r\n\r\nposted\r\n--x\r\nContent-Disposition: form-data; name="file"\r\n\r\nbytes\r\n--x--\r\n'
        request = urllib.request.Request(
            f"{server.endpoint}/{open_bucket}",
            data=body.encode(),
            headers={"Content-Type": "multipart/form-data; boundary=x"},
        )
        try:
            with urllib.request.urlopen(request) as answer:
                return int(answer.status)
        except urllib.error.HTTPError as refused:
            return refused.code

    assert post() == 403
    s3.put_bucket_policy(Bucket=open_bucket, Policy=policy(open_bucket, {"Action": "s3:PutObject"}))
    assert post() == 204
    assert s3.get_object(Bucket=open_bucket, Key="posted")["Body"].read() == b"bytes"


def test_new_buckets_take_no_public_policy(s3: Any, bucket: str) -> None:
    block = s3.get_public_access_block(Bucket=bucket)["PublicAccessBlockConfiguration"]
    assert set(block.values()) == {True}
    with api_error("AccessDenied", 403) as caught:
        s3.put_bucket_policy(Bucket=bucket, Policy=policy(bucket, READ))
    assert "BlockPublicPolicy" in caught.value.response["Error"]["Message"]
    own = {"Principal": {"AWS": "arn:aws:iam::111122223333:root"}}
    s3.put_bucket_policy(Bucket=bucket, Policy=policy(bucket, READ | own))
    assert s3.get_bucket_policy_status(Bucket=bucket)["PolicyStatus"]["IsPublic"] is False


def test_a_public_policy_says_so(s3: Any, open_bucket: str) -> None:
    s3.put_bucket_policy(Bucket=open_bucket, Policy=policy(open_bucket, READ))
    assert s3.get_bucket_policy_status(Bucket=open_bucket)["PolicyStatus"]["IsPublic"] is True


def test_a_public_policy_can_be_held_back(s3: Any, open_bucket: str, anonymous: Any) -> None:
    s3.put_bucket_policy(Bucket=open_bucket, Policy=policy(open_bucket, READ))
    assert anonymous.get_object(Bucket=open_bucket, Key="k")["Body"].read() == b"bytes"
    restricted = {"RestrictPublicBuckets": True}
    s3.put_public_access_block(Bucket=open_bucket, PublicAccessBlockConfiguration=restricted)
    with api_error("AccessDenied", 403):
        anonymous.get_object(Bucket=open_bucket, Key="k")
    assert s3.get_object(Bucket=open_bucket, Key="k")["Body"].read() == b"bytes"


def test_the_block_can_be_read_and_removed(s3: Any, bucket: str) -> None:
    s3.put_public_access_block(Bucket=bucket, PublicAccessBlockConfiguration={"BlockPublicPolicy": True})
    assert s3.get_public_access_block(Bucket=bucket)["PublicAccessBlockConfiguration"] == {
        "BlockPublicAcls": False,
        "IgnorePublicAcls": False,
        "BlockPublicPolicy": True,
        "RestrictPublicBuckets": False,
    }
    s3.delete_public_access_block(Bucket=bucket)
    with api_error("NoSuchPublicAccessBlockConfiguration", 404):
        s3.get_public_access_block(Bucket=bucket)
