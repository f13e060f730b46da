"""What the account holds: its summary, everything in one list, the credential report.

https://docs.aws.amazon.com/IAM/latest/UserGuide/id_credentials_getting-report.html
"""

from __future__ import annotations

import csv
import io
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from botocore.exceptions import ClientError

from tests.iam.conftest import ALLOW_ALL, TRUST_EC2
from tools.harness.clients import boto_client
from tools.harness.expect import api_error
from tools.harness.identities import with_keys
from tools.harness.server import Server

Name = Callable[[], str]

COLUMNS = (
    "user arn user_creation_time password_enabled password_last_used password_last_changed password_next_rotation "
    "mfa_active access_key_1_active access_key_1_last_rotated access_key_1_last_used_date "
    "access_key_1_last_used_region access_key_1_last_used_service access_key_2_active access_key_2_last_rotated "
    "access_key_2_last_used_date access_key_2_last_used_region access_key_2_last_used_service cert_1_active "
    "cert_1_last_rotated cert_2_active cert_2_last_rotated"
).split()


def everything(iam: Any, **wanted: Any) -> dict[str, list[dict[str, Any]]]:
    lists: dict[str, list[dict[str, Any]]] = {}
    pages = iam.get_paginator("get_account_authorization_details").paginate(**wanted)
    for page in pages:
        for kind in ("UserDetailList", "GroupDetailList", "RoleDetailList", "Policies"):
            lists.setdefault(kind, []).extend(page[kind])
    return lists


def test_everything_in_one_list(iam: Any, name: Name, user: str, group: str, policy: str) -> None:
    role, profile = name(), name()
    iam.create_role(RoleName=role, AssumeRolePolicyDocument=TRUST_EC2, PermissionsBoundary=policy)
    iam.create_instance_profile(InstanceProfileName=profile)
    iam.add_role_to_instance_profile(InstanceProfileName=profile, RoleName=role)
    iam.add_user_to_group(GroupName=group, UserName=user)
    iam.put_user_policy(UserName=user, PolicyName="inline", PolicyDocument=ALLOW_ALL)
    iam.attach_group_policy(GroupName=group, PolicyArn=policy)
    iam.attach_user_policy(UserName=user, PolicyArn="arn:aws:iam::aws:policy/ReadOnlyAccess")
    iam.create_policy_version(PolicyArn=policy, PolicyDocument=ALLOW_ALL)
    for page_size in (3, 1000):
        lists = everything(iam, PaginationConfig={"PageSize": page_size})
        (mine,) = [u for u in lists["UserDetailList"] if u["UserName"] == user]
        assert mine["GroupList"] == [group]
        assert [p["PolicyName"] for p in mine["UserPolicyList"]] == ["inline"]
        assert mine["UserPolicyList"][0]["PolicyDocument"]["Statement"][0]["Action"] == "s3:*"
        assert [p["PolicyName"] for p in mine["AttachedManagedPolicies"]] == ["ReadOnlyAccess"]
        (its_group,) = [g for g in lists["GroupDetailList"] if g["GroupName"] == group]
        assert [p["PolicyArn"] for p in its_group["AttachedManagedPolicies"]] == [policy]
        (its_role,) = [r for r in lists["RoleDetailList"] if r["RoleName"] == role]
        assert its_role["PermissionsBoundary"]["PermissionsBoundaryArn"] == policy
        assert [p["InstanceProfileName"] for p in its_role["InstanceProfileList"]] == [profile]
        (managed,) = [p for p in lists["Policies"] if p["Arn"] == policy]
        assert (managed["AttachmentCount"], managed["PermissionsBoundaryUsageCount"]) == (1, 1)
        assert [(v["VersionId"], v["IsDefaultVersion"]) for v in managed["PolicyVersionList"]] == [
            ("v2", False),
            ("v1", True),
        ]
        # Of AWS's own those that are used.
        of_aws = [p for p in lists["Policies"] if p["Arn"].startswith("arn:aws:iam::aws:")]
        assert "ReadOnlyAccess" in [p["PolicyName"] for p in of_aws]
        assert all(p["AttachmentCount"] + p["PermissionsBoundaryUsageCount"] > 0 for p in of_aws)
    only = everything(iam, Filter=["Group"])
    assert group in [g["GroupName"] for g in only["GroupDetailList"]]
    assert only["UserDetailList"] == only["RoleDetailList"] == only["Policies"] == []
    iam.detach_user_policy(UserName=user, PolicyArn="arn:aws:iam::aws:policy/ReadOnlyAccess")


def test_the_summary_counts(iam: Any, name: Name) -> None:
    def numbers() -> dict[str, int]:
        return dict(iam.get_account_summary()["SummaryMap"])

    before = numbers()
    iam.create_user(UserName=name())
    iam.create_group(GroupName=name())
    iam.create_role(RoleName=name(), AssumeRolePolicyDocument=TRUST_EC2)
    iam.create_policy(PolicyName=name(), PolicyDocument=ALLOW_ALL)
    iam.create_virtual_mfa_device(VirtualMFADeviceName=name())
    after = numbers()
    assert {key: after[key] - before[key] for key in after if after[key] != before[key]} == {
        "Users": 1,
        "Groups": 1,
        "Roles": 1,
        "Policies": 1,
        "PolicyVersionsInUse": 1,
        "MFADevices": 1,
    }


def test_the_credential_report(make_server: Callable[..., Server]) -> None:
    server = make_server()
    iam = boto_client(server, "iam")
    with pytest.raises(ClientError) as caught:
        iam.get_credential_report()
    assert caught.value.response["Error"]["Code"] == "ReportNotPresent"
    assert caught.value.response["ResponseMetadata"]["HTTPStatusCode"] == 410
    iam.create_user(UserName="bare")
    iam.create_user(UserName="full", Path="/team/")
    iam.create_login_profile(UserName="full", Password="Correct-Horse-7")
    iam.update_account_password_policy(MinimumPasswordLength=8, MaxPasswordAge=30)
    keys = iam.create_access_key(UserName="full")["AccessKey"]
    second = iam.create_access_key(UserName="full")["AccessKey"]
    iam.update_access_key(UserName="full", AccessKeyId=second["AccessKeyId"], Status="Inactive")
    own = {"aws_access_key_id": keys["AccessKeyId"], "aws_secret_access_key": keys["SecretAccessKey"]}
    boto_client(server, "sts", **own).get_caller_identity()
    assert iam.generate_credential_report()["State"] == "STARTED"
    assert iam.generate_credential_report()["State"] == "COMPLETE"
    report = iam.get_credential_report()
    assert report["ReportFormat"] == "text/csv"
    assert datetime.now(UTC) - report["GeneratedTime"] < timedelta(minutes=1)
    rows = list(csv.DictReader(io.StringIO(report["Content"].decode())))
    assert list(rows[0]) == COLUMNS
    assert [row["user"] for row in rows] == ["<root_account>", "bare", "full"]
    root, bare, full = rows
    assert root["arn"].endswith(":root") and root["access_key_1_active"] == "true"
    assert (root["password_enabled"], root["access_key_1_last_used_service"]) == ("not_supported", "iam")
    assert bare["arn"].endswith(":user/bare")
    assert set(list(bare.values())[3:]) == {"false", "N/A"}
    assert full["arn"].endswith(":user/team/full")
    assert (full["password_enabled"], full["password_last_used"]) == ("true", "no_information")
    changed, due = (datetime.fromisoformat(full[f"password_{what}"]) for what in ("last_changed", "next_rotation"))
    assert due - changed == timedelta(days=30)
    by_state = {full[f"access_key_{n}_active"]: n for n in (1, 2)}
    assert full[f"access_key_{by_state['true']}_last_used_service"] == "sts"
    assert full[f"access_key_{by_state['false']}_last_used_service"] == "N/A"
    assert full["mfa_active"] == "false"


def test_when_a_key_was_used_outlives_a_restart(make_server: Callable[..., Server]) -> None:
    server = make_server()
    iam = boto_client(server, "iam")
    iam.create_user(UserName="ann")
    keys = iam.create_access_key(UserName="ann")["AccessKey"]
    own = {"aws_access_key_id": keys["AccessKeyId"], "aws_secret_access_key": keys["SecretAccessKey"]}
    unused = iam.get_access_key_last_used(AccessKeyId=keys["AccessKeyId"])
    assert unused["AccessKeyLastUsed"] == {"ServiceName": "N/A", "Region": "N/A"}
    with api_error("AccessDenied", 403):
        boto_client(server, "s3", **own).list_buckets()
    used = iam.get_access_key_last_used(AccessKeyId=keys["AccessKeyId"])
    assert (used["UserName"], used["AccessKeyLastUsed"]["ServiceName"]) == ("ann", "s3")
    assert datetime.now(UTC) - used["AccessKeyLastUsed"]["LastUsedDate"] < timedelta(minutes=1)
    server.stop()
    server.start()
    again = boto_client(server, "iam").get_access_key_last_used(AccessKeyId=keys["AccessKeyId"])
    assert again["AccessKeyLastUsed"] == used["AccessKeyLastUsed"]


def test_when_a_role_was_used(iam: Any, client: Callable[..., Any], name: Name, user: str) -> None:
    arn = iam.get_user(UserName=user)["User"]["Arn"]
    trusts = TRUST_EC2.replace('{"Service":"ec2.amazonaws.com"}', f'{{"AWS":"{arn}"}}')
    role = iam.create_role(RoleName=name(), AssumeRolePolicyDocument=trusts)["Role"]
    assert iam.get_role(RoleName=role["RoleName"])["Role"]["RoleLastUsed"] == {}
    keys = iam.create_access_key(UserName=user)["AccessKey"]
    sts = with_keys(client, "sts", keys)
    made = sts.assume_role(RoleArn=role["Arn"], RoleSessionName="work")["Credentials"]
    session = client(
        "sts",
        aws_access_key_id=made["AccessKeyId"],
        aws_secret_access_key=made["SecretAccessKey"],
        aws_session_token=made["SessionToken"],
    )
    session.get_caller_identity()
    used = iam.get_role(RoleName=role["RoleName"])["Role"]["RoleLastUsed"]
    assert datetime.now(UTC) - used["LastUsedDate"] < timedelta(minutes=1)
    assert used["Region"] == "us-east-1"


def test_tokens_are_valid_in_all_regions(iam: Any) -> None:
    iam.set_security_token_service_preferences(GlobalEndpointTokenVersion="v2Token")
    assert iam.get_account_summary()["SummaryMap"]["GlobalEndpointTokenVersion"] == 2
    with api_error("NotImplemented", 501):
        iam.set_security_token_service_preferences(GlobalEndpointTokenVersion="v1Token")
    assert iam.get_account_summary()["SummaryMap"]["GlobalEndpointTokenVersion"] == 2
