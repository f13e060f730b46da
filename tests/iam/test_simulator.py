"""The policy simulator: what would be allowed, and by which statement.

https://docs.aws.amazon.com/IAM/latest/UserGuide/access_policies_testing-policies.html
"""

from __future__ import annotations

import json
from typing import Any

from tests.iam.conftest import message
from tools.harness.clients import CommandLine
from tools.harness.expect import api_error
from tools.harness.identities import policy_of, with_keys

READS = policy_of({"Action": "s3:GetObject"})


def decisions(answer: dict[str, Any]) -> dict[tuple[str, str], str]:
    return {(r["EvalActionName"], r["EvalResourceName"]): r["EvalDecision"] for r in answer["EvaluationResults"]}


def test_each_action_on_each_resource(iam: Any) -> None:
    given = policy_of(
        {"Action": "s3:GetObject", "Resource": "arn:aws:s3:::one/*"},
        {"Action": "s3:*", "Resource": "arn:aws:s3:::two/*"},
        {"Effect": "Deny", "Action": "s3:DeleteObject"},
    )
    answer = iam.simulate_custom_policy(
        PolicyInputList=[given],
        ActionNames=["s3:GetObject", "s3:DeleteObject", "s3:PutObject"],
        ResourceArns=["arn:aws:s3:::one/k", "arn:aws:s3:::two/k"],
    )
    assert decisions(answer) == {
        ("s3:GetObject", "arn:aws:s3:::one/k"): "allowed",
        ("s3:GetObject", "arn:aws:s3:::two/k"): "allowed",
        ("s3:DeleteObject", "arn:aws:s3:::one/k"): "explicitDeny",
        ("s3:DeleteObject", "arn:aws:s3:::two/k"): "explicitDeny",
        ("s3:PutObject", "arn:aws:s3:::one/k"): "implicitDeny",
        ("s3:PutObject", "arn:aws:s3:::two/k"): "allowed",
    }
    denied = next(r for r in answer["EvaluationResults"] if r["EvalActionName"] == "s3:DeleteObject")
    (statement,) = denied["MatchedStatements"]
    assert statement["SourcePolicyId"] == "PolicyInputList.1"
    place = statement["StartPosition"], statement["EndPosition"]
    assert all(p["Line"] == 1 for p in place)
    assert '"Deny"' in given[place[0]["Column"] - 1 : place[1]["Column"]]


def test_pages(iam: Any) -> None:
    actions = [f"s3:Get{n}" for n in range(7)]
    given = {"PolicyInputList": [READS], "ActionNames": actions}
    pages = iam.get_paginator("simulate_custom_policy").paginate(**given, PaginationConfig={"PageSize": 3})
    assert [[r["EvalActionName"] for r in page["EvaluationResults"]] for page in pages] == [
        actions[:3],
        actions[3:6],
        actions[6:],
    ]


def test_context_keys(iam: Any) -> None:
    condition = {"StringEquals": {"aws:PrincipalTag/team": "blue"}, "IpAddress": {"aws:SourceIp": "10.0.0.0/8"}}
    given = policy_of({"Action": "s3:GetObject", "Condition": condition, "Resource": "arn:aws:s3:::b/${aws:username}"})
    wanted = {"aws:PrincipalTag/team", "aws:SourceIp", "aws:username"}
    assert set(iam.get_context_keys_for_custom_policy(PolicyInputList=[given])["ContextKeyNames"]) == wanted
    asked = {
        "PolicyInputList": [given],
        "ActionNames": ["s3:GetObject"],
        "ResourceArns": ["arn:aws:s3:::b/ann"],
    }
    (without,) = iam.simulate_custom_policy(**asked)["EvaluationResults"]
    assert without["EvalDecision"] == "implicitDeny"
    assert set(without["MissingContextValues"]) == wanted
    entries = [
        {"ContextKeyName": key, "ContextKeyValues": [value], "ContextKeyType": kind}
        for key, value, kind in (
            ("aws:PrincipalTag/team", "blue", "string"),
            ("aws:SourceIp", "10.1.2.3", "ip"),
            ("aws:username", "ann", "string"),
        )
    ]
    (allowed,) = iam.simulate_custom_policy(**asked, ContextEntries=entries)["EvaluationResults"]
    assert (allowed["EvalDecision"], allowed["MissingContextValues"]) == ("allowed", [])


def test_a_user_with_groups_and_a_boundary(iam: Any, user: str, group: str) -> None:
    arn = iam.get_user(UserName=user)["User"]["Arn"]
    iam.put_user_policy(UserName=user, PolicyName="reads", PolicyDocument=READS)
    iam.put_group_policy(GroupName=group, PolicyName="lists", PolicyDocument=policy_of({"Action": "s3:ListBucket"}))
    iam.add_user_to_group(GroupName=group, UserName=user)
    asked = {"PolicySourceArn": arn, "ActionNames": ["s3:GetObject", "s3:ListBucket", "s3:PutObject"]}
    answer = iam.simulate_principal_policy(**asked)
    assert list(decisions(answer).values()) == ["allowed", "allowed", "implicitDeny"]
    sources = [s["SourcePolicyId"] for r in answer["EvaluationResults"] for s in r["MatchedStatements"]]
    assert sources == [f"user_{user}_reads", f"group_{group}_lists"]
    more = iam.simulate_principal_policy(**asked, PolicyInputList=[policy_of({"Action": "s3:PutObject"})])
    assert list(decisions(more).values()) == ["allowed"] * 3
    boundary = iam.simulate_principal_policy(**asked, PermissionsBoundaryPolicyInputList=[READS])
    assert list(decisions(boundary).values()) == ["allowed", "implicitDeny", "implicitDeny"]
    within = [
        r["PermissionsBoundaryDecisionDetail"]["AllowedByPermissionsBoundary"] for r in boundary["EvaluationResults"]
    ]
    assert within == [True, False, False]
    iam.put_user_permissions_boundary(
        UserName=user, PermissionsBoundary="arn:aws:iam::aws:policy/AmazonS3ReadOnlyAccess"
    )
    bounded = iam.simulate_principal_policy(**asked, PolicyInputList=[policy_of({"Action": "s3:*"})])
    assert list(decisions(bounded).values()) == ["allowed", "allowed", "implicitDeny"]


def test_what_the_simulator_says_is_what_happens(iam: Any, client: Any, user: str, s3: Any, bucket: str) -> None:
    rights = policy_of(
        {"Action": "s3:*", "Resource": [f"arn:aws:s3:::{bucket}", f"arn:aws:s3:::{bucket}/a/*"]},
        {"Effect": "Deny", "Action": "s3:DeleteObject"},
    )
    iam.put_user_policy(UserName=user, PolicyName="rights", PolicyDocument=rights)
    arn = iam.get_user(UserName=user)["User"]["Arn"]
    keys = iam.create_access_key(UserName=user)["AccessKey"]
    own = with_keys(client, "s3", keys)
    calls = {
        ("s3:PutObject", "a/k"): lambda: own.put_object(Bucket=bucket, Key="a/k", Body=b""),
        ("s3:PutObject", "b/k"): lambda: own.put_object(Bucket=bucket, Key="b/k", Body=b""),
        ("s3:DeleteObject", "a/k"): lambda: own.delete_object(Bucket=bucket, Key="a/k"),
    }
    for (action, key), call in calls.items():
        told = iam.simulate_principal_policy(
            PolicySourceArn=arn, ActionNames=[action], ResourceArns=[f"arn:aws:s3:::{bucket}/{key}"]
        )
        if told["EvaluationResults"][0]["EvalDecision"] == "allowed":
            call()
        else:
            with api_error("AccessDenied", 403):
                call()


def test_a_resource_policy(iam: Any, user: str) -> None:
    arn = iam.get_user(UserName=user)["User"]["Arn"]
    policy = json.dumps(
        {
            "Version": "2012-10-17",
            "Statement": {
                "Effect": "Allow",
                "Principal": {"AWS": arn},
                "Action": "s3:GetObject",
                "Resource": "arn:aws:s3:::b/*",
            },
        }
    )
    asked = {"PolicySourceArn": arn, "ActionNames": ["s3:GetObject"], "ResourceArns": ["arn:aws:s3:::b/k"]}
    assert list(decisions(iam.simulate_principal_policy(**asked)).values()) == ["implicitDeny"]
    assert list(decisions(iam.simulate_principal_policy(**asked, ResourcePolicy=policy)).values()) == ["allowed"]
    # Another account's resource needs both sides.
    owner = {"ResourceOwner": "arn:aws:iam::999988887777:root", "ResourcePolicy": policy}
    assert list(decisions(iam.simulate_principal_policy(**asked, **owner)).values()) == ["implicitDeny"]
    both = iam.simulate_principal_policy(**asked, **owner, PolicyInputList=[READS])
    assert list(decisions(both).values()) == ["allowed"]
    with api_error("InvalidInput", 400):
        iam.simulate_custom_policy(PolicyInputList=[READS], ActionNames=["s3:GetObject"], ResourcePolicy=policy)


def test_what_is_refused(iam: Any, user: str) -> None:
    arn = iam.get_user(UserName=user)["User"]["Arn"]
    with api_error("NoSuchEntity", 404):
        iam.simulate_principal_policy(PolicySourceArn=arn + "x", ActionNames=["s3:GetObject"])
    for wrong in ({"PolicyInputList": ["{}"]}, {"PolicyInputList": [READS], "CallerArn": "arn:aws:iam::1:role/x"}):
        with api_error("InvalidInput", 400):
            iam.simulate_custom_policy(ActionNames=["s3:GetObject"], **wrong)


def test_context_keys_of_who_has_policies(iam: Any, user: str) -> None:
    condition = {"StringLike": {"s3:prefix": "${aws:PrincipalTag/team}/*"}}
    iam.put_user_policy(
        UserName=user, PolicyName="p", PolicyDocument=policy_of({"Action": "s3:ListBucket", "Condition": condition})
    )
    arn = iam.get_user(UserName=user)["User"]["Arn"]
    found = iam.get_context_keys_for_principal_policy(PolicySourceArn=arn, PolicyInputList=[READS])
    assert set(found["ContextKeyNames"]) == {"s3:prefix", "aws:PrincipalTag/team"}


# https://github.com/aws-containers/amazon-ecs-exec-checker/pull/10 and issue 35, as AWS said it.
def test_whose_policies_and_which_resources(iam: Any, account: str) -> None:
    for arn in (f"arn:aws:sts::{account}:assumed-role/r/s", f"arn:aws:iam::{account}:root"):
        with api_error("InvalidInput", 400) as caught:
            iam.simulate_principal_policy(PolicySourceArn=arn, ActionNames=["s3:GetObject"])
        assert message(caught) == f"Invalid Entity Arn: {arn} does not clearly define entity type and name."
    for given, told in (
        ({"ResourceArns": ["a-bucket"]}, "ResourceNames are not in a valid ARN format: a-bucket."),
        ({"ActionNames": ["s3:Get*"]}, "Invalid Action Name: s3:Get*"),
    ):
        with api_error("InvalidInput", 400) as caught:
            iam.simulate_custom_policy(**({"PolicyInputList": [READS], "ActionNames": ["s3:GetObject"]} | given))
        assert message(caught) == told
    answer = iam.simulate_custom_policy(PolicyInputList=[READS], ActionNames=["s3:GetObject"])
    assert answer["EvaluationResults"][0]["EvalDecisionDetails"] == {}


def test_by_the_command_line(cli: CommandLine) -> None:
    answer = cli.aws(
        *("iam", "simulate-custom-policy", "--policy-input-list", READS, "--action-names", "s3:GetObject", "s3:Put"),
        *("--query", "EvaluationResults[].EvalDecision", "--output", "text"),
    )
    assert answer.stdout.split() == ["allowed", "implicitDeny"]
