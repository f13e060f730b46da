"""Access control lists as they are put and read.

https://docs.aws.amazon.com/AmazonS3/latest/API/API_PutBucketAcl.html
Errors as AWS was recorded by LocalStack (test_s3_bucket_acl_exceptions, test_s3_object_acl_exceptions).
"""

from __future__ import annotations

from typing import Any

import pytest

from tools.harness.clients import CommandLine
from tools.harness.expect import api_error

GROUPS = "http://acs.amazonaws.com/groups"
ALL_USERS = f"{GROUPS}/global/AllUsers"
AUTHENTICATED = f"{GROUPS}/global/AuthenticatedUsers"
LOG_DELIVERY = f"{GROUPS}/s3/LogDelivery"


@pytest.fixture
def open_bucket(s3: Any, bucket: str) -> str:
    """A bucket where ACLs count, public ones too, with an object "k"."""
    s3.put_bucket_ownership_controls(Bucket=bucket, OwnershipControls={"Rules": [{"ObjectOwnership": "ObjectWriter"}]})
    s3.delete_public_access_block(Bucket=bucket)
    s3.put_object(Bucket=bucket, Key="k", Body=b"bytes")
    return bucket


@pytest.fixture
def owner(s3: Any) -> str:
    return s3.list_buckets()["Owner"]["ID"]


def grants(acl: dict[str, Any]) -> list[tuple[str, str]]:
    """Who has what: groups by the last part of their URI."""
    names = []
    for grant in acl["Grants"]:
        grantee = grant["Grantee"]
        who = grantee["ID"] if grantee["Type"] == "CanonicalUser" else grantee["URI"].rsplit("/", 1)[1]
        names.append((who, grant["Permission"]))
    return names


CANNED = [
    ("private", []),
    ("public-read", [("AllUsers", "READ")]),
    ("public-read-write", [("AllUsers", "READ"), ("AllUsers", "WRITE")]),
    ("authenticated-read", [("AuthenticatedUsers", "READ")]),
]


@pytest.mark.parametrize(("name", "others"), CANNED)
def test_canned_ones(s3: Any, open_bucket: str, owner: str, name: str, others: list[tuple[str, str]]) -> None:
    wanted = [(owner, "FULL_CONTROL"), *others]
    s3.put_bucket_acl(Bucket=open_bucket, ACL=name)
    acl = s3.get_bucket_acl(Bucket=open_bucket)
    assert (grants(acl), acl["Owner"]["ID"]) == (wanted, owner)
    s3.put_object_acl(Bucket=open_bucket, Key="k", ACL=name)
    assert grants(s3.get_object_acl(Bucket=open_bucket, Key="k")) == wanted
    s3.put_object(Bucket=open_bucket, Key="with", Body=b"", ACL=name)
    assert grants(s3.get_object_acl(Bucket=open_bucket, Key="with")) == wanted


def test_a_bucket_that_logs_are_delivered_to(s3: Any, open_bucket: str, owner: str) -> None:
    """A canned one that the SDK's model leaves out."""
    s3.put_bucket_acl(Bucket=open_bucket, ACL="log-delivery-write")
    assert grants(s3.get_bucket_acl(Bucket=open_bucket)) == [
        (owner, "FULL_CONTROL"),
        ("LogDelivery", "WRITE"),
        ("LogDelivery", "READ_ACP"),
    ]
    with api_error("InvalidArgument", 400):
        s3.put_object_acl(Bucket=open_bucket, Key="k", ACL="log-delivery-write")


def test_those_for_the_bucket_s_owner_change_nothing_for_himself(s3: Any, open_bucket: str, owner: str) -> None:
    for name in ("bucket-owner-read", "bucket-owner-full-control"):
        s3.put_object_acl(Bucket=open_bucket, Key="k", ACL=name)
        assert grants(s3.get_object_acl(Bucket=open_bucket, Key="k")) == [(owner, "FULL_CONTROL")]


def test_aws_exec_read_names_ec2_s_reader(s3: Any, open_bucket: str) -> None:
    s3.put_object_acl(Bucket=open_bucket, Key="k", ACL="aws-exec-read")
    acl = s3.get_object_acl(Bucket=open_bucket, Key="k")
    [_, (reader, permission)] = grants(acl)
    assert (len(reader), permission) == (64, "READ")
    # What was read can be put again.
    s3.put_object_acl(Bucket=open_bucket, Key="k", AccessControlPolicy={k: acl[k] for k in ("Owner", "Grants")})


def test_grants_in_headers_are_all_that_there_is(s3: Any, open_bucket: str, owner: str) -> None:
    s3.put_bucket_acl(Bucket=open_bucket, GrantRead=f'uri="{LOG_DELIVERY}"')
    assert grants(s3.get_bucket_acl(Bucket=open_bucket)) == [("LogDelivery", "READ")]
    s3.put_object_acl(
        Bucket=open_bucket, Key="k", GrantFullControl=f'id="{owner}"', GrantRead=f"uri={ALL_USERS}, id={owner}"
    )
    assert grants(s3.get_object_acl(Bucket=open_bucket, Key="k")) == [
        (owner, "FULL_CONTROL"),
        ("AllUsers", "READ"),
        (owner, "READ"),
    ]


def test_documents(s3: Any, open_bucket: str, owner: str) -> None:
    document = {
        "Owner": {"ID": owner},
        "Grants": [
            {"Grantee": {"Type": "CanonicalUser", "ID": owner}, "Permission": "FULL_CONTROL"},
            {"Grantee": {"Type": "Group", "URI": LOG_DELIVERY}, "Permission": "WRITE"},
            {"Grantee": {"Type": "Group", "URI": AUTHENTICATED}, "Permission": "READ_ACP"},
        ],
    }
    wanted = [(owner, "FULL_CONTROL"), ("LogDelivery", "WRITE"), ("AuthenticatedUsers", "READ_ACP")]
    s3.put_bucket_acl(Bucket=open_bucket, AccessControlPolicy=document)
    assert grants(s3.get_bucket_acl(Bucket=open_bucket)) == wanted
    s3.put_object_acl(Bucket=open_bucket, Key="k", AccessControlPolicy=document)
    assert grants(s3.get_object_acl(Bucket=open_bucket, Key="k")) == wanted
    s3.put_object_acl(Bucket=open_bucket, Key="k", AccessControlPolicy=document | {"Grants": []})
    assert s3.get_object_acl(Bucket=open_bucket, Key="k").get("Grants", []) == []
    assert s3.get_object(Bucket=open_bucket, Key="k")["Body"].read() == b"bytes"


def error_of(call: Any, **arguments: Any) -> tuple[Any, ...]:
    from botocore.exceptions import ClientError

    with pytest.raises(ClientError) as caught:
        call(**arguments)
    error = caught.value.response["Error"]
    details = [error.get(name) for name in ("ArgumentName", "ArgumentValue", "MissingHeaderName") if name in error]
    return error["Code"], caught.value.response["ResponseMetadata"]["HTTPStatusCode"], *details


def test_what_s3_refuses(s3: Any, open_bucket: str, owner: str) -> None:
    fake = f"{GROUPS}/s3/FakeGroup"
    group = {"Grantee": {"Type": "Group", "URI": LOG_DELIVERY}, "Permission": "WRITE"}
    user = {"Grantee": {"Type": "CanonicalUser", "ID": owner}, "Permission": "FULL_CONTROL"}
    mail = {"Grantee": {"Type": "AmazonCustomerByEmail", "EmailAddress": "a@b.example"}, "Permission": "READ"}

    def document(*entries: dict[str, Any], by: str | None = owner) -> dict[str, Any]:
        whole: dict[str, Any] = {"Grants": list(entries)}
        if by:
            whole["Owner"] = {"ID": by}
        return {"AccessControlPolicy": whole}

    def changed(entry: dict[str, Any], **grantee: str) -> dict[str, Any]:
        return entry | {"Grantee": grantee}

    cases: list[tuple[dict[str, Any], tuple[Any, ...]]] = [
        ({"ACL": "fake-acl"}, ("InvalidArgument", 400, "x-amz-acl", "fake-acl")),
        ({"GrantWrite": f'uri="{fake}"'}, ("InvalidArgument", 400, "uri", fake)),
        (
            {"GrantWrite": 'fakekey="1234"'},
            ("InvalidArgument", 400, "x-amz-grant-write", 'fakekey="1234"'),
        ),
        ({"GrantWrite": 'id="wrong-id"'}, ("InvalidArgument", 400, "id", "wrong-id")),
        ({"GrantRead": "emailAddress=a@b.example"}, ("MethodNotAllowed", 405)),
        (document(group, by=None), ("MalformedACLError", 400)),
        (document(group | {"Permission": "WRONG"}), ("MalformedACLError", 400)),
        (document(group, by="wrong-id"), ("InvalidArgument", 400, "CanonicalUser/ID", "wrong-id")),
        (document(changed(group, Type="Group", URI=fake)), ("InvalidArgument", 400, "Group/URI", fake)),
        (
            document(changed(user, Type="CanonicalUser", ID="wrong-id")),
            ("InvalidArgument", 400, "CanonicalUser/ID", "wrong-id"),
        ),
        (document(changed(user, Type="BadType", ID=owner)), ("MalformedACLError", 400)),
        (document(mail), ("MethodNotAllowed", 405)),
        (document(*([user] * 101)), ("MalformedACLError", 400)),
        ({"AccessControlPolicy": {}}, ("MalformedACLError", 400)),
        ({}, ("MissingSecurityHeader", 400, "x-amz-acl")),
        ({"ACL": "private", "GrantRead": f'uri="{LOG_DELIVERY}"'}, ("InvalidRequest", 400)),
        ({"ACL": "private"} | document(user), ("UnexpectedContent", 400)),
    ]
    for arguments, wanted in cases:
        found = error_of(s3.put_bucket_acl, Bucket=open_bucket, **arguments)
        assert found[: len(wanted)] == wanted, arguments
        found = error_of(s3.put_object_acl, Bucket=open_bucket, Key="k", **arguments)
        assert found[: len(wanted)] == wanted, arguments
    assert grants(s3.get_bucket_acl(Bucket=open_bucket)) == [(owner, "FULL_CONTROL")]


def test_of_versions(s3: Any, open_bucket: str, owner: str) -> None:
    s3.put_bucket_versioning(Bucket=open_bucket, VersioningConfiguration={"Status": "Enabled"})
    first = s3.put_object(Bucket=open_bucket, Key="v", Body=b"1")["VersionId"]
    s3.put_object(Bucket=open_bucket, Key="v", Body=b"2")
    s3.put_object_acl(Bucket=open_bucket, Key="v", VersionId=first, ACL="public-read")
    assert len(grants(s3.get_object_acl(Bucket=open_bucket, Key="v", VersionId=first))) == 2
    assert grants(s3.get_object_acl(Bucket=open_bucket, Key="v")) == [(owner, "FULL_CONTROL")]
    marker = s3.delete_object(Bucket=open_bucket, Key="v")["VersionId"]
    with api_error("MethodNotAllowed", 405):
        s3.put_object_acl(Bucket=open_bucket, Key="v", ACL="private")
    with api_error("NoSuchKey", 404):
        s3.get_object_acl(Bucket=open_bucket, Key="v")
    for call, more in ((s3.put_object_acl, {"ACL": "private"}), (s3.get_object_acl, {})):
        with api_error("MethodNotAllowed", 405):
            call(Bucket=open_bucket, Key="v", VersionId=marker, **more)


def test_a_copy_has_its_own(s3: Any, open_bucket: str, owner: str) -> None:
    s3.put_object_acl(Bucket=open_bucket, Key="k", ACL="public-read")
    source = {"Bucket": open_bucket, "Key": "k"}
    s3.copy_object(Bucket=open_bucket, Key="plain", CopySource=source)
    assert grants(s3.get_object_acl(Bucket=open_bucket, Key="plain")) == [(owner, "FULL_CONTROL")]
    s3.copy_object(Bucket=open_bucket, Key="given", CopySource=source, ACL="authenticated-read")
    assert grants(s3.get_object_acl(Bucket=open_bucket, Key="given"))[1] == ("AuthenticatedUsers", "READ")


def test_an_upload_in_parts_brings_it(s3: Any, open_bucket: str) -> None:
    upload = s3.create_multipart_upload(Bucket=open_bucket, Key="big", ACL="public-read")["UploadId"]
    part = s3.upload_part(Bucket=open_bucket, Key="big", UploadId=upload, PartNumber=1, Body=b"x")
    s3.complete_multipart_upload(
        Bucket=open_bucket,
        Key="big",
        UploadId=upload,
        MultipartUpload={"Parts": [{"PartNumber": 1, "ETag": part["ETag"]}]},
    )
    assert grants(s3.get_object_acl(Bucket=open_bucket, Key="big"))[1] == ("AllUsers", "READ")


def test_overwriting_an_object_takes_its_list_away(s3: Any, open_bucket: str, owner: str) -> None:
    s3.put_object_acl(Bucket=open_bucket, Key="k", ACL="public-read")
    s3.put_object(Bucket=open_bucket, Key="k", Body=b"new")
    assert grants(s3.get_object_acl(Bucket=open_bucket, Key="k")) == [(owner, "FULL_CONTROL")]


def test_public_lists_can_be_blocked(s3: Any, open_bucket: str) -> None:
    s3.put_public_access_block(Bucket=open_bucket, PublicAccessBlockConfiguration={"BlockPublicAcls": True})
    for call in (
        lambda acl: s3.put_bucket_acl(Bucket=open_bucket, ACL=acl),
        lambda acl: s3.put_object_acl(Bucket=open_bucket, Key="k", ACL=acl),
        lambda acl: s3.put_object(Bucket=open_bucket, Key="new", Body=b"", ACL=acl),
        lambda acl: s3.create_multipart_upload(Bucket=open_bucket, Key="new", ACL=acl),
        lambda acl: s3.copy_object(
            Bucket=open_bucket, Key="new", CopySource={"Bucket": open_bucket, "Key": "k"}, ACL=acl
        ),
    ):
        for acl in ("public-read", "authenticated-read"):
            with api_error("AccessDenied", 403) as caught:
                call(acl)
            assert "BlockPublicAcls" in caught.value.response["Error"]["Message"]
    s3.put_object(Bucket=open_bucket, Key="new", Body=b"", ACL="private")
    s3.put_bucket_acl(Bucket=open_bucket, GrantFullControl=f'id="{s3.list_buckets()["Owner"]["ID"]}"')


def test_of_new_buckets(s3: Any, bucket_name: str, owner: str) -> None:
    for arguments, code in (
        ({"ACL": "public-read"}, "InvalidBucketAclWithObjectOwnership"),
        ({"GrantRead": f'uri="{LOG_DELIVERY}"'}, "InvalidBucketAclWithObjectOwnership"),
        ({"ACL": "public-read", "ObjectOwnership": "ObjectWriter"}, "InvalidBucketAclWithBlockPublicAccessError"),
        ({"ObjectOwnership": "RandomValue"}, "InvalidArgument"),
    ):
        with api_error(code, 400):
            s3.create_bucket(Bucket=bucket_name, **arguments)
    s3.create_bucket(Bucket=bucket_name, ObjectOwnership="BucketOwnerPreferred", GrantWrite=f'uri="{LOG_DELIVERY}"')
    try:
        assert grants(s3.get_bucket_acl(Bucket=bucket_name)) == [("LogDelivery", "WRITE")]
        controls = s3.get_bucket_ownership_controls(Bucket=bucket_name)["OwnershipControls"]
        assert controls == {"Rules": [{"ObjectOwnership": "BucketOwnerPreferred"}]}
    finally:
        s3.delete_bucket(Bucket=bucket_name)


def test_with_the_command_line(cli: CommandLine, s3: Any, open_bucket: str, owner: str) -> None:
    cli.aws("s3api", "put-bucket-acl", "--bucket", open_bucket, "--grant-read-acp", f"uri={ALL_USERS}")
    cli.aws("s3api", "put-object-acl", "--bucket", open_bucket, "--key", "k", "--acl", "public-read")
    assert ALL_USERS in cli.aws("s3api", "get-object-acl", "--bucket", open_bucket, "--key", "k").stdout
    assert "READ_ACP" in cli.aws("s3api", "get-bucket-acl", "--bucket", open_bucket).stdout
    cli.aws("s3", "cp", f"s3://{open_bucket}/k", f"s3://{open_bucket}/copy", "--acl", "authenticated-read")
    assert grants(s3.get_object_acl(Bucket=open_bucket, Key="copy"))[1] == ("AuthenticatedUsers", "READ")
