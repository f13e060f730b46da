"""What access control lists let anybody do, together with policies and Block Public Access.

https://docs.aws.amazon.com/AmazonS3/latest/userguide/acl-overview.html
https://docs.aws.amazon.com/AmazonS3/latest/userguide/how-s3-evaluates-access-control.html
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

ALL_USERS = 'uri="http://acs.amazonaws.com/groups/global/AllUsers"'
ANONYMOUS_ID = "65a011a29cdf8ec533ec3d1ccaae921c"


@pytest.fixture
def open_bucket(s3: Any, bucket: str) -> str:
    s3.put_bucket_ownership_controls(Bucket=bucket, OwnershipControls={"Rules": [{"ObjectOwnership": "ObjectWriter"}]})
    s3.delete_public_access_block(Bucket=bucket)
    s3.put_object(Bucket=bucket, Key="k", Body=b"bytes")
    return bucket


@pytest.fixture
def anonymous(client: Callable[..., Any]) -> Any:
    return client("s3", config=Config(signature_version=UNSIGNED))


def deny(s3: Any, bucket: str, **statement: Any) -> None:
    whole = {"Effect": "Deny", "Principal": "*", "Resource": f"arn:aws:s3:::{bucket}/*"} | statement
    s3.put_bucket_policy(Bucket=bucket, Policy=json.dumps({"Version": "2012-10-17", "Statement": [whole]}))


def test_an_object_that_all_may_read(s3: Any, open_bucket: str, anonymous: Any) -> None:
    with api_error("AccessDenied", 403):
        anonymous.get_object(Bucket=open_bucket, Key="k")
    s3.put_object_acl(Bucket=open_bucket, Key="k", ACL="public-read")
    assert anonymous.get_object(Bucket=open_bucket, Key="k")["Body"].read() == b"bytes"
    assert anonymous.head_object(Bucket=open_bucket, Key="k")["ContentLength"] == 5
    for refused in (
        lambda: anonymous.get_object_acl(Bucket=open_bucket, Key="k"),
        lambda: anonymous.put_object_acl(Bucket=open_bucket, Key="k", ACL="private"),
        lambda: anonymous.put_object(Bucket=open_bucket, Key="k", Body=b""),
        lambda: anonymous.delete_object(Bucket=open_bucket, Key="k"),
        lambda: anonymous.list_objects_v2(Bucket=open_bucket),
        lambda: anonymous.get_object_tagging(Bucket=open_bucket, Key="k"),
        lambda: anonymous.get_object(Bucket=open_bucket, Key="absent"),
    ):
        with api_error("AccessDenied", 403):
            refused()
    s3.put_object_acl(Bucket=open_bucket, Key="k", ACL="private")
    with api_error("AccessDenied", 403):
        anonymous.get_object(Bucket=open_bucket, Key="k")


def test_authenticated_users_are_not_all_users(s3: Any, open_bucket: str, anonymous: Any) -> None:
    s3.put_object_acl(Bucket=open_bucket, Key="k", ACL="authenticated-read")
    with api_error("AccessDenied", 403):
        anonymous.get_object(Bucket=open_bucket, Key="k")


def test_a_bucket_that_all_may_list(s3: Any, open_bucket: str, anonymous: Any) -> None:
    s3.put_bucket_acl(Bucket=open_bucket, ACL="public-read")
    assert [o["Key"] for o in anonymous.list_objects_v2(Bucket=open_bucket)["Contents"]] == ["k"]
    assert anonymous.list_object_versions(Bucket=open_bucket)["Versions"][0]["Key"] == "k"
    anonymous.head_bucket(Bucket=open_bucket)
    anonymous.list_multipart_uploads(Bucket=open_bucket)
    # An object doesn't inherit from its bucket; but who may list it is told what isn't there.
    with api_error("AccessDenied", 403):
        anonymous.get_object(Bucket=open_bucket, Key="k")
    with api_error("NoSuchKey", 404):
        anonymous.get_object(Bucket=open_bucket, Key="absent")
    for refused in (
        lambda: anonymous.get_bucket_acl(Bucket=open_bucket),
        lambda: anonymous.put_object(Bucket=open_bucket, Key="new", Body=b""),
        lambda: anonymous.get_bucket_location(Bucket=open_bucket),
    ):
        with api_error("AccessDenied", 403):
            refused()


def test_a_bucket_that_all_may_write_to(s3: Any, open_bucket: str, anonymous: Any) -> None:
    s3.put_bucket_acl(Bucket=open_bucket, ACL="public-read-write")
    anonymous.put_object(Bucket=open_bucket, Key="mine", Body=b"1")
    owners = {o["Key"]: o["Owner"]["ID"] for o in s3.list_objects(Bucket=open_bucket)["Contents"]}
    assert owners == {"k": s3.list_buckets()["Owner"]["ID"], "mine": ANONYMOUS_ID}
    # "For the bucket and object owners of existing objects, also allows deletions and overwrites of those objects."
    for refused in (
        lambda: anonymous.put_object(Bucket=open_bucket, Key="k", Body=b"other"),
        lambda: anonymous.delete_object(Bucket=open_bucket, Key="k"),
    ):
        with api_error("AccessDenied", 403):
            refused()
    # The object is its writer's: the bucket's owner may take it away, not read it.
    with api_error("AccessDenied", 403):
        s3.get_object(Bucket=open_bucket, Key="mine")
    assert anonymous.get_object(Bucket=open_bucket, Key="mine")["Body"].read() == b"1"
    anonymous.put_object_acl(Bucket=open_bucket, Key="mine", ACL="bucket-owner-read")
    assert s3.get_object(Bucket=open_bucket, Key="mine")["Body"].read() == b"1"
    anonymous.put_object(Bucket=open_bucket, Key="mine", Body=b"2", ACL="bucket-owner-full-control")
    assert len(s3.get_object_acl(Bucket=open_bucket, Key="mine")["Grants"]) == 2
    anonymous.delete_object(Bucket=open_bucket, Key="mine")
    anonymous.put_object(Bucket=open_bucket, Key="mine", Body=b"3")
    s3.delete_object(Bucket=open_bucket, Key="mine")


def test_where_the_bucket_s_owner_is_preferred(s3: Any, open_bucket: str, anonymous: Any) -> None:
    s3.put_bucket_acl(Bucket=open_bucket, ACL="public-read-write")
    preferred = {"Rules": [{"ObjectOwnership": "BucketOwnerPreferred"}]}
    s3.put_bucket_ownership_controls(Bucket=open_bucket, OwnershipControls=preferred)
    anonymous.put_object(Bucket=open_bucket, Key="given", Body=b"1", ACL="bucket-owner-full-control")
    assert s3.get_object(Bucket=open_bucket, Key="given")["Body"].read() == b"1"
    assert s3.get_object_acl(Bucket=open_bucket, Key="given")["Owner"]["ID"] == s3.list_buckets()["Owner"]["ID"]
    anonymous.put_object(Bucket=open_bucket, Key="kept", Body=b"2")
    with api_error("AccessDenied", 403):
        s3.get_object(Bucket=open_bucket, Key="kept")
    # As soon as the owner is enforced, all is his.
    s3.put_bucket_acl(Bucket=open_bucket, ACL="private")
    enforced = {"Rules": [{"ObjectOwnership": "BucketOwnerEnforced"}]}
    s3.put_bucket_ownership_controls(Bucket=open_bucket, OwnershipControls=enforced)
    assert s3.get_object(Bucket=open_bucket, Key="kept")["Body"].read() == b"2"
    with api_error("AccessDenied", 403):
        anonymous.get_object(Bucket=open_bucket, Key="kept")


def test_an_upload_in_parts_is_its_initiator_s(s3: Any, open_bucket: str, anonymous: Any) -> None:
    s3.put_bucket_acl(Bucket=open_bucket, GrantWrite=ALL_USERS)
    upload = anonymous.create_multipart_upload(Bucket=open_bucket, Key="parts")["UploadId"]
    anonymous.upload_part(Bucket=open_bucket, Key="parts", UploadId=upload, PartNumber=1, Body=b"x")
    told = anonymous.list_parts(Bucket=open_bucket, Key="parts", UploadId=upload)
    assert (told["Initiator"]["ID"], told["Owner"]["ID"]) == (ANONYMOUS_ID, ANONYMOUS_ID)
    own = s3.create_multipart_upload(Bucket=open_bucket, Key="parts")["UploadId"]
    for refused in (anonymous.list_parts, anonymous.abort_multipart_upload):
        with api_error("AccessDenied", 403):
            refused(Bucket=open_bucket, Key="parts", UploadId=own)
    anonymous.abort_multipart_upload(Bucket=open_bucket, Key="parts", UploadId=upload)


def test_an_upload_in_parts_overwrites_no_more_than_another_write(s3: Any, open_bucket: str, anonymous: Any) -> None:
    s3.put_bucket_acl(Bucket=open_bucket, GrantWrite=ALL_USERS)
    upload = anonymous.create_multipart_upload(Bucket=open_bucket, Key="new")["UploadId"]
    part = anonymous.upload_part(Bucket=open_bucket, Key="new", UploadId=upload, PartNumber=1, Body=b"x")
    s3.put_object(Bucket=open_bucket, Key="new", Body=b"the owner's")
    with api_error("AccessDenied", 403):
        anonymous.complete_multipart_upload(
            Bucket=open_bucket,
            Key="new",
            UploadId=upload,
            MultipartUpload={"Parts": [{"PartNumber": 1, "ETag": part["ETag"]}]},
        )
    assert s3.get_object(Bucket=open_bucket, Key="new")["Body"].read() == b"the owner's"


def test_permissions_on_lists(s3: Any, open_bucket: str, anonymous: Any) -> None:
    owner = s3.list_buckets()["Owner"]["ID"]
    full = f'id="{owner}"'
    s3.put_bucket_acl(Bucket=open_bucket, GrantFullControl=full, GrantReadACP=ALL_USERS, GrantWriteACP=ALL_USERS)
    assert len(anonymous.get_bucket_acl(Bucket=open_bucket)["Grants"]) == 3
    anonymous.put_bucket_acl(Bucket=open_bucket, GrantFullControl=full, GrantWriteACP=ALL_USERS)
    with api_error("AccessDenied", 403):
        anonymous.get_bucket_acl(Bucket=open_bucket)
    s3.put_object_acl(Bucket=open_bucket, Key="k", GrantFullControl=f"{full}, {ALL_USERS}")
    assert anonymous.get_object_acl(Bucket=open_bucket, Key="k")["Owner"]["ID"] == owner
    anonymous.put_object_acl(Bucket=open_bucket, Key="k", ACL="private")
    with api_error("AccessDenied", 403):
        anonymous.get_object_acl(Bucket=open_bucket, Key="k")


def test_a_version_by_its_own_list(s3: Any, open_bucket: str, anonymous: Any) -> None:
    s3.put_bucket_versioning(Bucket=open_bucket, VersioningConfiguration={"Status": "Enabled"})
    first = s3.put_object(Bucket=open_bucket, Key="v", Body=b"1", ACL="public-read")["VersionId"]
    second = s3.put_object(Bucket=open_bucket, Key="v", Body=b"2")["VersionId"]
    assert anonymous.get_object(Bucket=open_bucket, Key="v", VersionId=first)["Body"].read() == b"1"
    for wanted in ({}, {"VersionId": second}):
        with api_error("AccessDenied", 403):
            anonymous.get_object(Bucket=open_bucket, Key="v", **wanted)


def test_a_policy_denies_what_a_list_gives(s3: Any, open_bucket: str, anonymous: Any) -> None:
    s3.put_object_acl(Bucket=open_bucket, Key="k", ACL="public-read")
    deny(s3, open_bucket, Action="s3:GetObject")
    with api_error("AccessDenied", 403):
        anonymous.get_object(Bucket=open_bucket, Key="k")
    s3.delete_bucket_policy(Bucket=open_bucket)
    anonymous.get_object(Bucket=open_bucket, Key="k")


def test_a_policy_can_ask_for_a_list(s3: Any, open_bucket: str) -> None:
    """The owner's own example: uploads only with full control for the bucket's owner."""
    condition = {"StringNotEquals": {"s3:x-amz-acl": "bucket-owner-full-control"}}
    deny(s3, open_bucket, Action="s3:PutObject", Condition=condition)
    for acl in ({}, {"ACL": "private"}):
        with api_error("AccessDenied", 403):
            s3.put_object(Bucket=open_bucket, Key="new", Body=b"", **acl)
    s3.put_object(Bucket=open_bucket, Key="new", Body=b"", ACL="bucket-owner-full-control")


def test_public_lists_can_be_ignored(s3: Any, open_bucket: str, anonymous: Any) -> None:
    s3.put_object_acl(Bucket=open_bucket, Key="k", ACL="public-read")
    s3.put_bucket_acl(Bucket=open_bucket, ACL="public-read")
    s3.put_public_access_block(Bucket=open_bucket, PublicAccessBlockConfiguration={"IgnorePublicAcls": True})
    for refused in (
        lambda: anonymous.get_object(Bucket=open_bucket, Key="k"),
        lambda: anonymous.list_objects_v2(Bucket=open_bucket),
    ):
        with api_error("AccessDenied", 403):
            refused()
    s3.delete_public_access_block(Bucket=open_bucket)
    anonymous.get_object(Bucket=open_bucket, Key="k")


def test_lists_mean_nothing_where_they_are_disabled(s3: Any, open_bucket: str, anonymous: Any) -> None:
    s3.put_object_acl(Bucket=open_bucket, Key="k", ACL="public-read")
    enforced = {"Rules": [{"ObjectOwnership": "BucketOwnerEnforced"}]}
    s3.put_bucket_ownership_controls(Bucket=open_bucket, OwnershipControls=enforced)
    with api_error("AccessDenied", 403):
        anonymous.get_object(Bucket=open_bucket, Key="k")


def test_a_link_shows_what_its_signer_may(s3: Any, open_bucket: str, anonymous: Any) -> None:
    s3.put_bucket_acl(Bucket=open_bucket, GrantWrite=ALL_USERS)
    anonymous.put_object(Bucket=open_bucket, Key="theirs", Body=b"x")
    link = s3.generate_presigned_url("get_object", Params={"Bucket": open_bucket, "Key": "theirs"})
    with pytest.raises(urllib.error.HTTPError) as caught:
        urllib.request.urlopen(link)
    assert caught.value.code == 403
    anonymous.put_object_acl(Bucket=open_bucket, Key="theirs", ACL="bucket-owner-read")
    assert urllib.request.urlopen(link).read() == b"x"


def post(url: str, fields: dict[str, str], file: bytes) -> int:
    body = b""
    for name, value in fields.items():
        body += f'--x\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n{value}\r\n'.encode()
    body += b'--x\r\nContent-Disposition: form-data; name="file"\r\n\r\n' + file + b"\r\n--x--\r\n"
    request = urllib.request.Request(url, body, {"Content-Type": "multipart/form-data; boundary=x"})
    try:
        return int(urllib.request.urlopen(request).status)
    except urllib.error.HTTPError as error:
        return error.code


def test_a_form_without_a_signature(s3: Any, open_bucket: str, anonymous: Any, server: Any) -> None:
    url = f"{server.endpoint}/{open_bucket}"
    assert post(url, {"key": "posted"}, b"1") == 403
    s3.put_bucket_acl(Bucket=open_bucket, GrantWrite=ALL_USERS)
    assert post(url, {"key": "posted", "acl": "public-read"}, b"1") == 204
    assert anonymous.get_object(Bucket=open_bucket, Key="posted")["Body"].read() == b"1"
    assert s3.get_object(Bucket=open_bucket, Key="posted")["Body"].read() == b"1"
    # Tags in a form need a permission that no list gives.
    tags = "<Tagging><TagSet><Tag><Key>a</Key><Value>b</Value></Tag></TagSet></Tagging>"
    assert post(url, {"key": "tagged", "tagging": tags}, b"1") == 403


def test_conditions_see_a_form_s_fields(s3: Any, open_bucket: str, server: Any) -> None:
    s3.put_bucket_acl(Bucket=open_bucket, GrantWrite=ALL_USERS)
    deny(s3, open_bucket, Action="s3:PutObject", Condition={"StringEquals": {"s3:x-amz-acl": "public-read"}})
    url = f"{server.endpoint}/{open_bucket}"
    assert post(url, {"key": "posted", "acl": "public-read"}, b"1") == 403
    assert post(url, {"key": "posted", "acl": "private"}, b"1") == 204
