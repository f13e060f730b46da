"""What users and roles could use, and what they did: access reports, and the policies behind.

https://docs.aws.amazon.com/IAM/latest/UserGuide/access_policies_last-accessed.html
"""

from __future__ import annotations

import datetime
import json
import time
import urllib.request
import uuid
from collections.abc import Callable
from typing import Any

import pytest

from tools.harness.clients import boto_client
from tools.harness.expect import api_error
from tools.harness.identities import make_user, policy_of, with_keys
from tools.harness.server import Server

Name = Callable[[], str]
NAMESPACES = {  # of services that the server calls otherwise
    "elbv2": "elasticloadbalancing",
    "emr": "elasticmapreduce",
    "s3control": "s3",
    "sagemaker-runtime": "sagemaker",
}
BOTH = {"s3": "Amazon Simple Storage Service", "sts": "AWS Security Token Service"}


def report(iam: Any, arn: str, granularity: str = "SERVICE_LEVEL") -> dict[str, Any]:
    job = iam.generate_service_last_accessed_details(Arn=arn, Granularity=granularity)["JobId"]
    answer = iam.get_service_last_accessed_details(JobId=job)
    assert (answer["JobStatus"], answer["JobType"], answer["IsTruncated"]) == ("COMPLETED", granularity, False)
    services = answer["ServicesLastAccessed"]
    assert [one["ServiceNamespace"] for one in services] == sorted(one["ServiceNamespace"] for one in services)
    return {one["ServiceNamespace"]: one for one in services} | {"job": job}


def wait_for(iam: Any, arn: str, is_right: Callable[[dict[str, Any]], bool], **more: Any) -> dict[str, Any]:
    """Events reach the report a moment after their answers."""
    deadline = time.monotonic() + 10
    while True:
        found = report(iam, arn, **more)
        if is_right(found) or time.monotonic() > deadline:
            assert is_right(found), found
            return found
        time.sleep(0.05)


def used(service: str, entities: int = 1) -> Callable[[dict[str, Any]], bool]:
    return lambda found: found[service]["TotalAuthenticatedEntities"] == entities


def test_a_user_s_report_tells_what_it_may_and_did(server: Server, iam: Any, name: Name, bucket: str) -> None:
    user = make_user(
        iam, name(), policy_of({"Action": "s3:*"}, {"Action": "sts:Get*"}, {"Action": "iam:*", "Effect": "Deny"})
    )
    before = report(iam, user["Arn"])
    assert {key: one["ServiceName"] for key, one in before.items() if key != "job"} == BOTH
    for service in BOTH:
        assert before[service]["TotalAuthenticatedEntities"] == 0
        assert "LastAuthenticated" not in before[service]
    started = datetime.datetime.now(datetime.UTC) - datetime.timedelta(seconds=1)
    with_keys(server, "s3", user).list_objects_v2(Bucket=bucket)
    after = wait_for(iam, user["Arn"], used("s3"))
    assert after["s3"]["LastAuthenticatedEntity"] == user["Arn"]
    assert after["s3"]["LastAuthenticatedRegion"] == boto_client(server, "s3").meta.region_name
    assert started < after["s3"]["LastAuthenticated"] <= datetime.datetime.now(datetime.UTC)
    assert after["sts"]["TotalAuthenticatedEntities"] == 0
    assert "TrackedActionsLastAccessed" not in after["s3"]


def test_actions_one_by_one(server: Server, iam: Any, name: Name, bucket: str) -> None:
    user = make_user(
        iam,
        name(),
        policy_of({"Action": ["s3:ListBucket", "s3:*Object"]}, {"Action": "s3:DeleteObject", "Effect": "Deny"}),
    )
    own = with_keys(server, "s3", user)
    own.put_object(Bucket=bucket, Key="k", Body=b"")
    with api_error("AccessDenied", 403):  # counts: it was tried
        own.get_bucket_policy(Bucket=bucket)

    def actions(found: dict[str, Any]) -> dict[str, Any]:
        return {one["ActionName"]: one for one in found["s3"]["TrackedActionsLastAccessed"]}

    is_there = lambda found: "LastAccessedTime" in actions(found).get("GetBucketPolicy", {})  # noqa: E731
    listed = actions(wait_for(iam, user["Arn"], is_there, granularity="ACTION_LEVEL"))
    assert listed["PutObject"]["LastAccessedEntity"] == user["Arn"]
    assert listed["PutObject"]["LastAccessedRegion"]
    assert listed["PutObject"]["LastAccessedTime"] <= listed["GetBucketPolicy"]["LastAccessedTime"]
    assert listed["ListBucket"] == {"ActionName": "ListBucket"}
    assert listed["GetObject"] == {"ActionName": "GetObject"}
    assert "DeleteObject" not in listed
    assert "CreateBucket" not in listed


def test_groups_and_policies_tell_who_did(server: Server, iam: Any, name: Name, group: str, bucket: str) -> None:
    policy = iam.create_policy(PolicyName=name(), PolicyDocument=policy_of({"Action": "s3:ListBucket"}))["Policy"][
        "Arn"
    ]
    iam.attach_group_policy(GroupName=group, PolicyArn=policy)
    members = [make_user(iam, name()) for _ in range(2)]
    for member in members:
        iam.add_user_to_group(GroupName=group, UserName=member["UserName"])
    trust = json.dumps(
        {
            "Version": "2012-10-17",
            "Statement": [{"Effect": "Allow", "Principal": {"AWS": members[0]["Arn"]}, "Action": "sts:AssumeRole"}],
        }
    )
    role = iam.create_role(RoleName=name(), AssumeRolePolicyDocument=trust)["Role"]
    iam.attach_role_policy(RoleName=role["RoleName"], PolicyArn=policy)
    iam.attach_user_policy(UserName=members[0]["UserName"], PolicyArn=policy)  # in the group as well: told once
    with_keys(server, "s3", members[1]).list_objects_v2(Bucket=bucket)
    group_arn = iam.get_group(GroupName=group)["Group"]["Arn"]
    of_group = wait_for(iam, group_arn, used("s3"))
    assert of_group["s3"]["LastAuthenticatedEntity"] == members[1]["Arn"]
    session = with_keys(server, "sts", members[0]).assume_role(RoleArn=role["Arn"], RoleSessionName="session")[
        "Credentials"
    ]
    with_keys(server, "s3", session).list_objects_v2(Bucket=bucket)
    of_policy = wait_for(iam, policy, used("s3", 2))
    assert of_policy["s3"]["LastAuthenticatedEntity"] == role["Arn"]
    with_entities = iam.get_service_last_accessed_details_with_entities(
        JobId=of_policy["job"], ServiceNamespace="s3", MaxItems=2
    )
    assert with_entities["JobStatus"] == "COMPLETED"
    assert with_entities["IsTruncated"]
    rest = iam.get_service_last_accessed_details_with_entities(
        JobId=of_policy["job"], ServiceNamespace="s3", Marker=with_entities["Marker"]
    )
    assert not rest["IsTruncated"]
    entities = with_entities["EntityDetailsList"] + rest["EntityDetailsList"]
    # The newest first, and who never did last.
    assert [one["EntityInfo"]["Arn"] for one in entities] == [role["Arn"], members[1]["Arn"], members[0]["Arn"]]
    assert entities[0]["EntityInfo"] == {
        "Arn": role["Arn"],
        "Name": role["RoleName"],
        "Type": "ROLE",
        "Id": role["RoleId"],
        "Path": "/",
    }
    assert entities[1]["EntityInfo"]["Type"] == "USER"
    assert "LastAuthenticated" not in entities[2]
    other = iam.get_service_last_accessed_details_with_entities(JobId=of_policy["job"], ServiceNamespace="ec2")
    assert other["EntityDetailsList"] == []


def test_a_managed_policy_of_aws_in_pages(server: Server, iam: Any) -> None:
    job = iam.generate_service_last_accessed_details(Arn="arn:aws:iam::aws:policy/AdministratorAccess")["JobId"]
    found: list[str] = []
    marker: dict[str, str] = {}
    while True:
        page = iam.get_service_last_accessed_details(JobId=job, MaxItems=4, **marker)
        assert len(page["ServicesLastAccessed"]) <= 4
        found += [one["ServiceNamespace"] for one in page["ServicesLastAccessed"]]
        if not page["IsTruncated"]:
            break
        marker = {"Marker": page["Marker"]}
    assert len(found) == len(set(found))
    # An administrator may use all there are.
    with urllib.request.urlopen(f"{server.endpoint}/_aerolith/health") as answer:
        known = json.loads(answer.read())["services"]
    assert set(found) == {NAMESPACES.get(one, one) for one in known}


def test_reports_outlive_restarts_and_users_do_not(make_server: Callable[..., Server]) -> None:
    server = make_server()
    iam = boto_client(server, "iam")
    user = make_user(iam, "ann", policy_of({"Action": "s3:ListAllMyBuckets"}))
    with_keys(server, "s3", user).list_buckets()
    job = wait_for(iam, user["Arn"], used("s3"))["job"]
    assert server.stop() == 0
    server.start()
    iam = boto_client(server, "iam")
    assert iam.get_service_last_accessed_details(JobId=job)["ServicesLastAccessed"][0]["LastAuthenticated"]
    assert report(iam, user["Arn"])["s3"]["LastAuthenticatedEntity"] == user["Arn"]
    iam.delete_user_policy(UserName="ann", PolicyName="rights")
    iam.delete_access_key(UserName="ann", AccessKeyId=user["AccessKeyId"])
    iam.delete_user(UserName="ann")
    with api_error("NoSuchEntity", 404):
        report(iam, user["Arn"])
    again = make_user(iam, "ann", policy_of({"Action": "s3:ListAllMyBuckets"}))
    assert report(iam, again["Arn"])["s3"]["TotalAuthenticatedEntities"] == 0


def test_without_an_audit_log_too(make_server: Callable[..., Server]) -> None:
    server = make_server(AEROLITH_AUDIT_ENABLED="false")
    iam = boto_client(server, "iam")
    user = make_user(iam, "ann", policy_of({"Action": "sts:*"}))
    with_keys(server, "sts", user).get_caller_identity()
    found = report(iam, user["Arn"], "ACTION_LEVEL")["sts"]
    assert found["TotalAuthenticatedEntities"] == 1
    tried = [one["ActionName"] for one in found["TrackedActionsLastAccessed"] if "LastAccessedTime" in one]
    assert tried == ["GetCallerIdentity"]


def test_a_report_is_for_who_asked_for_it(server: Server, iam: Any, name: Name) -> None:
    asker, other = (make_user(iam, name(), policy_of({"Action": "iam:*"})) for _ in range(2))
    own = with_keys(server, "iam", asker)
    job = report(own, asker["Arn"])["job"]
    assert own.get_service_last_accessed_details(JobId=job)["JobStatus"] == "COMPLETED"
    for foreign in (with_keys(server, "iam", other), iam):
        with api_error("NoSuchEntity", 404):
            foreign.get_service_last_accessed_details(JobId=job)
        with api_error("NoSuchEntity", 404):
            foreign.get_service_last_accessed_details_with_entities(JobId=job, ServiceNamespace="iam")


def test_what_there_is_no_report_of(iam: Any, account: str) -> None:
    for kind in ("user", "group", "role", "policy"):
        with api_error("NoSuchEntity", 404):
            iam.generate_service_last_accessed_details(Arn=f"arn:aws:iam::{account}:{kind}/nobody-{uuid.uuid4().hex}")
    for wrong in (
        f"arn:aws:iam::{account}:root",
        "arn:aws:iam::999999999999:user/ann",
        "arn:aws:s3:::some-bucket-name",
    ):
        with api_error("InvalidInput", 400):
            iam.generate_service_last_accessed_details(Arn=wrong)
    with api_error("NoSuchEntity", 404):
        iam.get_service_last_accessed_details(JobId=str(uuid.uuid4()))


def test_a_report_needs_the_right_on_what_it_is_about(server: Server, iam: Any, name: Name, role: str) -> None:
    called = name()
    user = make_user(iam, called)
    own = iam.get_role(RoleName=role)["Role"]["Arn"]
    allowed = {"Action": ["iam:GenerateServiceLastAccessedDetails", "iam:ListPoliciesGrantingServiceAccess"]}
    iam.put_user_policy(UserName=called, PolicyName="p", PolicyDocument=policy_of(allowed | {"Resource": own}))
    narrow = with_keys(server, "iam", user)
    narrow.generate_service_last_accessed_details(Arn=own)
    narrow.list_policies_granting_service_access(Arn=own, ServiceNamespaces=["s3"])
    with api_error("AccessDenied", 403):
        narrow.generate_service_last_accessed_details(Arn=user["Arn"])
    with api_error("AccessDenied", 403):
        narrow.list_policies_granting_service_access(Arn=user["Arn"], ServiceNamespaces=["s3"])


def granting(iam: Any, arn: str, *services: str) -> dict[str, list[dict[str, Any]]]:
    answer = iam.list_policies_granting_service_access(Arn=arn, ServiceNamespaces=list(services))
    assert not answer["IsTruncated"]
    return {one["ServiceNamespace"]: one["Policies"] for one in answer["PoliciesGrantingServiceAccess"]}


def test_which_policies_grant_a_service(iam: Any, name: Name, group: str) -> None:
    called = name()
    user = make_user(iam, called, policy_of({"Action": "s3:Get*"}, {"Action": "ec2:*", "Effect": "Deny"}))
    power = "arn:aws:iam::aws:policy/PowerUserAccess"  # NotAction: iam:*, organizations:*, account:*
    iam.attach_user_policy(UserName=called, PolicyArn=power)
    iam.add_user_to_group(GroupName=group, UserName=called)
    iam.put_group_policy(GroupName=group, PolicyName="inline", PolicyDocument=policy_of({"Action": "iam:GetUser"}))
    managed = {"PolicyName": "PowerUserAccess", "PolicyType": "MANAGED", "PolicyArn": power}
    inline = {"PolicyName": "rights", "PolicyType": "INLINE", "EntityType": "USER", "EntityName": called}
    of_group = {"PolicyName": "inline", "PolicyType": "INLINE", "EntityType": "GROUP", "EntityName": group}
    found = granting(iam, user["Arn"], "s3", "ec2", "iam", "codecommit")
    assert found["s3"] == [managed, inline]
    assert found["ec2"] == found["codecommit"] == [managed]
    assert of_group in found["iam"]
    assert inline not in found["iam"]
    group_arn = iam.get_group(GroupName=group)["Group"]["Arn"]
    assert granting(iam, group_arn, "iam", "s3") == {"iam": [of_group], "s3": []}
    with api_error("NoSuchEntity", 404):
        granting(iam, user["Arn"] + "x", "s3")
    with api_error("InvalidInput", 400):
        granting(iam, power, "s3")


@pytest.mark.parametrize(
    ("statement", "reaches"),
    [
        ({"Action": "*"}, True),
        ({"Action": "*:ListBucket"}, True),
        ({"Action": "S3:listbucket"}, True),
        ({"Action": "s3-object-lambda:*"}, False),
        ({"NotAction": "s3:GetObject"}, True),
        ({"NotAction": "s3:*"}, False),
        ({"NotAction": ["iam:*", "ec2:*"]}, True),
    ],
)
def test_what_reaches_a_service(iam: Any, role: str, statement: dict[str, Any], reaches: bool) -> None:
    iam.put_role_policy(RoleName=role, PolicyName="p", PolicyDocument=policy_of(statement))
    arn = iam.get_role(RoleName=role)["Role"]["Arn"]
    assert bool(granting(iam, arn, "s3")["s3"]) == reaches
    assert ("s3" in report(iam, arn)) == reaches
