"""Users, their tags and their access keys."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import pytest

from tests.iam.conftest import ALLOW_ALL, TRUST_EC2, message
from tools.harness.clients import CommandLine
from tools.harness.expect import api_error

Name = Callable[[], str]


def test_create_and_get(iam: Any, name: Name) -> None:
    made = iam.create_user(UserName=name(), Path="/team/a/", Tags=[{"Key": "k", "Value": "v"}])["User"]
    assert re.fullmatch(r"AIDA[A-Z2-7]{17}", made["UserId"])
    assert made["Arn"].endswith(f":user/team/a/{made['UserName']}")
    found = iam.get_user(UserName=made["UserName"])["User"]
    assert found == made
    assert found["Tags"] == [{"Key": "k", "Value": "v"}]


def test_the_root_is_the_default(iam: Any) -> None:
    root = iam.get_user()["User"]
    assert root["Arn"] == f"arn:aws:iam::{root['UserId']}:root"


def test_missing_user(iam: Any) -> None:
    with api_error("NoSuchEntity", 404) as caught:
        iam.get_user(UserName="nobody")
    assert message(caught) == "The user with name nobody cannot be found."


def test_names_are_unique_without_case(iam: Any, user: str) -> None:
    with api_error("EntityAlreadyExists", 409) as caught:
        iam.create_user(UserName=user.lower())
    assert message(caught) == f"User with name {user.lower()} already exists."


@pytest.mark.parametrize("bad", ["a b", "a/b", "ü"])
def test_bad_names(iam: Any, bad: str) -> None:
    with api_error("ValidationError", 400):
        iam.create_user(UserName=bad)


# IAM's own words, not the usual ones: https://github.com/aws-cloudformation/cfn-lint/issues/722,
# https://github.com/aws/aws-cli/issues/5860
def test_how_bad_names_and_paths_are_told(iam: Any, name: Name) -> None:
    def of(member: str, rule: str) -> str:
        return f"The specified value for {member} is invalid. It must {rule}"

    letters = "contain only alphanumeric characters and/or the following: +=,.@_-"
    path = "begin and end with / and contain only alphanumeric characters and/or / characters."
    prefix = "begin with the / character and contain only alphanumeric characters and/or / characters."
    for call, told in (
        (lambda: iam.create_user(UserName="a b"), of("userName", letters)),
        (lambda: iam.create_group(GroupName="a:b"), of("groupName", letters)),
        (lambda: iam.create_role(RoleName="a/b", AssumeRolePolicyDocument=TRUST_EC2), of("roleName", letters)),
        (lambda: iam.create_policy(PolicyName="a b", PolicyDocument=ALLOW_ALL), of("policyName", letters)),
        (lambda: iam.create_instance_profile(InstanceProfileName="ü"), of("instanceProfileName", letters)),
        (lambda: iam.create_user(UserName=name(), Path="team"), of("path", path)),
        (lambda: iam.create_user(UserName=name(), Path="/a//b/"), of("path", path)),
        (lambda: iam.list_users(PathPrefix="team/"), of("pathPrefix", prefix)),
        (lambda: iam.list_policies(PathPrefix="/team"), of("pathPrefix", prefix)),
    ):
        with api_error("ValidationError", 400) as caught:
            call()
        assert message(caught) == told
    # Lengths, and more than one breach, are told as everywhere.
    with api_error("ValidationError", 400) as caught:
        iam.create_user(UserName="a" * 65, Path="team")
    assert message(caught).startswith("2 validation errors detected: Value ")


def test_times_are_whole_seconds(iam: Any, user: str) -> None:
    key = iam.create_access_key(UserName=user)["AccessKey"]
    assert key["CreateDate"].microsecond == iam.get_user(UserName=user)["User"]["CreateDate"].microsecond == 0


# Terraform's force_destroy and scripts that empty an account ask for them, and go no further without an answer.
def test_there_are_no_service_specific_credentials(iam: Any, user: str) -> None:
    assert iam.list_service_specific_credentials(UserName=user)["ServiceSpecificCredentials"] == []
    with api_error("NoSuchEntity", 404):
        iam.list_service_specific_credentials(UserName="nobody")


def test_list_by_path_in_pages(iam: Any, name: Name) -> None:
    path = f"/{name()}/"
    names = sorted(iam.create_user(UserName=name(), Path=path)["User"]["UserName"] for _ in range(5))
    first = iam.list_users(PathPrefix=path, MaxItems=2)
    assert first["IsTruncated"]
    assert [u["UserName"] for u in first["Users"]] == names[:2]
    pages = iam.get_paginator("list_users").paginate(PathPrefix=path, PaginationConfig={"PageSize": 2})
    assert [u["UserName"] for page in pages for u in page["Users"]] == names
    with api_error("ValidationError", 400):
        iam.list_users(Marker="not one of ours!")


def test_rename_takes_everything_along(iam: Any, user: str, group: str, policy: str, name: Name) -> None:
    key = iam.create_access_key(UserName=user)["AccessKey"]["AccessKeyId"]
    iam.add_user_to_group(GroupName=group, UserName=user)
    iam.attach_user_policy(UserName=user, PolicyArn=policy)
    iam.put_user_policy(UserName=user, PolicyName="p", PolicyDocument=ALLOW_ALL)
    new = name()
    iam.update_user(UserName=user, NewUserName=new, NewPath="/moved/")
    with api_error("NoSuchEntity", 404):
        iam.get_user(UserName=user)
    assert iam.get_user(UserName=new)["User"]["Path"] == "/moved/"
    assert [k["AccessKeyId"] for k in iam.list_access_keys(UserName=new)["AccessKeyMetadata"]] == [key]
    assert iam.get_access_key_last_used(AccessKeyId=key)["UserName"] == new
    assert [u["UserName"] for u in iam.get_group(GroupName=group)["Users"]] == [new]
    assert [p["PolicyArn"] for p in iam.list_attached_user_policies(UserName=new)["AttachedPolicies"]] == [policy]
    assert iam.list_user_policies(UserName=new)["PolicyNames"] == ["p"]
    assert [u["UserName"] for u in iam.list_entities_for_policy(PolicyArn=policy)["PolicyUsers"]] == [new]


def test_delete_conflicts(iam: Any, user: str, group: str, policy: str) -> None:
    key = iam.create_access_key(UserName=user)["AccessKey"]["AccessKeyId"]
    iam.add_user_to_group(GroupName=group, UserName=user)
    iam.attach_user_policy(UserName=user, PolicyArn=policy)
    iam.put_user_policy(UserName=user, PolicyName="p", PolicyDocument=ALLOW_ALL)
    undo = [
        ("must delete access keys first", lambda: iam.delete_access_key(UserName=user, AccessKeyId=key)),
        ("must remove users from group first", lambda: iam.remove_user_from_group(GroupName=group, UserName=user)),
        ("must detach all policies first", lambda: iam.detach_user_policy(UserName=user, PolicyArn=policy)),
        ("must delete policies first", lambda: iam.delete_user_policy(UserName=user, PolicyName="p")),
    ]
    for expected, step in undo:
        with api_error("DeleteConflict", 409) as caught:
            iam.delete_user(UserName=user)
        assert expected in message(caught)
        step()
    iam.delete_user(UserName=user)
    with api_error("NoSuchEntity", 404):
        iam.get_user(UserName=user)


def test_tags(iam: Any, user: str) -> None:
    iam.tag_user(UserName=user, Tags=[{"Key": "b", "Value": "1"}, {"Key": "A", "Value": "2"}])
    iam.tag_user(UserName=user, Tags=[{"Key": "B", "Value": "3"}])
    assert iam.list_user_tags(UserName=user)["Tags"] == [{"Key": "A", "Value": "2"}, {"Key": "B", "Value": "3"}]
    with api_error("InvalidInput", 400):
        iam.tag_user(UserName=user, Tags=[{"Key": "x", "Value": "1"}, {"Key": "X", "Value": "2"}])
    iam.untag_user(UserName=user, TagKeys=["b"])
    assert iam.list_user_tags(UserName=user)["Tags"] == [{"Key": "A", "Value": "2"}]
    many = [{"Key": f"k{i}", "Value": ""} for i in range(50)]
    with api_error("LimitExceeded", 409):
        iam.tag_user(UserName=user, Tags=many)


def test_access_keys(iam: Any, user: str) -> None:
    keys = [iam.create_access_key(UserName=user)["AccessKey"] for _ in range(2)]
    assert all(re.fullmatch(r"AKIA[A-Z2-7]{16}", key["AccessKeyId"]) for key in keys)
    assert all(len(key["SecretAccessKey"]) == 40 and key["Status"] == "Active" for key in keys)
    with api_error("LimitExceeded", 409) as caught:
        iam.create_access_key(UserName=user)
    assert message(caught) == "Cannot exceed quota for AccessKeysPerUser: 2"
    first = keys[0]["AccessKeyId"]
    iam.update_access_key(UserName=user, AccessKeyId=first, Status="Inactive")
    listed = {k["AccessKeyId"]: k for k in iam.list_access_keys(UserName=user)["AccessKeyMetadata"]}
    assert listed[first]["Status"] == "Inactive"
    assert "SecretAccessKey" not in listed[first]
    used = iam.get_access_key_last_used(AccessKeyId=first)
    assert used["UserName"] == user
    assert used["AccessKeyLastUsed"] == {"ServiceName": "N/A", "Region": "N/A"}
    iam.delete_access_key(UserName=user, AccessKeyId=first)
    with api_error("NoSuchEntity", 404) as caught:
        iam.delete_access_key(UserName=user, AccessKeyId=first)
    assert message(caught) == f"The Access Key with id {first} cannot be found."


def test_secrets_are_not_on_the_disk(iam: Any, user: str, server: Any) -> None:
    secret = iam.create_access_key(UserName=user)["AccessKey"]["SecretAccessKey"].encode()
    files = [path for path in server.home.parent.rglob("*") if path.is_file()]
    assert len(files) > 3
    assert not [path for path in files if secret in path.read_bytes()]


def test_command_line(cli: CommandLine, name: Name) -> None:
    user = name()
    assert f"user/{user}" in cli.aws("iam", "create-user", "--user-name", user).stdout
    assert user in cli.aws("iam", "list-users", "--output", "text").stdout
    cli.aws("iam", "delete-user", "--user-name", user)
    failed = cli.aws("iam", "get-user", "--user-name", user, check=False)
    assert failed.returncode != 0
    assert "NoSuchEntity" in failed.stderr
