"""EC2 under policies: what users may, what a denial says, and reading its encoded message."""

from __future__ import annotations

import json
import re
import uuid
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from tests.ec2.conftest import message, tagged
from tools.harness.clients import boto_client
from tools.harness.expect import api_error
from tools.harness.identities import make_user, policy_of, remove_user, with_keys
from tools.harness.server import Server

ENCODED = re.compile(r"\. Encoded authorization failure message: ([A-Za-z0-9_-]+)$")
TRUST_EC2 = (
    '{"Version":"2012-10-17","Statement":[{"Effect":"Allow",'
    '"Principal":{"Service":"ec2.amazonaws.com"},"Action":"sts:AssumeRole"}]}'
)


class Limited:
    """A user, and a client of EC2 that signs with its key."""

    def __init__(self, server: Server) -> None:
        self.iam = boto_client(server, "iam")
        self.name = f"user-{uuid.uuid4().hex[:12]}"
        self.user = make_user(self.iam, self.name)
        self.ec2 = with_keys(server, "ec2", self.user)

    def may(self, *statements: dict[str, Any]) -> None:
        self.iam.put_user_policy(UserName=self.name, PolicyName="rights", PolicyDocument=policy_of(*statements))


@pytest.fixture
def limited(server: Server) -> Iterator[Limited]:
    made = Limited(server)
    yield made
    remove_user(made.iam, made.name)


@pytest.fixture
def make_vpc(ec2: Any) -> Iterator[Callable[..., str]]:
    made: list[str] = []

    def make(**tags: str) -> str:
        more = {"TagSpecifications": tagged("vpc", **tags)} if tags else {}
        made.append(ec2.create_vpc(CidrBlock="10.77.0.0/16", **more)["Vpc"]["VpcId"])
        return made[-1]

    yield make
    there = (
        [v["VpcId"] for v in ec2.describe_vpcs(Filters=[{"Name": "vpc-id", "Values": made}])["Vpcs"]] if made else []
    )
    for vpc in there:
        ec2.delete_vpc(VpcId=vpc)


# "You are not authorized to perform this operation. User: ... action. Encoded authorization failure message: ..."
def test_a_denial_carries_a_message_that_tells_why(limited: Limited, client: Callable[..., Any]) -> None:
    limited.may({"Action": "ec2:*"}, {"Sid": "NoNetworks", "Effect": "Deny", "Action": "ec2:CreateVpc"})
    with api_error("UnauthorizedOperation", 403) as caught:
        limited.ec2.create_vpc(CidrBlock="10.1.0.0/16")
    text = message(caught)
    assert text.startswith(
        f"You are not authorized to perform this operation. User: {limited.user['Arn']} is not authorized to perform: "
        "ec2:CreateVpc on resource: arn:aws:ec2:us-east-1:"
    )
    assert " with an explicit deny in an identity-based policy. Encoded " in text
    encoded = ENCODED.search(text)
    assert encoded, text
    told = json.loads(client("sts").decode_authorization_message(EncodedMessage=encoded[1])["DecodedMessage"])
    assert told["explicitDeny"] is True
    assert [one["statementId"] for one in told["matchedStatements"]["items"]] == ["NoNetworks"]
    assert told["context"]["principal"]["arn"] == limited.user["Arn"]
    assert told["context"]["action"] == "ec2:CreateVpc"
    assert "aws:sourceip" in [one["key"].lower() for one in told["context"]["conditions"]["items"]]
    sts = with_keys(client, "sts", limited.user)
    with api_error("AccessDenied", 403) as caught:
        sts.decode_authorization_message(EncodedMessage=encoded[1])
    assert "perform: sts:DecodeAuthorizationMessage because no" in message(caught)


# Lists are for no resource in particular: AWS names none, and encodes nothing.
def test_a_denied_list(limited: Limited) -> None:
    with api_error("UnauthorizedOperation", 403) as caught:
        limited.ec2.describe_instances()
    assert message(caught) == (
        f"You are not authorized to perform this operation. User: {limited.user['Arn']} is not authorized to perform: "
        "ec2:DescribeInstances because no identity-based policy allows the ec2:DescribeInstances action"
    )


def test_tags_of_what_is_there(limited: Limited, make_vpc: Callable[..., str]) -> None:
    ours, theirs = make_vpc(env="dev"), make_vpc(env="prod")
    limited.may({"Action": "ec2:DeleteVpc", "Condition": {"StringEquals": {"ec2:ResourceTag/env": "dev"}}})
    with api_error("UnauthorizedOperation", 403):
        limited.ec2.delete_vpc(VpcId=theirs, DryRun=True)
    with api_error("UnauthorizedOperation", 403):
        limited.ec2.delete_vpc(VpcId=theirs)
    with api_error("DryRunOperation", 412):
        limited.ec2.delete_vpc(VpcId=ours, DryRun=True)
    limited.ec2.delete_vpc(VpcId=ours)


# https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/supported-iam-actions-tagging.html
@pytest.mark.parametrize(
    ("statements", "tags", "allowed"),
    [
        ([{"Action": "ec2:CreateVpc"}], {}, True),
        ([{"Action": "ec2:CreateVpc"}], {"env": "dev"}, False),
        ([{"Action": ["ec2:CreateVpc", "ec2:CreateTags"]}], {"env": "dev"}, True),
        (
            [
                {"Action": "ec2:CreateVpc"},
                {"Action": "ec2:CreateTags", "Condition": {"StringEquals": {"ec2:CreateAction": "CreateVpc"}}},
            ],
            {"env": "dev"},
            True,
        ),
        (
            [
                {"Action": "ec2:CreateVpc"},
                {"Action": "ec2:CreateTags", "Condition": {"StringEquals": {"ec2:CreateAction": "RunInstances"}}},
            ],
            {"env": "dev"},
            False,
        ),
        ([{"Action": "ec2:*", "Condition": {"StringEquals": {"aws:RequestTag/env": "dev"}}}], {"env": "dev"}, True),
        ([{"Action": "ec2:*", "Condition": {"StringEquals": {"aws:RequestTag/env": "dev"}}}], {"env": "prod"}, False),
        ([{"Action": "ec2:*", "Condition": {"StringEquals": {"aws:RequestTag/env": "dev"}}}], {}, False),
        ([{"Action": "ec2:*", "Condition": {"StringEquals": {"aws:RequestedRegion": "eu-west-1"}}}], {}, False),
    ],
)
def test_tags_that_are_asked_for(
    limited: Limited, statements: list[dict[str, Any]], tags: dict[str, str], allowed: bool
) -> None:
    limited.may(*statements)
    more = {"TagSpecifications": tagged("vpc", **tags)} if tags else {}
    code, status = ("DryRunOperation", 412) if allowed else ("UnauthorizedOperation", 403)
    with api_error(code, status):
        limited.ec2.create_vpc(CidrBlock="10.1.0.0/16", DryRun=True, **more)


# https://docs.aws.amazon.com/IAM/latest/UserGuide/id_roles_use_passrole.html
@pytest.mark.parametrize(
    ("condition", "allowed"),
    [
        ({}, True),
        ({"iam:PassedToService": "ec2.amazonaws.com"}, True),
        ({"iam:PassedToService": "lambda.amazonaws.com"}, False),
        ({"aws:ResourceTag/team": "web"}, True),
        ({"iam:ResourceTag/team": "web"}, True),
        ({"iam:ResourceTag/team": "data"}, False),
        ({"aws:RequestTag/team": "web"}, False),
        ({"ec2:ResourceTag/team": "web"}, False),
    ],
)
def test_passing_a_role_to_an_instance(cloud: Server, condition: dict[str, str], allowed: bool) -> None:
    limited = Limited(cloud)
    role = f"role-{uuid.uuid4().hex[:12]}"
    limited.iam.create_role(RoleName=role, AssumeRolePolicyDocument=TRUST_EC2, Tags=[{"Key": "team", "Value": "web"}])
    limited.iam.create_instance_profile(InstanceProfileName=role)
    limited.iam.add_role_to_instance_profile(InstanceProfileName=role, RoleName=role)
    image = boto_client(cloud, "ec2").describe_images(Owners=["amazon"])["Images"][0]["ImageId"]
    launch = {"ImageId": image, "MinCount": 1, "MaxCount": 1, "DryRun": True, "IamInstanceProfile": {"Name": role}}

    limited.may({"Action": "ec2:*"})
    with api_error("UnauthorizedOperation", 403) as caught:
        limited.ec2.run_instances(**launch)
    assert f"iam:PassRole on resource: arn:aws:iam::{limited.user['Arn'].split(':')[4]}:role/{role} " in message(caught)
    when = {"Condition": {"StringEquals": condition}} if condition else {}
    limited.may({"Action": "ec2:*"}, {"Action": "iam:PassRole"} | when)
    with api_error(*(("DryRunOperation", 412) if allowed else ("UnauthorizedOperation", 403))):
        limited.ec2.run_instances(**launch)


def _device(name: str, **ebs: Any) -> dict[str, Any]:
    return {"DeviceName": name, "Ebs": {"VolumeSize": 4} | ebs}


# The keys of volume* of RunInstances, each volume for itself.
# https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazonec2.html
@pytest.mark.parametrize(
    ("denied", "devices", "allowed"),
    [
        ({"Bool": {"ec2:Encrypted": "false"}}, [], False),
        ({"Bool": {"ec2:Encrypted": "false"}}, [_device("/dev/xvda", Encrypted=True)], True),
        ({"Bool": {"ec2:Encrypted": "false"}}, [_device("/dev/xvda", Encrypted=True), _device("/dev/sdf")], False),
        (
            {"Bool": {"ec2:Encrypted": "false"}},
            [_device("/dev/xvda", Encrypted=True), _device("/dev/sdf", Encrypted=True)],
            True,
        ),
        ({"NumericGreaterThan": {"ec2:VolumeSize": "4"}}, [_device("/dev/xvda"), _device("/dev/sdf")], True),
        ({"NumericGreaterThan": {"ec2:VolumeSize": "4"}}, [_device("/dev/sdf", VolumeSize=5)], False),
        ({"StringEquals": {"ec2:VolumeType": "io1"}}, [_device("/dev/sdf")], True),
        ({"StringEquals": {"ec2:VolumeType": "io1"}}, [_device("/dev/sdf", VolumeType="io1", Iops=100)], False),
        ({"NumericGreaterThan": {"ec2:VolumeIops": "3000"}}, [_device("/dev/sdf", Iops=3000)], True),
        ({"NumericGreaterThan": {"ec2:VolumeIops": "3000"}}, [_device("/dev/sdf", Iops=3001, VolumeSize=8)], False),
        ({"NumericGreaterThan": {"ec2:VolumeThroughput": "125"}}, [_device("/dev/sdf", Throughput=125)], True),
        ({"NumericGreaterThan": {"ec2:VolumeThroughput": "125"}}, [_device("/dev/sdf", Throughput=126)], False),
        ({"ArnLike": {"ec2:ParentSnapshot": "arn:aws:ec2:*::snapshot/*"}}, [], False),
    ],
)
def test_volumes_of_a_launch(
    cloud: Server, denied: dict[str, Any], devices: list[dict[str, Any]], allowed: bool
) -> None:
    limited = Limited(cloud)
    image = boto_client(cloud, "ec2").describe_images(Owners=["amazon"])["Images"][0]["ImageId"]
    volumes = {"Effect": "Deny", "Action": "ec2:RunInstances", "Resource": "arn:aws:ec2:*:*:volume/*"}
    limited.may({"Action": "ec2:*"}, volumes | {"Condition": denied})
    with api_error(*(("DryRunOperation", 412) if allowed else ("UnauthorizedOperation", 403))):
        limited.ec2.run_instances(ImageId=image, MinCount=1, MaxCount=1, DryRun=True, BlockDeviceMappings=devices)
    remove_user(limited.iam, limited.name)


def test_volumes_of_a_launch_by_what_the_account_and_the_template_say(cloud: Server) -> None:
    limited = Limited(cloud)
    ec2 = boto_client(cloud, "ec2")
    image = ec2.describe_images(Owners=["amazon"])["Images"][0]["ImageId"]
    unencrypted = {
        "Effect": "Deny",
        "Action": "ec2:RunInstances",
        "Resource": "arn:aws:ec2:*:*:volume/*",
        "Condition": {"Bool": {"ec2:Encrypted": "false"}},
    }
    limited.may({"Action": "ec2:*"}, unencrypted)
    data = {"ImageId": image, "BlockDeviceMappings": [_device("/dev/xvda", Encrypted=True)]}
    ec2.create_launch_template(LaunchTemplateName=limited.name, LaunchTemplateData=data)
    counts = {"MinCount": 1, "MaxCount": 1, "DryRun": True}
    try:
        with api_error("DryRunOperation", 412):
            limited.ec2.run_instances(LaunchTemplate={"LaunchTemplateName": limited.name}, **counts)
        with api_error("UnauthorizedOperation", 403):
            limited.ec2.run_instances(ImageId=image, **counts)
        ec2.enable_ebs_encryption_by_default()
        with api_error("DryRunOperation", 412):
            limited.ec2.run_instances(ImageId=image, **counts)
    finally:
        ec2.disable_ebs_encryption_by_default()
        ec2.delete_launch_template(LaunchTemplateName=limited.name)
        remove_user(limited.iam, limited.name)


# What one thing has says nothing of the next: neither the interface nor the image has a volume's keys.
def test_only_volumes_of_a_launch_have_a_volumes_keys(cloud: Server) -> None:
    limited = Limited(cloud)
    image = boto_client(cloud, "ec2").describe_images(Owners=["amazon"])["Images"][0]["ImageId"]
    kinds = ("instance", "network-interface", "subnet", "security-group", "image")
    others = {"Effect": "Deny", "Action": "ec2:*", "Resource": [f"arn:aws:ec2:*:*:{kind}/*" for kind in kinds]}
    limited.may({"Action": "ec2:*"}, others | {"Condition": {"Null": {"ec2:VolumeSize": "false"}}})
    with api_error("DryRunOperation", 412):
        limited.ec2.run_instances(ImageId=image, MinCount=1, MaxCount=1, DryRun=True)
    remove_user(limited.iam, limited.name)
