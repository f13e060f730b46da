"""Retention rules of the Recycle Bin. What they keep is in tests/ec2/test_recycle_bin.py; delays of days are in
rules_test.cc.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tools.harness.clients import CommandLine, boto_client
from tools.harness.expect import api_error
from tools.harness.identities import make_user, policy_of, remove_user, with_keys
from tools.harness.server import Server

DAYS = {"RetentionPeriodUnit": "DAYS"}
DELAY = {"UnlockDelay": {"UnlockDelayValue": 7, "UnlockDelayUnit": "DAYS"}}


class Rules:
    def __init__(self, rbin: Any) -> None:
        self.rbin = rbin
        self.made: list[str] = []

    def make(self, days: int = 3, kind: str = "EBS_SNAPSHOT", **wanted: Any) -> dict[str, Any]:
        period = {"RetentionPeriodValue": days, **DAYS}
        rule = self.rbin.create_rule(ResourceType=kind, RetentionPeriod=period, **wanted)
        self.made.append(rule["Identifier"])
        return dict(rule)

    def listed(self, kind: str = "EBS_SNAPSHOT", **wanted: Any) -> list[str]:
        pages = self.rbin.get_paginator("list_rules").paginate(ResourceType=kind, **wanted)
        return [each["Identifier"] for page in pages for each in page["Rules"]]


@pytest.fixture
def rules(server: Server) -> Iterator[Rules]:
    own = Rules(boto_client(server, "rbin"))
    yield own
    for identifier in own.made:
        own.rbin.delete_rule(Identifier=identifier)


def test_the_life_of_a_rule(rules: Rules) -> None:
    rbin = rules.rbin
    made = rules.make(
        3,
        Description="what the team has",
        ResourceTags=[{"ResourceTagKey": "team", "ResourceTagValue": "red"}],
        Tags=[{"Key": "cost", "Value": "none"}],
    )
    assert made["ResponseMetadata"]["HTTPStatusCode"] == 201
    assert (made["Status"], made["ExcludeResourceTags"]) == ("available", [])
    assert made["RuleArn"].endswith(f":rule/{made['Identifier']}")
    assert "LockState" not in made
    seen = rbin.get_rule(Identifier=made["Identifier"])
    for key in ("Description", "ResourceType", "RetentionPeriod", "ResourceTags", "RuleArn", "Status"):
        assert seen[key] == made[key]
    changed = rbin.update_rule(
        Identifier=made["Identifier"],
        RetentionPeriod={"RetentionPeriodValue": 30, **DAYS},
        ResourceTags=[],
        ExcludeResourceTags=[{"ResourceTagKey": "temporary", "ResourceTagValue": "yes"}],
    )
    assert (changed["ResourceTags"], changed["Description"]) == ([], "what the team has")
    assert rbin.get_rule(Identifier=made["Identifier"])["RetentionPeriod"]["RetentionPeriodValue"] == 30
    rbin.delete_rule(Identifier=made["Identifier"])
    rules.made.remove(made["Identifier"])
    with api_error("ResourceNotFoundException", 404) as caught:
        rbin.get_rule(Identifier=made["Identifier"])
    assert caught.value.response["Reason"] == "RULE_NOT_FOUND"


def test_rules_are_listed(rules: Rules) -> None:
    tagged = [{"ResourceTagKey": "team", "ResourceTagValue": "blue"}]
    ours = [rules.make()["Identifier"], rules.make(ResourceTags=tagged)["Identifier"]]
    image = rules.make(kind="EC2_IMAGE")["Identifier"]
    assert set(ours) <= set(rules.listed())
    assert set(ours) <= set(rules.listed(PaginationConfig={"PageSize": 1}))
    assert image not in rules.listed()
    assert image in rules.listed("EC2_IMAGE")
    assert rules.listed(ResourceTags=tagged) == [ours[1]]
    assert rules.listed(LockState="locked") == []


def test_what_is_wrong_with_a_request(rules: Rules) -> None:
    tags = [{"ResourceTagKey": "a", "ResourceTagValue": "b"}]
    for wanted in (
        {"days": 366},
        {"days": 8, "kind": "EBS_VOLUME"},
        {"ResourceTags": tags, "ExcludeResourceTags": tags},
        {"ResourceTags": tags, "LockConfiguration": DELAY},
        {"Tags": [{"Key": "aws:mine", "Value": ""}]},
    ):
        with api_error("ValidationException", 400) as caught:
            rules.make(**wanted)
        assert caught.value.response["Reason"] == "INVALID_PARAMETER_VALUE", wanted
    with api_error("ValidationException", 400):
        rules.make(kind="LAMBDA_FUNCTION")
    rule = rules.make(ResourceTags=tags)["Identifier"]
    with api_error("ValidationException", 400):
        rules.rbin.lock_rule(Identifier=rule, LockConfiguration=DELAY)
    with api_error("ValidationException", 400):
        rules.rbin.update_rule(Identifier=rule, ResourceType="EC2_IMAGE")


@pytest.fixture
def own_server(tmp_path: Path) -> Iterator[Server]:
    """For what stays longer than a test."""
    own = Server(tmp_path).start()
    yield own
    own.stop()


def test_a_locked_rule(own_server: Server) -> None:
    """Nobody deletes it for a week, nor its account."""
    server = own_server
    created = json.loads(server.command("account", "create", "--name", "locked-rules", "--json").stdout)
    named = {"aws_access_key_id": created["access_key_id"], "aws_secret_access_key": created["secret_access_key"]}
    rules = Rules(boto_client(server, "rbin", **named))
    rbin = rules.rbin
    rule = rules.make(1, LockConfiguration=DELAY)
    assert (rule["LockState"], rule["LockConfiguration"]) == ("locked", DELAY)
    assert rules.listed(LockState="locked") == [rule["Identifier"]]
    for call, more in ((rbin.delete_rule, {}), (rbin.update_rule, {"Description": "x"})):
        with api_error("ConflictException", 409) as caught:
            call(Identifier=rule["Identifier"], **more)
        assert caught.value.response["Reason"] == "INVALID_RULE_STATE"
    unlocked = rbin.unlock_rule(Identifier=rule["Identifier"])
    assert unlocked["LockState"] == "pending_unlock"
    assert unlocked["LockEndTime"] == rbin.get_rule(Identifier=rule["Identifier"])["LockEndTime"]
    with api_error("ConflictException", 409):
        rbin.delete_rule(Identifier=rule["Identifier"])
    left = server.command("account", "delete", "--account", created["account_id"])
    assert left.returncode != 0 and "1 retention rule" in left.stdout + left.stderr


def test_tags_of_a_rule(rules: Rules) -> None:
    arn = rules.make(Tags=[{"Key": "a", "Value": "1"}])["RuleArn"]
    rules.rbin.tag_resource(ResourceArn=arn, Tags=[{"Key": "a", "Value": "2"}, {"Key": "b", "Value": "3"}])
    rules.rbin.untag_resource(ResourceArn=arn, TagKeys=["b", "none"])
    assert rules.rbin.list_tags_for_resource(ResourceArn=arn)["Tags"] == [{"Key": "a", "Value": "2"}]
    with api_error("ResourceNotFoundException", 404):
        rules.rbin.list_tags_for_resource(ResourceArn=arn[:-11] + "abcdefghijk")


def test_policies(server: Server, rules: Rules, client: Callable[..., Any], request: pytest.FixtureRequest) -> None:
    """By the kind of resource, and by a rule's own tags."""
    iam = client("iam")
    statements = (
        {"Action": "rbin:CreateRule", "Condition": {"StringEquals": {"rbin:Request/ResourceType": "EC2_IMAGE"}}},
        {"Action": "rbin:GetRule", "Condition": {"StringEquals": {"aws:ResourceTag/open": "yes"}}},
    )
    user = make_user(iam, "keeper-of-rules", policy_of(*statements))
    request.addfinalizer(lambda: remove_user(iam, "keeper-of-rules"))
    theirs = Rules(with_keys(server, "rbin", user))
    rules.made.append(theirs.make(kind="EC2_IMAGE")["Identifier"])
    with api_error("AccessDeniedException", 403):
        theirs.make()
    with api_error("AccessDeniedException", 403):
        theirs.make(kind="EC2_IMAGE", Tags=[{"Key": "a", "Value": "b"}])
    with api_error("AccessDeniedException", 403):
        theirs.rbin.get_rule(Identifier=rules.make()["Identifier"])
    tagged = rules.make(Tags=[{"Key": "open", "Value": "yes"}])["Identifier"]
    assert theirs.rbin.get_rule(Identifier=tagged)["Identifier"] == tagged


def test_the_command_line(server: Server, rules: Rules) -> None:
    line = CommandLine(server)
    period = "RetentionPeriodValue=2,RetentionPeriodUnit=DAYS"
    made = line.aws(
        "rbin", "create-rule", "--resource-type", "EBS_VOLUME", "--retention-period", period, "--output", "json"
    )
    identifier = json.loads(made.stdout)["Identifier"]
    rules.made.append(identifier)
    listed = line.aws("rbin", "list-rules", "--resource-type", "EBS_VOLUME", "--output", "json")
    assert identifier in [each["Identifier"] for each in json.loads(listed.stdout)["Rules"]]
