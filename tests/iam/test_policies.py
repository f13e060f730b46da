"""Managed and inline policies, versions, attachments, boundaries."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

from tests.iam.conftest import ALLOW_ALL, message
from tools.harness.expect import api_error

Name = Callable[[], str]
READ_ONLY = "arn:aws:iam::aws:policy/AmazonS3ReadOnlyAccess"


def test_versions(iam: Any, policy: str) -> None:
    for number in range(2, 6):
        made = iam.create_policy_version(PolicyArn=policy, PolicyDocument=ALLOW_ALL, SetAsDefault=number == 2)
        assert made["PolicyVersion"]["VersionId"] == f"v{number}"
    with api_error("LimitExceeded", 409):
        iam.create_policy_version(PolicyArn=policy, PolicyDocument=ALLOW_ALL)
    assert iam.get_policy(PolicyArn=policy)["Policy"]["DefaultVersionId"] == "v2"
    with api_error("DeleteConflict", 409) as caught:
        iam.delete_policy_version(PolicyArn=policy, VersionId="v2")
    assert message(caught) == "Cannot delete the default version of a policy."
    iam.set_default_policy_version(PolicyArn=policy, VersionId="v1")
    with api_error("DeleteConflict", 409):
        iam.delete_policy(PolicyArn=policy)
    for number in range(2, 6):
        iam.delete_policy_version(PolicyArn=policy, VersionId=f"v{number}")
    assert iam.create_policy_version(PolicyArn=policy, PolicyDocument=ALLOW_ALL)["PolicyVersion"]["VersionId"] == "v6"
    listed = iam.list_policy_versions(PolicyArn=policy)["Versions"]
    assert [(v["VersionId"], v["IsDefaultVersion"]) for v in listed] == [("v6", False), ("v1", True)]
    document = iam.get_policy_version(PolicyArn=policy, VersionId="v1")["PolicyVersion"]["Document"]
    assert document == json.loads(ALLOW_ALL)
    with api_error("NoSuchEntity", 404):
        iam.get_policy_version(PolicyArn=policy, VersionId="v9")


IAM_WRITE = {"Sid": "Write", "Effect": "Allow", "Action": "s3:PutObject", "Resource": "*"}


def statements(*them: dict[str, Any]) -> str:
    return json.dumps({"Version": "2012-10-17", "Statement": list(them)})


# The messages are AWS's; the place is in the element Detail, which AWS doesn't have.
@pytest.mark.parametrize(
    ("document", "told", "place"),
    [
        ("{", "Syntax errors in policy.", "line 1, column 2"),
        ('{"Version":"2012-10-17",\n "Statement":[,]}', "Syntax errors in policy.", "line 2, column 15"),
        ("{}", "Syntax errors in policy.", "Statement"),
        (
            statements(IAM_WRITE | {"Effects": "Allow"}),
            "Syntax errors in policy.",
            'Statement[0] (Sid "Write"), Effects',
        ),
        (
            statements(IAM_WRITE, {"Effect": "Maybe", "Action": "*", "Resource": "*"}),
            "Syntax errors in policy.",
            "Statement[1], Effect",
        ),
        (
            statements(IAM_WRITE | {"Action": "PutObject"}),
            "Actions/Conditions must be prefaced by a vendor, e.g., iam, sdb, ec2, etc.",
            'Statement[0] (Sid "Write"), Action',
        ),
        (
            statements(IAM_WRITE | {"Resource": "bucket"}),
            'Resource bucket must be in ARN format or "*".',
            'Statement[0] (Sid "Write"), Resource',
        ),
        (
            statements(IAM_WRITE | {"Condition": {"StringEqualz": {"aws:username": "x"}}}),
            "Syntax errors in policy.",
            'Statement[0] (Sid "Write"), Condition, StringEqualz',
        ),
        (
            statements(IAM_WRITE | {"Condition": {"IpAddress": {"aws:SourceIp": "here"}}}),
            "The policy failed legacy parsing",
            'Statement[0] (Sid "Write"), Condition, IpAddress, aws:SourceIp',
        ),
        (
            statements(IAM_WRITE | {"Principal": "*"}),
            "Policy document should not specify a principal.",
            'Statement[0] (Sid "Write"), Principal',
        ),
    ],
)
def test_malformed_documents(iam: Any, user: str, name: Name, document: str, told: str, place: str) -> None:
    for call in (
        lambda: iam.create_policy(PolicyName=name(), PolicyDocument=document),
        lambda: iam.put_user_policy(UserName=user, PolicyName="p", PolicyDocument=document),
    ):
        with api_error("MalformedPolicyDocument", 400) as caught:
            call()
        assert (message(caught), caught.value.response["Error"]["Detail"]) == (told, place)


# As recorded from AWS: https://github.com/localstack/localstack (tests/aws/services/iam/test_iam.snapshot.json).
def test_a_trust_policy_that_is_no_json(iam: Any, role: str, name: Name) -> None:
    document = '{"Version":"2012-10-17","Statement":[{"Action":"sts:AssumeRole","Principal":"*","Effect":"Allow",}]}'
    for call in (
        lambda: iam.create_role(RoleName=name(), AssumeRolePolicyDocument=document),
        lambda: iam.update_assume_role_policy(RoleName=role, PolicyDocument=document),
    ):
        with api_error("MalformedPolicyDocument", 400) as caught:
            call()
        assert message(caught) == "This policy contains invalid Json"
        assert caught.value.response["Error"]["Detail"].startswith("line 1, column ")


def test_sizes(iam: Any, user: str, name: Name) -> None:
    statement = {"Effect": "Allow", "Action": "s3:*", "Resource": [f"arn:aws:s3:::{i:064}" for i in range(200)]}
    large = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
    with api_error("LimitExceeded", 409) as caught:
        iam.create_policy(PolicyName=name(), PolicyDocument=large)
    assert message(caught) == "Cannot exceed quota for PolicySize: 6144"
    with api_error("LimitExceeded", 409) as caught:
        iam.put_user_policy(UserName=user, PolicyName="p", PolicyDocument=large)
    assert message(caught) == f"Maximum policy size of 2048 bytes exceeded for user {user}"


def test_attach_to_all_three(iam: Any, policy: str, user: str, group: str, role: str) -> None:
    iam.attach_user_policy(UserName=user, PolicyArn=policy)
    iam.attach_group_policy(GroupName=group, PolicyArn=policy)
    iam.attach_role_policy(RoleName=role, PolicyArn=policy)
    assert iam.get_policy(PolicyArn=policy)["Policy"]["AttachmentCount"] == 3
    found = iam.list_entities_for_policy(PolicyArn=policy)
    assert [u["UserName"] for u in found["PolicyUsers"]] == [user]
    assert [g["GroupName"] for g in found["PolicyGroups"]] == [group]
    assert [r["RoleName"] for r in found["PolicyRoles"]] == [role]
    only = iam.list_entities_for_policy(PolicyArn=policy, EntityFilter="Role")
    assert only["PolicyUsers"] == []
    assert len(only["PolicyRoles"]) == 1
    with api_error("DeleteConflict", 409) as caught:
        iam.delete_policy(PolicyArn=policy)
    assert message(caught) == "Cannot delete a policy attached to entities."
    iam.detach_user_policy(UserName=user, PolicyArn=policy)
    with api_error("NoSuchEntity", 404) as caught:
        iam.detach_user_policy(UserName=user, PolicyArn=policy)
    assert message(caught) == f"Policy {policy} was not found."
    iam.detach_group_policy(GroupName=group, PolicyArn=policy)
    iam.detach_role_policy(RoleName=role, PolicyArn=policy)
    iam.delete_policy(PolicyArn=policy)
    with api_error("NoSuchEntity", 404):
        iam.get_policy(PolicyArn=policy)


def test_attach_what_is_not_there(iam: Any, user: str, policy: str) -> None:
    with api_error("NoSuchEntity", 404) as caught:
        iam.attach_user_policy(UserName=user, PolicyArn=policy + "-not")
    assert message(caught) == f"Policy {policy}-not does not exist or is not attachable."
    for attach in (
        lambda arn: iam.attach_user_policy(UserName=user, PolicyArn=arn),
        lambda arn: iam.put_user_permissions_boundary(UserName=user, PermissionsBoundary=arn),
    ):
        with api_error("ValidationError", 400) as caught:
            attach("a-policy-by-its-name-alone")
        assert message(caught) == "Invalid ARN:  Could not be parsed!"
        with api_error("InvalidInput", 400) as caught:
            attach("arn:aws:iam::123456789012:role/no-policy")
        assert message(caught) == "ARN arn:aws:iam::123456789012:role/no-policy is not valid."


def test_aws_policies(iam: Any, user: str) -> None:
    found = iam.get_policy(PolicyArn=READ_ONLY)["Policy"]
    assert found["PolicyName"] == "AmazonS3ReadOnlyAccess"
    version = iam.get_policy_version(PolicyArn=READ_ONLY, VersionId=found["DefaultVersionId"])["PolicyVersion"]
    assert "s3:Get*" in version["Document"]["Statement"][0]["Action"]
    iam.attach_user_policy(UserName=user, PolicyArn=READ_ONLY)
    attached = iam.list_attached_user_policies(UserName=user)["AttachedPolicies"]
    assert attached == [{"PolicyName": "AmazonS3ReadOnlyAccess", "PolicyArn": READ_ONLY}]
    pages = iam.get_paginator("list_policies").paginate(Scope="AWS", PaginationConfig={"PageSize": 50})
    arns = [p["Arn"] for page in pages for p in page["Policies"]]
    assert len(arns) == len(set(arns)) > 100
    assert "arn:aws:iam::aws:policy/AdministratorAccess" in arns
    assert READ_ONLY in [p["Arn"] for p in iam.list_policies(OnlyAttached=True)["Policies"]]
    with api_error("AccessDenied", 403):
        iam.delete_policy(PolicyArn=READ_ONLY)


def test_ten_attachments_at_most(iam: Any, role: str) -> None:
    arns = [p["Arn"] for p in iam.list_policies(Scope="AWS", MaxItems=11)["Policies"]]
    for arn in arns[:10]:
        iam.attach_role_policy(RoleName=role, PolicyArn=arn)
    with api_error("LimitExceeded", 409) as caught:
        iam.attach_role_policy(RoleName=role, PolicyArn=arns[10])
    assert message(caught) == "Cannot exceed quota for PoliciesPerRole: 10"


@pytest.mark.parametrize("kind", ["user", "group", "role"])
def test_inline(iam: Any, kind: str, request: pytest.FixtureRequest) -> None:
    who = {f"{kind.capitalize()}Name": request.getfixturevalue(kind)}
    for policy_name in ("b", "a"):
        getattr(iam, f"put_{kind}_policy")(**who, PolicyName=policy_name, PolicyDocument=ALLOW_ALL)
    listing = getattr(iam, f"list_{kind}_policies")
    assert listing(**who)["PolicyNames"] == ["a", "b"]
    first = listing(**who, MaxItems=1)
    assert first["IsTruncated"]
    assert listing(**who, Marker=first["Marker"])["PolicyNames"] == ["b"]
    found = getattr(iam, f"get_{kind}_policy")(**who, PolicyName="a")
    assert found["PolicyDocument"] == json.loads(ALLOW_ALL)
    getattr(iam, f"delete_{kind}_policy")(**who, PolicyName="a")
    with api_error("NoSuchEntity", 404) as caught:
        getattr(iam, f"get_{kind}_policy")(**who, PolicyName="a")
    assert message(caught) == f"The {kind} policy with name a cannot be found."


@pytest.mark.parametrize("kind", ["user", "role"])
def test_boundary(iam: Any, kind: str, policy: str, request: pytest.FixtureRequest) -> None:
    who = {f"{kind.capitalize()}Name": request.getfixturevalue(kind)}
    getattr(iam, f"put_{kind}_permissions_boundary")(**who, PermissionsBoundary=policy)
    found = getattr(iam, f"get_{kind}")(**who)[kind.capitalize()]["PermissionsBoundary"]
    assert found["PermissionsBoundaryArn"] == policy
    counts = iam.get_policy(PolicyArn=policy)["Policy"]
    assert (counts["AttachmentCount"], counts["PermissionsBoundaryUsageCount"]) == (0, 1)
    with api_error("DeleteConflict", 409):
        iam.delete_policy(PolicyArn=policy)
    getattr(iam, f"delete_{kind}_permissions_boundary")(**who)
    iam.delete_policy(PolicyArn=policy)


def test_tags(iam: Any, policy: str) -> None:
    iam.tag_policy(PolicyArn=policy, Tags=[{"Key": "a", "Value": "1"}, {"Key": "b", "Value": "2"}])
    iam.untag_policy(PolicyArn=policy, TagKeys=["a"])
    assert iam.list_policy_tags(PolicyArn=policy)["Tags"] == [{"Key": "b", "Value": "2"}]
    assert iam.get_policy(PolicyArn=policy)["Policy"]["Tags"] == [{"Key": "b", "Value": "2"}]
