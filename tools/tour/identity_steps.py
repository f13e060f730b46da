"""The identity part of the tour: a user with a narrow policy, what stops it, a role that it assumes; all away again."""

from __future__ import annotations

import json
import time
from typing import Any

from tools.tour.cloud import Cloud
from tools.tour.report import Report, StepFailed

USER, ROLE = "tour-reader", "tour-worker"  # also the names of their profiles


def _policy(*statements: dict[str, Any]) -> str:
    allowed = [{"Effect": "Allow"} | statement for statement in statements]
    return json.dumps({"Version": "2012-10-17", "Statement": allowed})


def _write_profile(cloud: Cloud, name: str, settings: dict[str, str]) -> None:
    """Not by way of the log: one of the settings is a secret."""
    own = settings | {
        setting: cloud.clients.aws("configure", "get", setting).stdout.strip() for setting in ("endpoint_url", "region")
    }
    for setting, value in own.items():
        cloud.clients.aws("configure", "set", setting, value, "--profile", name)


def _make_user(cloud: Cloud, bucket: str) -> str:
    """Answers its ARN."""
    arn = json.loads(cloud.aws("iam", "create-user", "--user-name", USER))["User"]["Arn"]
    reads = {"Action": "s3:GetObject", "Resource": f"arn:aws:s3:::{bucket}/tree/odd names/*"}
    document = ("--policy-name", "reads", "--policy-document", _policy(reads))
    cloud.aws("iam", "put-user-policy", "--user-name", USER, *document)
    made = cloud.clients.aws("iam", "create-access-key", "--user-name", USER, "--output", "json").stdout
    keys = json.loads(made)["AccessKey"]
    secret = {"aws_access_key_id": keys["AccessKeyId"], "aws_secret_access_key": keys["SecretAccessKey"]}
    _write_profile(cloud, USER, secret)
    return str(arn)


def _read(cloud: Cloud, profile: str, bucket: str, key: str, fails: bool = False) -> str:
    place = ("--bucket", bucket, "--key", key)
    return cloud.aws("s3api", "get-object", *place, "/dev/null", "--profile", profile, fails=fails)


def _expect_denial(said: str, action: str) -> None:
    if "AccessDenied" not in said or f"is not authorized to perform: {action}" not in said:
        raise StepFailed(f"not a denial of {action}: {said.strip()}")


def _explain(cloud: Cloud, arn: str) -> str:
    """What `aerolith audit` and `aerolith iam trace` tell of the denial: events are in the log a moment later."""
    deadline = time.monotonic() + 10
    while not (told := cloud.aerolith("audit", "--denied", "--principal", arn, "--json")):
        if time.monotonic() > deadline:
            raise StepFailed("the audit log has no denial")
        time.sleep(0.05)
    event = json.loads(told.splitlines()[-1])
    if (event["operation"], event["outcome"]) != ("GetObject", "denied"):
        raise StepFailed(f"the audit log tells of {event['operation']}, {event['outcome']}")
    (traced,) = json.loads(cloud.aerolith("iam", "trace", "--since", "1h", "--principal", arn, "--json"))["principals"]
    (statement,) = traced["policy"]["Statement"]
    if statement["Action"] not in ("s3:GetObject", ["s3:GetObject"]):
        raise StepFailed(f"the least policy is {statement}")
    (denial,) = traced["denied"]
    return f"{denial['action']}: {denial['why']}"


def _make_role(cloud: Cloud, arn: str, bucket: str) -> None:
    trust = _policy({"Action": "sts:AssumeRole", "Principal": {"AWS": arn}})
    made = cloud.aws("iam", "create-role", "--role-name", ROLE, "--assume-role-policy-document", trust)
    rights = _policy({"Action": "s3:GetObject", "Resource": f"arn:aws:s3:::{bucket}/tree/*"})
    document = ("--policy-name", "reads", "--policy-document", rights)
    cloud.aws("iam", "put-role-policy", "--role-name", ROLE, *document)
    _write_profile(cloud, ROLE, {"role_arn": json.loads(made)["Role"]["Arn"], "source_profile": USER})


def _remove(cloud: Cloud) -> None:
    user, role = ("--user-name", USER), ("--role-name", ROLE)
    cloud.aws("iam", "delete-role-policy", *role, "--policy-name", "reads")
    cloud.aws("iam", "delete-role", *role)
    cloud.aws("iam", "delete-user-policy", *user, "--policy-name", "reads")
    for key in json.loads(cloud.aws("iam", "list-access-keys", *user))["AccessKeyMetadata"]:
        cloud.aws("iam", "delete-access-key", *user, "--access-key-id", key["AccessKeyId"])
    cloud.aws("iam", "delete-user", *user)
    left = json.loads(cloud.aws("iam", "get-account-summary"))["SummaryMap"]
    if left["Users"] or left["Roles"]:
        raise StepFailed(f"{left['Users']} users and {left['Roles']} roles are left")


def run(report: Report, cloud: Cloud, bucket: str) -> None:
    """In a bucket that has the tree of the S3 part."""
    inside, outside = "tree/odd names/ünïcödé-ñ.txt", "tree/a-larger-file"
    with report.step("a user who may read one folder"):
        arn = _make_user(cloud, bucket)
    with report.step("it reads there, and nowhere else") as step:
        _read(cloud, USER, bucket, inside)
        _expect_denial(_read(cloud, USER, bucket, outside, fails=True), "s3:GetObject")
        step.detail = "AccessDenied"
    with report.step("aerolith audit and iam trace say why") as step:
        step.detail = _explain(cloud, arn)
    with report.step("a role that it assumes reads more") as step:
        _make_role(cloud, arn, bucket)
        _read(cloud, ROLE, bucket, outside)
        told = json.loads(cloud.aws("sts", "get-caller-identity", "--profile", ROLE))
        if f":assumed-role/{ROLE}/" not in told["Arn"]:
            raise StepFailed(f"the caller is {told['Arn']}")
        step.detail = told["Arn"].rsplit(":", 1)[1]
    with report.step("user and role deleted: nothing is left"):
        _remove(cloud)
        said = _read(cloud, USER, bucket, inside, fails=True)
        if "InvalidAccessKeyId" not in said:
            raise StepFailed(f"the user's key is answered {said.strip()}")
