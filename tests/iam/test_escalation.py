"""Ways to more rights than one was given, that IAM closes.

https://docs.aws.amazon.com/IAM/latest/UserGuide/access_policies_boundaries.html#access_policies_boundaries-delegate
"""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

from tests.iam.conftest import message
from tools.harness.expect import api_error
from tools.harness.identities import policy_of, with_keys

Name = Callable[[], str]
ADMIN = "arn:aws:iam::aws:policy/AdministratorAccess"
BOUNDARY = "arn:aws:iam::aws:policy/AmazonS3ReadOnlyAccess"


def trust(*arns: str, action: str = "sts:AssumeRole") -> str:
    statement = {"Effect": "Allow", "Principal": {"AWS": list(arns)}, "Action": action}
    return json.dumps({"Version": "2012-10-17", "Statement": [statement]})


@pytest.fixture
def make_user(iam: Any, name: Name) -> Callable[..., dict[str, Any]]:
    """make_user(rights) -> its name, ARN and keys"""

    def make(rights: str | None = None, called: str | None = None, **more: Any) -> dict[str, Any]:
        made = iam.create_user(UserName=called or name(), **more)["User"]
        if rights is not None:
            iam.put_user_policy(UserName=made["UserName"], PolicyName="rights", PolicyDocument=rights)
        return made | iam.create_access_key(UserName=made["UserName"])["AccessKey"]

    return make


def remove(iam: Any, user: dict[str, Any]) -> None:
    called = user["UserName"]
    for policy in iam.list_user_policies(UserName=called)["PolicyNames"]:
        iam.delete_user_policy(UserName=called, PolicyName=policy)
    for key in iam.list_access_keys(UserName=called)["AccessKeyMetadata"]:
        iam.delete_access_key(UserName=called, AccessKeyId=key["AccessKeyId"])
    iam.delete_user(UserName=called)


def test_one_who_takes_a_trusted_user_s_name_is_not_trusted(
    iam: Any, client: Callable[..., Any], make_user: Callable[..., dict[str, Any]], name: Name
) -> None:
    trusted = make_user()
    role = iam.create_role(RoleName=name(), AssumeRolePolicyDocument=trust(trusted["Arn"]))["Role"]
    wanted = {"RoleArn": role["Arn"], "RoleSessionName": "work"}
    with_keys(client, "sts", trusted).assume_role(**wanted)
    remove(iam, trusted)
    # What is left of the user is its id.
    (statement,) = iam.get_role(RoleName=role["RoleName"])["Role"]["AssumeRolePolicyDocument"]["Statement"]
    assert statement["Principal"]["AWS"] == [trusted["UserId"]]
    impostor = make_user(called=trusted["UserName"])
    assert impostor["Arn"] == trusted["Arn"]
    with api_error("AccessDenied", 403):
        with_keys(client, "sts", impostor).assume_role(**wanted)
    # Storing what is shown is refused; naming the user anew trusts the new one.
    with api_error("MalformedPolicyDocument", 400):
        iam.update_assume_role_policy(RoleName=role["RoleName"], PolicyDocument=trust(trusted["UserId"]))
    iam.update_assume_role_policy(RoleName=role["RoleName"], PolicyDocument=trust(trusted["Arn"]))
    with_keys(client, "sts", impostor).assume_role(**wanted)


def test_a_trusted_user_may_be_renamed(
    iam: Any, client: Callable[..., Any], make_user: Callable[..., dict[str, Any]], name: Name
) -> None:
    trusted = make_user()
    role = iam.create_role(RoleName=name(), AssumeRolePolicyDocument=trust(trusted["Arn"]))["Role"]
    iam.update_user(UserName=trusted["UserName"], NewUserName=trusted["UserName"] + "-new")
    (statement,) = iam.get_role(RoleName=role["RoleName"])["Role"]["AssumeRolePolicyDocument"]["Statement"]
    assert statement["Principal"]["AWS"] == [trusted["Arn"] + "-new"]
    with_keys(client, "sts", trusted).assume_role(RoleArn=role["Arn"], RoleSessionName="work")


def test_whom_a_trust_policy_names_must_be_there(iam: Any, name: Name, role: str, account: str) -> None:
    for absent in (f"arn:aws:iam::{account}:user/{name()}", f"arn:aws:iam::{account}:role/{name()}"):
        for create in (
            lambda a=absent: iam.create_role(RoleName=name(), AssumeRolePolicyDocument=trust(a)),
            lambda a=absent: iam.update_assume_role_policy(RoleName=role, PolicyDocument=trust(a)),
        ):
            with api_error("MalformedPolicyDocument", 400) as caught:
                create()
            assert message(caught) == f'Invalid principal in policy: "AWS":"{absent}"'
    # A whole account needn't be known.
    iam.update_assume_role_policy(RoleName=role, PolicyDocument=trust("arn:aws:iam::999988887777:root"))


def test_a_session_ends_with_its_user(
    iam: Any, client: Callable[..., Any], make_user: Callable[..., dict[str, Any]], bucket: str
) -> None:
    rights = policy_of({"Action": "s3:ListBucket"})
    first = make_user(rights)
    session = with_keys(client, "sts", first).get_session_token()["Credentials"]
    with_keys(client, "s3", session).list_objects_v2(Bucket=bucket)
    remove(iam, first)
    make_user(rights, called=first["UserName"])
    with api_error("AccessDenied", 403):
        with_keys(client, "s3", session).list_objects_v2(Bucket=bucket)


def test_a_boundary_can_be_demanded_of_who_makes_users(
    iam: Any, client: Callable[..., Any], make_user: Callable[..., dict[str, Any]], name: Name
) -> None:
    bounded = {"StringEquals": {"iam:PermissionsBoundary": BOUNDARY}}
    boss = make_user(
        policy_of(
            {
                "Action": [
                    *("iam:CreateUser", "iam:CreateRole", "iam:AttachUserPolicy", "iam:PutUserPolicy"),
                    *("iam:AttachRolePolicy", "iam:PutUserPermissionsBoundary"),
                ],
                "Condition": bounded,
            },
            {"Action": ["iam:CreateAccessKey", "iam:DeleteUserPermissionsBoundary"]},
            {"Effect": "Deny", "Action": "iam:DeleteUserPermissionsBoundary"},
        )
    )
    own = with_keys(client, "iam", boss)
    made = name()
    with api_error("AccessDenied", 403):
        own.create_user(UserName=made)
    with api_error("AccessDenied", 403):
        own.create_user(UserName=made, PermissionsBoundary=ADMIN)
    own.create_user(UserName=made, PermissionsBoundary=BOUNDARY)
    own.attach_user_policy(UserName=made, PolicyArn=ADMIN)
    own.put_user_policy(UserName=made, PolicyName="all", PolicyDocument=policy_of({"Action": "*"}))
    # Not to loosen it, nor to give rights to one that has none, oneself first.
    with api_error("AccessDenied", 403):
        own.put_user_permissions_boundary(UserName=made, PermissionsBoundary=ADMIN)
    with api_error("AccessDenied", 403):
        own.delete_user_permissions_boundary(UserName=made)
    with api_error("AccessDenied", 403):
        own.attach_user_policy(UserName=boss["UserName"], PolicyArn=ADMIN)
    with api_error("AccessDenied", 403):
        own.put_user_policy(UserName=boss["UserName"], PolicyName="all", PolicyDocument=policy_of({"Action": "*"}))
    # What was made that way isn't an administrator, whatever its policies say.
    keys = own.create_access_key(UserName=made)["AccessKey"]
    with api_error("AccessDenied", 403) as caught:
        with_keys(client, "iam", keys).create_user(UserName=name())
    assert "no permissions boundary allows" in message(caught)


def test_only_some_policies_may_be_attached(
    client: Callable[..., Any], make_user: Callable[..., dict[str, Any]], user: str
) -> None:
    condition = {"ArnEquals": {"iam:PolicyARN": BOUNDARY}}
    own = with_keys(client, "iam", make_user(policy_of({"Action": "iam:AttachUserPolicy", "Condition": condition})))
    with api_error("AccessDenied", 403):
        own.attach_user_policy(UserName=user, PolicyArn=ADMIN)
    own.attach_user_policy(UserName=user, PolicyArn=BOUNDARY)


def test_only_what_is_tagged_may_be_changed(
    iam: Any, client: Callable[..., Any], make_user: Callable[..., dict[str, Any]], name: Name
) -> None:
    blue = [{"Key": "team", "Value": "blue"}]
    own = with_keys(
        client,
        "iam",
        make_user(
            policy_of(
                {"Action": "iam:CreateUser", "Condition": {"StringEquals": {"aws:RequestTag/team": "blue"}}},
                {"Action": "iam:CreateAccessKey", "Condition": {"StringEquals": {"aws:ResourceTag/team": "blue"}}},
                {"Action": "iam:TagUser", "Condition": {"ForAllValues:StringEquals": {"aws:TagKeys": ["note"]}}},
            )
        ),
    )
    made, other = name(), name()
    with api_error("AccessDenied", 403):
        own.create_user(UserName=made)
    own.create_user(UserName=made, Tags=blue)
    own.create_access_key(UserName=made)
    iam.create_user(UserName=other)
    with api_error("AccessDenied", 403):
        own.create_access_key(UserName=other)
    with api_error("AccessDenied", 403):
        own.tag_user(UserName=other, Tags=blue)
    own.tag_user(UserName=other, Tags=[{"Key": "note", "Value": "seen"}])


def test_versions_of_a_policy_are_rights_of_their_own(
    iam: Any, client: Callable[..., Any], make_user: Callable[..., dict[str, Any]], policy: str
) -> None:
    """Whoever may only make versions can't put them in force; who may choose gets what was there before."""
    iam.create_policy_version(PolicyArn=policy, PolicyDocument=policy_of({"Action": "*"}))
    maker = make_user(policy_of({"Action": "iam:CreatePolicyVersion", "Resource": policy}))
    iam.attach_user_policy(UserName=maker["UserName"], PolicyArn=policy)
    own = with_keys(client, "iam", maker)
    with api_error("AccessDenied", 403):
        own.set_default_policy_version(PolicyArn=policy, VersionId="v2")
    own.create_policy_version(PolicyArn=policy, PolicyDocument=policy_of({"Action": "iam:*"}))
    with api_error("AccessDenied", 403):
        own.list_users()
    # The same action with SetAsDefault does put it in force: to AWS that is one action.
    own.create_policy_version(PolicyArn=policy, PolicyDocument=policy_of({"Action": "iam:*"}), SetAsDefault=True)
    own.list_users()


def test_who_may_change_a_policy_is_asked_by_its_arn(
    iam: Any, client: Callable[..., Any], make_user: Callable[..., dict[str, Any]], name: Name, account: str
) -> None:
    inside = iam.create_policy(PolicyName=name(), Path="/team/", PolicyDocument=policy_of({"Action": "s3:*"}))
    outside = iam.create_policy(PolicyName=name(), PolicyDocument=policy_of({"Action": "s3:*"}))
    rights = policy_of({"Action": "iam:CreatePolicyVersion", "Resource": f"arn:aws:iam::{account}:policy/team/*"})
    own = with_keys(client, "iam", make_user(rights))
    own.create_policy_version(PolicyArn=inside["Policy"]["Arn"], PolicyDocument=policy_of({"Action": "*"}))
    target = outside["Policy"]["Arn"]
    for arn in (target, target.replace(":policy/", ":policy/team/")):
        code = ("AccessDenied", 403) if arn == target else ("NoSuchEntity", 404)
        with api_error(*code):
            own.create_policy_version(PolicyArn=arn, PolicyDocument=policy_of({"Action": "*"}))


def test_trust_is_changed_by_who_may_change_it_only(
    iam: Any, client: Callable[..., Any], make_user: Callable[..., dict[str, Any]], role: str
) -> None:
    arn = iam.get_role(RoleName=role)["Role"]["Arn"]
    iam.attach_role_policy(RoleName=role, PolicyArn=ADMIN)
    # Rights to assume any role don't help where the role doesn't trust.
    eve = make_user(policy_of({"Action": ["sts:AssumeRole", "iam:GetRole", "iam:TagRole"]}))
    with api_error("AccessDenied", 403):
        with_keys(client, "sts", eve).assume_role(RoleArn=arn, RoleSessionName="work")
    with api_error("AccessDenied", 403):
        with_keys(client, "iam", eve).update_assume_role_policy(RoleName=role, PolicyDocument=trust(eve["Arn"]))
    iam.update_assume_role_policy(RoleName=role, PolicyDocument=trust(eve["Arn"]))
    with_keys(client, "sts", eve).assume_role(RoleArn=arn, RoleSessionName="work")


def test_the_service_s_own_role_is_nobody_else_s(iam: Any, account: str) -> None:
    made = iam.create_service_linked_role(AWSServiceName="autoscaling.amazonaws.com", CustomSuffix="Escalation")
    called = made["Role"]["RoleName"]
    for change in (
        lambda: iam.put_role_policy(RoleName=called, PolicyName="p", PolicyDocument=policy_of({"Action": "*"})),
        lambda: iam.attach_role_policy(RoleName=called, PolicyArn=ADMIN),
        lambda: iam.update_assume_role_policy(RoleName=called, PolicyDocument=trust(f"arn:aws:iam::{account}:root")),
        lambda: iam.delete_role(RoleName=called),
    ):
        with api_error("UnmodifiableEntity", 400):
            change()
    iam.delete_service_linked_role(RoleName=called)
