"""Keys of users and sessions of roles: what policies give them, and nothing else.

https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_evaluation-logic.html
"""

from __future__ import annotations

import json
import uuid
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from botocore.exceptions import ClientError

from tools.harness.expect import api_error
from tools.harness.identities import made_roles, make_user, policy_of, remove_user, with_keys


def trust(principal: Any, **more: Any) -> str:
    statement = {"Effect": "Allow", "Principal": principal, "Action": ["sts:AssumeRole", "sts:TagSession"]} | more
    return json.dumps({"Version": "2012-10-17", "Statement": [statement]})


@pytest.fixture
def iam(client: Callable[..., Any]) -> Any:
    return client("iam")


@pytest.fixture
def account(client: Callable[..., Any]) -> str:
    return str(client("sts").get_caller_identity()["Account"])


@pytest.fixture
def user(iam: Any) -> Iterator[dict[str, Any]]:
    """A user without any policy, and its keys."""
    name = f"user-{uuid.uuid4().hex[:12]}"
    yield {"Name": name} | make_user(iam, name)
    remove_user(iam, name)


@pytest.fixture
def make_role(iam: Any) -> Iterator[Callable[..., str]]:
    """make_role(trust policy, document of rights) -> ARN"""
    with made_roles(iam) as make:
        yield make


# Lists are asked for on "all of the kind, under this path", and policies may say so.
# https://docs.aws.amazon.com/IAM/latest/APIReference/API_ListUsers.html
@pytest.mark.parametrize(
    ("list_them", "action", "kind"),
    [
        ("list_users", "iam:ListUsers", "user"),
        ("list_groups", "iam:ListGroups", "group"),
        ("list_roles", "iam:ListRoles", "role"),
        ("list_instance_profiles", "iam:ListInstanceProfiles", "instance-profile"),
    ],
)
def test_lists_under_a_path(
    client: Callable[..., Any], iam: Any, user: dict[str, Any], account: str, list_them: str, action: str, kind: str
) -> None:
    ask = getattr(with_keys(client, "iam", user), list_them)
    with api_error("AccessDenied", 403) as caught:
        ask()
    assert caught.value.response["Error"]["Message"] == (
        f"User: {user['Arn']} is not authorized to perform: {action} on resource: arn:aws:iam::{account}:{kind}/ "
        f"because no identity-based policy allows the {action} action"
    )
    rights = policy_of({"Action": action, "Resource": f"arn:aws:iam::{account}:{kind}/ours/*"})
    iam.put_user_policy(UserName=user["Name"], PolicyName="list", PolicyDocument=rights)
    with api_error("AccessDenied", 403):
        ask()
    with api_error("AccessDenied", 403) as caught:
        ask(PathPrefix="/theirs/")
    assert f"on resource: arn:aws:iam::{account}:{kind}/theirs/ " in caught.value.response["Error"]["Message"]
    ask(PathPrefix="/ours/")
    rights = policy_of({"Action": action, "Resource": f"arn:aws:iam::{account}:{kind}/*"})
    iam.put_user_policy(UserName=user["Name"], PolicyName="list", PolicyDocument=rights)
    ask()


@pytest.mark.parametrize(
    ("service", "ask", "told"),
    [
        ("s3", lambda s3: s3.list_buckets(), "perform: s3:ListAllMyBuckets because no"),
        ("iam", lambda iam: iam.get_account_summary(), "perform: iam:GetAccountSummary on resource: * because no"),
        ("iam", lambda iam: iam.list_virtual_mfa_devices(), ":mfa/ because no"),
        ("iam", lambda iam: iam.list_open_id_connect_providers(), ":oidc-provider/* because no"),
    ],
)
def test_how_services_tell_what_was_denied(
    client: Callable[..., Any], user: dict[str, Any], service: str, ask: Callable[[Any], Any], told: str
) -> None:
    with api_error("AccessDenied", 403) as caught:
        ask(with_keys(client, service, user))
    assert told in caught.value.response["Error"]["Message"]


def test_a_user_without_policies_may_nothing_but_know_itself(
    client: Callable[..., Any], user: dict[str, Any], bucket: str, account: str
) -> None:
    told = with_keys(client, "sts", user).get_caller_identity()
    assert (told["Arn"], told["Account"]) == (user["Arn"], account)
    assert told["UserId"].startswith("AIDA")
    with api_error("AccessDenied", 403) as caught:
        with_keys(client, "s3", user).list_objects_v2(Bucket=bucket)
    assert caught.value.response["Error"]["Message"] == (
        f"User: {user['Arn']} is not authorized to perform: s3:ListBucket on resource: "
        f'"arn:aws:s3:::{bucket}" because no identity-based policy allows the s3:ListBucket action'
    )
    with api_error("AccessDenied", 403):
        with_keys(client, "iam", user).list_users()


def test_a_policy_holds_from_the_next_call(
    client: Callable[..., Any], iam: Any, user: dict[str, Any], s3: Any, bucket: str
) -> None:
    s3.put_object(Bucket=bucket, Key="k", Body=b"bytes")
    own = with_keys(client, "s3", user)
    rights = policy_of({"Action": "s3:GetObject", "Resource": f"arn:aws:s3:::{bucket}/*"})
    for _ in range(3):
        with api_error("AccessDenied", 403):
            own.get_object(Bucket=bucket, Key="k")
        iam.put_user_policy(UserName=user["Name"], PolicyName="reads", PolicyDocument=rights)
        assert own.get_object(Bucket=bucket, Key="k")["Body"].read() == b"bytes"
        with api_error("AccessDenied", 403):
            own.put_object(Bucket=bucket, Key="k", Body=b"other")
        iam.delete_user_policy(UserName=user["Name"], PolicyName="reads")


def test_a_policy_with_a_variable(client: Callable[..., Any], iam: Any, user: dict[str, Any], bucket: str) -> None:
    rights = policy_of({"Action": "s3:PutObject", "Resource": f"arn:aws:s3:::{bucket}/home/${{aws:username}}/*"})
    iam.put_user_policy(UserName=user["Name"], PolicyName="home", PolicyDocument=rights)
    own = with_keys(client, "s3", user)
    own.put_object(Bucket=bucket, Key=f"home/{user['Name']}/k", Body=b"")
    with api_error("AccessDenied", 403):
        own.put_object(Bucket=bucket, Key="home/another/k", Body=b"")


def test_a_managed_policy_of_aws(client: Callable[..., Any], iam: Any, user: dict[str, Any], bucket: str) -> None:
    iam.attach_user_policy(UserName=user["Name"], PolicyArn="arn:aws:iam::aws:policy/AmazonS3ReadOnlyAccess")
    own = with_keys(client, "s3", user)
    own.list_objects_v2(Bucket=bucket)
    with api_error("AccessDenied", 403):
        own.put_object(Bucket=bucket, Key="k", Body=b"")


def test_policies_of_a_group(client: Callable[..., Any], iam: Any, user: dict[str, Any], bucket: str) -> None:
    group = f"group-{uuid.uuid4().hex[:12]}"
    iam.create_group(GroupName=group)
    rights = policy_of({"Action": "s3:ListBucket"})
    iam.put_group_policy(GroupName=group, PolicyName="lists", PolicyDocument=rights)
    own = with_keys(client, "s3", user)
    with api_error("AccessDenied", 403):
        own.list_objects_v2(Bucket=bucket)
    iam.add_user_to_group(GroupName=group, UserName=user["Name"])
    own.list_objects_v2(Bucket=bucket)
    iam.remove_user_from_group(GroupName=group, UserName=user["Name"])
    with api_error("AccessDenied", 403):
        own.list_objects_v2(Bucket=bucket)
    iam.delete_group_policy(GroupName=group, PolicyName="lists")
    iam.delete_group(GroupName=group)


def test_a_denial_wins(client: Callable[..., Any], iam: Any, user: dict[str, Any], bucket: str) -> None:
    denial = {"Effect": "Deny", "Action": "s3:ListBucket"}
    iam.put_user_policy(UserName=user["Name"], PolicyName="p", PolicyDocument=policy_of({"Action": "*"}, denial))
    with api_error("AccessDenied", 403) as caught:
        with_keys(client, "s3", user).list_objects_v2(Bucket=bucket)
    assert caught.value.response["Error"]["Message"].endswith("with an explicit deny in an identity-based policy")


def test_a_boundary_limits(client: Callable[..., Any], iam: Any, user: dict[str, Any], bucket: str) -> None:
    iam.put_user_policy(UserName=user["Name"], PolicyName="all", PolicyDocument=policy_of({"Action": "*"}))
    boundary = "arn:aws:iam::aws:policy/AmazonS3ReadOnlyAccess"
    iam.put_user_permissions_boundary(UserName=user["Name"], PermissionsBoundary=boundary)
    own = with_keys(client, "s3", user)
    own.list_objects_v2(Bucket=bucket)
    with api_error("AccessDenied", 403) as caught:
        own.put_object(Bucket=bucket, Key="k", Body=b"")
    assert "because no permissions boundary allows" in caught.value.response["Error"]["Message"]


def test_a_key_that_is_switched_off_or_deleted(client: Callable[..., Any], iam: Any, user: dict[str, Any]) -> None:
    own = with_keys(client, "sts", user)
    own.get_caller_identity()
    key = {"UserName": user["Name"], "AccessKeyId": user["AccessKeyId"]}
    iam.update_access_key(**key, Status="Inactive")
    with api_error("InvalidClientTokenId", 403):
        own.get_caller_identity()
    iam.update_access_key(**key, Status="Active")
    own.get_caller_identity()
    iam.delete_access_key(**key)
    with api_error("InvalidClientTokenId", 403):
        own.get_caller_identity()


def test_a_role_is_assumed_by_whom_it_trusts(
    client: Callable[..., Any], iam: Any, user: dict[str, Any], make_role: Callable[..., str], bucket: str, account: str
) -> None:
    role = make_role(trust({"AWS": user["Arn"]}), policy_of({"Action": "s3:ListBucket"}))
    answer = with_keys(client, "sts", user).assume_role(RoleArn=role, RoleSessionName="work")
    name = role.rsplit("/", 1)[1]
    assert answer["AssumedRoleUser"]["Arn"] == f"arn:aws:sts::{account}:assumed-role/{name}/work"
    assert answer["AssumedRoleUser"]["AssumedRoleId"].startswith("AROA")
    assert answer["AssumedRoleUser"]["AssumedRoleId"].endswith(":work")
    keys = answer["Credentials"]
    assert with_keys(client, "sts", keys).get_caller_identity()["Arn"] == answer["AssumedRoleUser"]["Arn"]
    own = with_keys(client, "s3", keys)
    own.list_objects_v2(Bucket=bucket)
    with api_error("AccessDenied", 403):
        own.put_object(Bucket=bucket, Key="k", Body=b"")
    # The rights of a session are those that the role has now.
    iam.delete_role_policy(RoleName=name, PolicyName="rights")
    with api_error("AccessDenied", 403):
        own.list_objects_v2(Bucket=bucket)


def test_a_role_is_assumed_by_nobody_else(
    client: Callable[..., Any], iam: Any, user: dict[str, Any], make_role: Callable[..., str], account: str
) -> None:
    sts = with_keys(client, "sts", user)
    of_another = make_role(trust({"AWS": make_role(trust({"AWS": user["Arn"]}))}))
    with api_error("AccessDenied", 403):
        sts.assume_role(RoleArn=of_another, RoleSessionName="work")
    with api_error("AccessDenied", 403):
        sts.assume_role(RoleArn=f"arn:aws:iam::{account}:role/absent", RoleSessionName="work")
    # Trust in the account leaves it to the user's own policies.
    of_account = make_role(trust({"AWS": f"arn:aws:iam::{account}:root"}))
    with api_error("AccessDenied", 403):
        sts.assume_role(RoleArn=of_account, RoleSessionName="work")
    rights = policy_of({"Action": "sts:AssumeRole", "Resource": of_account})
    iam.put_user_policy(UserName=user["Name"], PolicyName="assumes", PolicyDocument=rights)
    sts.assume_role(RoleArn=of_account, RoleSessionName="work")


def test_an_external_id(client: Callable[..., Any], user: dict[str, Any], make_role: Callable[..., str]) -> None:
    condition = {"StringEquals": {"sts:ExternalId": "secret"}}
    role = make_role(trust({"AWS": user["Arn"]}, Condition=condition))
    sts = with_keys(client, "sts", user)
    for wrong in ({}, {"ExternalId": "guess"}):
        with api_error("AccessDenied", 403):
            sts.assume_role(RoleArn=role, RoleSessionName="work", **wrong)
    sts.assume_role(RoleArn=role, RoleSessionName="work", ExternalId="secret")


def test_how_long_a_session_may_be(
    client: Callable[..., Any], user: dict[str, Any], make_role: Callable[..., str]
) -> None:
    role = make_role(trust({"AWS": user["Arn"]}), MaxSessionDuration=7200)
    sts = with_keys(client, "sts", user)
    sts.assume_role(RoleArn=role, RoleSessionName="work", DurationSeconds=7200)
    with pytest.raises(ClientError) as caught:
        sts.assume_role(RoleArn=role, RoleSessionName="work", DurationSeconds=7201)
    assert caught.value.response["Error"]["Code"] == "ValidationError"
    assert "MaxSessionDuration" in caught.value.response["Error"]["Message"]


def test_a_session_policy_and_tags(
    client: Callable[..., Any], user: dict[str, Any], make_role: Callable[..., str], bucket: str
) -> None:
    condition = {"StringEquals": {"aws:PrincipalTag/team": "blue"}}
    role = make_role(trust({"AWS": user["Arn"]}), policy_of({"Action": "s3:*", "Condition": condition}))
    sts = with_keys(client, "sts", user)

    def bucket_of(**session: Any) -> Any:
        return with_keys(client, "s3", sts.assume_role(RoleArn=role, RoleSessionName="work", **session)["Credentials"])

    blue = [{"Key": "team", "Value": "blue"}]
    bucket_of(Tags=blue).put_object(Bucket=bucket, Key="k", Body=b"")
    with api_error("AccessDenied", 403):
        bucket_of(Tags=[{"Key": "team", "Value": "red"}]).put_object(Bucket=bucket, Key="k", Body=b"")
    limited = bucket_of(Tags=blue, Policy=policy_of({"Action": "s3:ListBucket"}))
    limited.list_objects_v2(Bucket=bucket)
    with api_error("AccessDenied", 403) as caught:
        limited.put_object(Bucket=bucket, Key="k", Body=b"")
    assert "because no session policy allows" in caught.value.response["Error"]["Message"]


def test_sessions_can_be_revoked(
    client: Callable[..., Any], iam: Any, user: dict[str, Any], make_role: Callable[..., str], bucket: str
) -> None:
    role = make_role(trust({"AWS": user["Arn"]}), policy_of({"Action": "s3:ListBucket"}))
    keys = with_keys(client, "sts", user).assume_role(RoleArn=role, RoleSessionName="work")["Credentials"]
    own = with_keys(client, "s3", keys)
    own.list_objects_v2(Bucket=bucket)
    condition = {"DateLessThan": {"aws:TokenIssueTime": "2100-01-01T00:00:00Z"}}
    denial = {"Effect": "Deny", "Action": "*", "Condition": condition}
    iam.put_role_policy(RoleName=role.rsplit("/", 1)[1], PolicyName="revoked", PolicyDocument=policy_of(denial))
    with api_error("AccessDenied", 403):
        own.list_objects_v2(Bucket=bucket)
    iam.delete_role_policy(RoleName=role.rsplit("/", 1)[1], PolicyName="revoked")


def test_a_session_dies_with_its_role(client: Callable[..., Any], iam: Any, user: dict[str, Any], bucket: str) -> None:
    name = f"role-{uuid.uuid4().hex[:12]}"
    made = {"RoleName": name, "AssumeRolePolicyDocument": trust({"AWS": user["Arn"]})}
    role = iam.create_role(**made)["Role"]["Arn"]
    rights = {"RoleName": name, "PolicyName": "rights"}
    iam.put_role_policy(**rights, PolicyDocument=policy_of({"Action": "s3:ListBucket"}))
    keys = with_keys(client, "sts", user).assume_role(RoleArn=role, RoleSessionName="work")["Credentials"]
    own = with_keys(client, "s3", keys)
    own.list_objects_v2(Bucket=bucket)
    iam.delete_role_policy(**rights)
    iam.delete_role(RoleName=name)
    iam.create_role(**made)
    iam.put_role_policy(**rights, PolicyDocument=policy_of({"Action": "s3:ListBucket"}))
    with api_error("AccessDenied", 403):  # the new role is another one
        own.list_objects_v2(Bucket=bucket)
    iam.delete_role_policy(**rights)
    iam.delete_role(RoleName=name)


def test_a_bucket_policy_lets_a_user_in(client: Callable[..., Any], s3: Any, user: dict[str, Any], bucket: str) -> None:
    statement = {
        "Effect": "Allow",
        "Principal": {"AWS": user["Arn"]},
        "Action": "s3:ListBucket",
        "Resource": f"arn:aws:s3:::{bucket}",
    }
    s3.put_bucket_policy(Bucket=bucket, Policy=json.dumps({"Version": "2012-10-17", "Statement": [statement]}))
    own = with_keys(client, "s3", user)
    own.list_objects_v2(Bucket=bucket)
    with api_error("AccessDenied", 403):
        own.put_object(Bucket=bucket, Key="k", Body=b"")


def test_a_presigned_link_has_the_rights_of_its_user(
    client: Callable[..., Any], iam: Any, user: dict[str, Any], s3: Any, bucket: str
) -> None:
    import urllib.error
    import urllib.request

    s3.put_object(Bucket=bucket, Key="k", Body=b"bytes")
    link = with_keys(client, "s3", user).generate_presigned_url("get_object", Params={"Bucket": bucket, "Key": "k"})
    with pytest.raises(urllib.error.HTTPError) as caught:
        urllib.request.urlopen(link)
    assert caught.value.code == 403
    rights = policy_of({"Action": "s3:GetObject", "Resource": f"arn:aws:s3:::{bucket}/*"})
    iam.put_user_policy(UserName=user["Name"], PolicyName="reads", PolicyDocument=rights)
    with urllib.request.urlopen(link) as answer:
        assert answer.read() == b"bytes"


def test_an_administrator_of_users_only(
    client: Callable[..., Any], iam: Any, user: dict[str, Any], account: str
) -> None:
    resource = f"arn:aws:iam::{account}:user/team/*"
    rights = policy_of({"Action": ["iam:CreateUser", "iam:DeleteUser"], "Resource": resource})
    iam.put_user_policy(UserName=user["Name"], PolicyName="admin", PolicyDocument=rights)
    own = with_keys(client, "iam", user)
    name = f"made-{uuid.uuid4().hex[:12]}"
    with api_error("AccessDenied", 403):
        own.create_user(UserName=name)
    own.create_user(UserName=name, Path="/team/")
    with api_error("AccessDenied", 403):
        own.put_user_policy(UserName=name, PolicyName="p", PolicyDocument=policy_of({"Action": "*"}))
    own.delete_user(UserName=name)
