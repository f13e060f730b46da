"""S3's own condition keys, as a bucket's policy sees them.

https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazons3.html#amazons3-policy-keys
"""

from __future__ import annotations

import json
import time
import urllib.error
import urllib.request
from collections.abc import Callable
from typing import Any

import pytest
from botocore.config import Config
from botocore.exceptions import ClientError

from tools.harness.server import Server


class Denier:
    """Puts one denial onto a bucket at a time, and tells whether it hits."""

    def __init__(self, s3: Any, bucket: str) -> None:
        self.s3 = s3
        self.bucket = bucket

    def deny(self, action: str, **condition: dict[str, str]) -> None:
        arn = f"arn:aws:s3:::{self.bucket}"
        statement = {
            "Effect": "Deny",
            "Principal": "*",
            "Action": action,
            "Resource": [arn, f"{arn}/*"],
            "Condition": condition,
        }
        document = {"Version": "2012-10-17", "Statement": [statement]}
        self.s3.put_bucket_policy(Bucket=self.bucket, Policy=json.dumps(document))


def is_denied(call: Callable[..., Any], **arguments: Any) -> bool:
    try:
        call(**arguments)
    except ClientError as error:
        assert error.response["Error"]["Code"] == "AccessDenied", error
        return True
    return False


@pytest.fixture
def denier(s3: Any, bucket: str) -> Denier:
    s3.put_object(Bucket=bucket, Key="k", Body=b"x")
    return Denier(s3, bucket)


def test_listings(s3: Any, bucket: str, denier: Denier) -> None:
    for key, value, matching, other in (
        ("s3:prefix", "a/", {"Prefix": "a/"}, {"Prefix": "b/"}),
        ("s3:delimiter", "/", {"Delimiter": "/"}, {"Delimiter": "-"}),
    ):
        denier.deny("s3:ListBucket", StringEquals={key: value})
        assert is_denied(s3.list_objects_v2, Bucket=bucket, **matching)
        assert not is_denied(s3.list_objects_v2, Bucket=bucket, **other)
        assert not is_denied(s3.list_objects_v2, Bucket=bucket)
    denier.deny("s3:ListBucket", NumericGreaterThan={"s3:max-keys": "10"})
    assert is_denied(s3.list_objects_v2, Bucket=bucket, MaxKeys=11)
    assert not is_denied(s3.list_objects_v2, Bucket=bucket, MaxKeys=10)


def test_headers_of_writes(s3: Any, bucket: str, denier: Denier) -> None:
    for key, value, matching in (
        ("s3:x-amz-storage-class", "STANDARD_IA", {"StorageClass": "STANDARD_IA"}),
        ("s3:x-amz-server-side-encryption", "AES256", {"ServerSideEncryption": "AES256"}),
        ("s3:x-amz-website-redirect-location", "/there", {"WebsiteRedirectLocation": "/there"}),
        ("s3:x-amz-acl", "bucket-owner-full-control", {"ACL": "bucket-owner-full-control"}),
        ("s3:if-none-match", "*", {"IfNoneMatch": "*"}),
        ("s3:RequestObjectTag/class", "secret", {"Tagging": "class=secret&b=c"}),
    ):
        denier.deny("s3:PutObject", StringEquals={key: value})
        assert is_denied(s3.put_object, Bucket=bucket, Key="new", Body=b"", **matching), key
        assert not is_denied(s3.put_object, Bucket=bucket, Key="k", Body=b"x"), key
    owner = s3.list_buckets()["Owner"]["ID"]
    denier.deny("s3:PutObject", StringLike={"s3:x-amz-grant-full-control": "*"})
    assert is_denied(s3.put_object, Bucket=bucket, Key="k", Body=b"", GrantFullControl=f'id="{owner}"')
    denier.deny("s3:PutObject", Null={"s3:x-amz-server-side-encryption": "true"})
    assert is_denied(s3.put_object, Bucket=bucket, Key="k", Body=b"x")


def test_tags_of_a_request(s3: Any, bucket: str, denier: Denier) -> None:
    denier.deny("s3:PutObjectTagging", **{"ForAnyValue:StringEquals": {"s3:RequestObjectTagKeys": "forbidden"}})

    def tag(name: str) -> bool:
        return is_denied(
            s3.put_object_tagging, Bucket=bucket, Key="k", Tagging={"TagSet": [{"Key": name, "Value": "v"}]}
        )

    assert tag("forbidden")
    assert not tag("fine")
    assert is_denied(s3.put_object, Bucket=bucket, Key="k", Body=b"", Tagging="forbidden=1")


def test_tags_of_the_object_that_is_acted_on(s3: Any, bucket: str, denier: Denier) -> None:
    s3.put_object(Bucket=bucket, Key="secret", Body=b"", Tagging="class=secret")
    denier.deny("s3:*Object*", StringEquals={"s3:ExistingObjectTag/class": "secret"})
    assert is_denied(s3.get_object, Bucket=bucket, Key="secret")
    assert is_denied(s3.put_object_tagging, Bucket=bucket, Key="secret", Tagging={"TagSet": []})
    assert not is_denied(s3.get_object, Bucket=bucket, Key="k")
    # A copy is judged by the tags of what it reads; S3 has no such key where an object is written or deleted.
    assert is_denied(s3.copy_object, Bucket=bucket, Key="k", CopySource={"Bucket": bucket, "Key": "secret"})
    assert not is_denied(s3.copy_object, Bucket=bucket, Key="secret", CopySource={"Bucket": bucket, "Key": "k"})


def test_copies(s3: Any, bucket: str, denier: Denier) -> None:
    source = {"Bucket": bucket, "Key": "k"}
    denier.deny("s3:PutObject", StringEquals={"s3:x-amz-copy-source": f"{bucket}/k"})
    assert is_denied(s3.copy_object, Bucket=bucket, Key="copy", CopySource=source)
    assert not is_denied(s3.put_object, Bucket=bucket, Key="copy", Body=b"")
    denier.deny("s3:PutObject", StringEquals={"s3:x-amz-metadata-directive": "REPLACE"})
    assert is_denied(s3.copy_object, Bucket=bucket, Key="copy", CopySource=source, MetadataDirective="REPLACE")
    assert not is_denied(s3.copy_object, Bucket=bucket, Key="copy", CopySource=source)


def test_versions(s3: Any, bucket: str, denier: Denier) -> None:
    s3.put_bucket_versioning(Bucket=bucket, VersioningConfiguration={"Status": "Enabled"})
    one, two = (s3.put_object(Bucket=bucket, Key="v", Body=b"x")["VersionId"] for _ in range(2))
    denier.deny("s3:GetObjectVersion", StringEquals={"s3:VersionId": one})
    assert is_denied(s3.get_object, Bucket=bucket, Key="v", VersionId=one)
    assert not is_denied(s3.get_object, Bucket=bucket, Key="v", VersionId=two)


def test_whose_the_bucket_is(s3: Any, bucket: str, denier: Denier, client: Callable[..., Any]) -> None:
    account = client("sts").get_caller_identity()["Account"]
    for key in ("s3:ResourceAccount", "aws:ResourceAccount"):
        denier.deny("s3:GetObject", StringEquals={key: account})
        assert is_denied(s3.get_object, Bucket=bucket, Key="k")
        denier.deny("s3:GetObject", StringNotEquals={key: account})
        assert not is_denied(s3.get_object, Bucket=bucket, Key="k")


def test_ownership_that_is_put(s3: Any, bucket: str, denier: Denier) -> None:
    denier.deny("s3:PutBucketOwnershipControls", StringEquals={"s3:x-amz-object-ownership": "ObjectWriter"})

    def put(setting: str) -> bool:
        controls = {"Rules": [{"ObjectOwnership": setting}]}
        return is_denied(s3.put_bucket_ownership_controls, Bucket=bucket, OwnershipControls=controls)

    assert put("ObjectWriter")
    assert not put("BucketOwnerPreferred")


def status(link: str) -> int:
    try:
        return int(urllib.request.urlopen(link).status)
    except urllib.error.HTTPError as error:
        return error.code


def test_how_it_is_signed(s3: Any, bucket: str, denier: Denier, client: Callable[..., Any]) -> None:
    newer = client("s3", config=Config(signature_version="s3v4"))
    older = client("s3", config=Config(signature_version="s3"))
    place = {"Bucket": bucket, "Key": "k"}
    v4, v2 = (c.generate_presigned_url("get_object", Params=place) for c in (newer, older))
    denier.deny("s3:GetObject", StringEquals={"s3:authType": "REST-QUERY-STRING"})
    assert (status(v4), status(v2), is_denied(newer.get_object, **place)) == (403, 403, False)
    denier.deny("s3:GetObject", StringEquals={"s3:authType": "REST-HEADER"})
    assert (status(v4), is_denied(newer.get_object, **place)) == (200, True)
    denier.deny("s3:GetObject", StringEquals={"s3:signatureversion": "AWS"})
    assert (status(v4), status(v2)) == (200, 403)
    denier.deny("s3:GetObject", StringEquals={"s3:signatureversion": "AWS4-HMAC-SHA256"})
    assert (status(v4), status(v2), is_denied(newer.get_object, **place)) == (403, 200, True)
    denier.deny("s3:GetObject", NumericGreaterThan={"s3:signatureAge": "600000"})
    assert status(v4) == 200
    denier.deny("s3:GetObject", NumericGreaterThan={"s3:signatureAge": "1000"})
    time.sleep(2)
    assert (status(v4), is_denied(newer.get_object, **place)) == (403, False)


def test_payloads_that_are_not_signed(
    s3: Any, bucket: str, denier: Denier, client: Callable[..., Any], server: Server
) -> None:
    denier.deny("s3:PutObject", StringEquals={"s3:x-amz-content-sha256": "UNSIGNED-PAYLOAD"})

    def put(payload_signing: bool) -> bool:
        config = Config(
            s3={"payload_signing_enabled": payload_signing, "addressing_style": "path"},
            request_checksum_calculation="when_required",
        )
        url = f"https://127.0.0.1:{server.port}"
        caller = client("s3", config=config, endpoint_url=url, verify=str(server.ca_bundle))
        return is_denied(caller.put_object, Bucket=bucket, Key="k", Body=b"x")

    assert not put(payload_signing=True)
    assert put(payload_signing=False)


def test_the_version_of_tls(s3: Any, bucket: str, denier: Denier, client: Callable[..., Any], server: Server) -> None:
    denier.deny("s3:GetObject", NumericLessThan={"s3:TlsVersion": "1.3"})
    secure = client("s3", endpoint_url=f"https://127.0.0.1:{server.port}", verify=str(server.ca_bundle))
    assert not is_denied(secure.get_object, Bucket=bucket, Key="k")
    denier.deny("s3:GetObject", NumericGreaterThanEquals={"s3:TlsVersion": "1.2"})
    assert is_denied(secure.get_object, Bucket=bucket, Key="k")
    assert not is_denied(s3.get_object, Bucket=bucket, Key="k")  # plain HTTP has no such key
