"""Roles, service-linked roles and instance profiles."""

from __future__ import annotations

import json
import uuid
from collections.abc import Callable
from typing import Any

import pytest

from tests.iam.conftest import ALLOW_ALL, TRUST_EC2, message
from tools.harness.expect import api_error

Name = Callable[[], str]


def test_create_get_update(iam: Any, name: Name) -> None:
    made = iam.create_role(
        RoleName=name(), Path="/a/", AssumeRolePolicyDocument=TRUST_EC2, MaxSessionDuration=7200, Description="d"
    )["Role"]
    found = iam.get_role(RoleName=made["RoleName"])["Role"]
    assert found["AssumeRolePolicyDocument"] == json.loads(TRUST_EC2)
    assert (found["MaxSessionDuration"], found["Description"], found["Path"]) == (7200, "d", "/a/")
    assert found["RoleId"].startswith("AROA")
    iam.update_role(RoleName=made["RoleName"], Description="e", MaxSessionDuration=3600)
    found = iam.get_role(RoleName=made["RoleName"])["Role"]
    assert (found["MaxSessionDuration"], found["Description"]) == (3600, "e")
    other = TRUST_EC2.replace("ec2.", "lambda.")
    iam.update_assume_role_policy(RoleName=made["RoleName"], PolicyDocument=other)
    assert iam.get_role(RoleName=made["RoleName"])["Role"]["AssumeRolePolicyDocument"] == json.loads(other)


def test_trust_policies_are_checked(iam: Any, role: str, name: Name) -> None:
    with api_error("MalformedPolicyDocument", 400):
        iam.create_role(RoleName=name(), AssumeRolePolicyDocument=ALLOW_ALL)
    with api_error("MalformedPolicyDocument", 400):
        iam.update_assume_role_policy(RoleName=role, PolicyDocument="{")


def test_missing_and_taken(iam: Any, role: str) -> None:
    with api_error("NoSuchEntity", 404) as caught:
        iam.get_role(RoleName="nobody")
    assert message(caught) == "The role with name nobody cannot be found."
    with api_error("EntityAlreadyExists", 409) as caught:
        iam.create_role(RoleName=role, AssumeRolePolicyDocument=TRUST_EC2)
    assert message(caught) == f"Role with name {role} already exists."


def test_instance_profiles(iam: Any, role: str, name: Name) -> None:
    profile = name()
    made = iam.create_instance_profile(InstanceProfileName=profile, Path="/p/")["InstanceProfile"]
    assert made["InstanceProfileId"].startswith("AIPA")
    assert made["Roles"] == []
    iam.add_role_to_instance_profile(InstanceProfileName=profile, RoleName=role)
    with api_error("LimitExceeded", 409):
        iam.add_role_to_instance_profile(InstanceProfileName=profile, RoleName=role)
    assert [p["InstanceProfileName"] for p in iam.list_instance_profiles_for_role(RoleName=role)["InstanceProfiles"]]
    assert iam.get_instance_profile(InstanceProfileName=profile)["InstanceProfile"]["Roles"][0]["RoleName"] == role
    for refused in (lambda: iam.delete_role(RoleName=role), lambda: iam.delete_instance_profile(**which(profile))):
        with api_error("DeleteConflict", 409) as caught:
            refused()
        assert message(caught) == "Cannot delete entity, must remove roles from instance profile first."
    iam.tag_instance_profile(**which(profile), Tags=[{"Key": "a", "Value": "b"}])
    assert iam.list_instance_profile_tags(**which(profile))["Tags"] == [{"Key": "a", "Value": "b"}]
    iam.untag_instance_profile(**which(profile), TagKeys=["a"])
    assert iam.list_instance_profile_tags(**which(profile))["Tags"] == []
    iam.remove_role_from_instance_profile(InstanceProfileName=profile, RoleName=role)
    iam.delete_instance_profile(**which(profile))
    iam.delete_role(RoleName=role)
    with api_error("NoSuchEntity", 404) as caught:
        iam.get_instance_profile(**which(profile))
    assert message(caught) == f"Instance Profile {profile} cannot be found."


def which(profile: str) -> dict[str, str]:
    return {"InstanceProfileName": profile}


def test_service_linked(iam: Any) -> None:
    made = iam.create_service_linked_role(AWSServiceName="autoscaling.amazonaws.com")["Role"]
    name = made["RoleName"]
    assert made["Arn"].endswith(":role/aws-service-role/autoscaling.amazonaws.com/AWSServiceRoleForAutoScaling")
    assert [p["PolicyName"] for p in iam.list_attached_role_policies(RoleName=name)["AttachedPolicies"]] == [
        "AutoScalingServiceRolePolicy"
    ]
    with api_error("InvalidInput", 400):
        iam.create_service_linked_role(AWSServiceName="autoscaling.amazonaws.com")
    for change in (
        lambda: iam.delete_role(RoleName=name),
        lambda: iam.put_role_policy(RoleName=name, PolicyName="p", PolicyDocument=ALLOW_ALL),
        lambda: iam.update_assume_role_policy(RoleName=name, PolicyDocument=TRUST_EC2),
    ):
        with api_error("UnmodifiableEntity", 400):
            change()
    task = iam.delete_service_linked_role(RoleName=name)["DeletionTaskId"]
    start, unique = task.rsplit("/", 1)
    assert start == f"task/aws-service-role/autoscaling.amazonaws.com/{name}"
    assert str(uuid.UUID(unique)) == unique
    assert iam.get_service_linked_role_deletion_status(DeletionTaskId=task)["Status"] == "SUCCEEDED"
    with api_error("NoSuchEntity", 404):
        iam.get_role(RoleName=name)


def test_tags_boundary_and_description(iam: Any, role: str, policy: str) -> None:
    iam.tag_role(RoleName=role, Tags=[{"Key": "a", "Value": "1"}, {"Key": "b", "Value": "2"}])
    iam.untag_role(RoleName=role, TagKeys=["A"])
    assert iam.list_role_tags(RoleName=role)["Tags"] == [{"Key": "b", "Value": "2"}]
    assert iam.update_role_description(RoleName=role, Description="d")["Role"]["Description"] == "d"
    iam.put_role_permissions_boundary(RoleName=role, PermissionsBoundary=policy)
    assert iam.get_role(RoleName=role)["Role"]["PermissionsBoundary"]["PermissionsBoundaryArn"] == policy
    iam.delete_role_permissions_boundary(RoleName=role)
    assert "PermissionsBoundary" not in iam.get_role(RoleName=role)["Role"]


@pytest.mark.parametrize(
    ("asked", "told"),
    [({}, "Provides access to AWS Resources managed or used by Amazon SSM."), ({"Description": "ours"}, "ours")],
)
def test_a_service_linked_role_says_what_it_is_for(iam: Any, asked: dict[str, str], told: str) -> None:
    made = iam.create_service_linked_role(AWSServiceName="ssm.amazonaws.com", **asked)["Role"]
    iam.delete_service_linked_role(RoleName=made["RoleName"])
    assert made["Description"] == told
