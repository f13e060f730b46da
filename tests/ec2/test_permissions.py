"""Conditions on tags: each thing that a call acts on is judged by its own."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from botocore.exceptions import ClientError

from tests.ec2.conftest import code, tagged
from tools.harness.clients import boto_client
from tools.harness.identities import make_user, policy_of, remove_user, with_keys
from tools.harness.server import Server

As = Callable[..., Any]


@pytest.fixture
def user(server: Server) -> Iterator[As]:
    """user(statement, ...): EC2's client of a user who may do that and nothing else."""
    iam = boto_client(server, "iam")
    made: list[str] = []

    def make(*statements: dict[str, Any]) -> Any:
        called = f"ec2-{uuid.uuid4().hex[:12]}"
        keys = make_user(iam, called, policy_of(*statements))
        made.append(called)
        return with_keys(server, "ec2", keys)

    yield make
    for called in made:
        remove_user(iam, called)


def is_red(key: str = "aws:ResourceTag/team") -> dict[str, Any]:
    return {"StringEquals": {key: "red"}}


@pytest.fixture
def red_and_blue(ec2: Any) -> Iterator[tuple[str, str]]:
    made = []
    for team in ("red", "blue"):
        options = ec2.create_dhcp_options(
            DhcpConfigurations=[{"Key": "domain-name", "Values": [f"{team}.test"]}],
            TagSpecifications=tagged("dhcp-options", team=team),
        )
        made.append(options["DhcpOptions"]["DhcpOptionsId"])
    yield made[0], made[1]
    for options in made:
        ec2.delete_dhcp_options(DhcpOptionsId=options)


def refuses(call: Callable[..., Any], **parameters: Any) -> bool:
    """Whether policies refuse it. A dry run: nothing happens in either case."""
    with pytest.raises(ClientError) as caught:
        call(**parameters, DryRun=True)
    assert code(caught) in ("UnauthorizedOperation", "DryRunOperation")
    return code(caught) == "UnauthorizedOperation"


@pytest.mark.parametrize("order", [(0, 1), (1, 0)])
def test_of_several_things_each_needs_the_tag(user: As, red_and_blue: tuple[str, str], order: tuple[int, int]) -> None:
    mine = user({"Action": ["ec2:CreateTags", "ec2:DeleteTags"], "Condition": is_red()})
    both = [red_and_blue[i] for i in order]
    tags = [{"Key": "a", "Value": "b"}]
    assert not refuses(mine.create_tags, Resources=[red_and_blue[0]], Tags=tags)
    assert refuses(mine.create_tags, Resources=[red_and_blue[1]], Tags=tags)
    assert refuses(mine.create_tags, Resources=both, Tags=tags)
    assert refuses(mine.delete_tags, Resources=both, Tags=tags)


def test_a_denial_for_one_of_several_holds(user: As, red_and_blue: tuple[str, str]) -> None:
    mine = user({"Action": "ec2:CreateTags"}, {"Effect": "Deny", "Action": "ec2:CreateTags", "Condition": is_red()})
    tags = [{"Key": "a", "Value": "b"}]
    assert not refuses(mine.create_tags, Resources=[red_and_blue[1]], Tags=tags)
    assert refuses(mine.create_tags, Resources=list(red_and_blue), Tags=tags)
    assert refuses(mine.create_tags, Resources=list(reversed(red_and_blue)), Tags=tags)


def test_instances_that_are_not_there_have_no_tags(user: As) -> None:
    mine = user({"Action": "ec2:TerminateInstances", "Condition": is_red("ec2:ResourceTag/team")})
    assert refuses(mine.terminate_instances, InstanceIds=["i-00000000000000000"])


def test_the_other_resource_of_a_call_is_judged_by_its_own_tags(user: As, ec2: Any, vpc: str) -> None:
    mine = user(
        {"Action": "ec2:CreateSubnet", "Resource": "arn:aws:ec2:*:*:subnet/*"},
        {"Action": "ec2:CreateSubnet", "Resource": "arn:aws:ec2:*:*:vpc/*", "Condition": is_red()},
    )
    assert refuses(mine.create_subnet, VpcId=vpc, CidrBlock="10.0.9.0/24")
    ec2.create_tags(Resources=[vpc], Tags=[{"Key": "team", "Value": "red"}])
    assert not refuses(mine.create_subnet, VpcId=vpc, CidrBlock="10.0.9.0/24")


OTHERS = ("volume", "network-interface", "subnet", "security-group", "key-pair", "image", "launch-template")


def test_tags_of_one_kind_say_nothing_about_another(user: As, ec2: Any) -> None:
    image = ec2.describe_images(Filters=[{"Name": "name", "Values": ["tiny"]}])["Images"][0]["ImageId"]
    mine = user(
        {"Action": "ec2:RunInstances", "Resource": [f"arn:aws:ec2:*:*:{kind}/*" for kind in OTHERS]},
        {
            "Action": "ec2:RunInstances",
            "Resource": "arn:aws:ec2:*:*:instance/*",
            "Condition": is_red("aws:RequestTag/team"),
        },
        {"Action": "ec2:CreateTags"},
    )
    wanted = {"ImageId": image, "InstanceType": "t3.nano", "MinCount": 1, "MaxCount": 1}
    assert refuses(mine.run_instances, **wanted)
    assert refuses(mine.run_instances, **wanted, TagSpecifications=tagged("volume", team="red"))
    assert refuses(mine.run_instances, **wanted, TagSpecifications=tagged("instance", team="blue"))
    # Allowed; where no instances run the handler says so.
    with pytest.raises(ClientError) as caught:
        mine.run_instances(**wanted, TagSpecifications=tagged("instance", team="red"), DryRun=True)
    assert code(caught) in ("DryRunOperation", "Unsupported")


def test_tags_may_come_only_with_what_is_made(user: As, vpc: str) -> None:
    mine = user(
        {"Action": "ec2:CreateVpc"},
        {"Action": "ec2:CreateTags", "Condition": {"StringEquals": {"ec2:CreateAction": "CreateVpc"}}},
    )
    assert not refuses(mine.create_vpc, CidrBlock="10.1.0.0/16", TagSpecifications=tagged("vpc", team="red"))
    assert refuses(mine.create_tags, Resources=[vpc], Tags=[{"Key": "team", "Value": "red"}])


def test_which_keys_a_tag_may_have(user: As, vpc: str) -> None:
    only = {"ForAllValues:StringEquals": {"aws:TagKeys": ["team", "stage"]}}
    mine = user({"Action": "ec2:CreateTags", "Condition": only}, {"Action": "ec2:CreateVpc"})
    assert not refuses(mine.create_tags, Resources=[vpc], Tags=[{"Key": "team", "Value": "x"}])
    assert refuses(mine.create_tags, Resources=[vpc], Tags=[{"Key": "team", "Value": "x"}, {"Key": "b", "Value": ""}])
    assert refuses(mine.create_vpc, CidrBlock="10.1.0.0/16", TagSpecifications=tagged("vpc", team="x", other="y"))


def test_a_key_pair_is_known_by_its_name_and_judged_by_its_tags(user: As, ec2: Any, name: Callable[[], str]) -> None:
    called = name()
    ec2.create_key_pair(KeyName=called, TagSpecifications=tagged("key-pair", team="blue"))
    mine = user({"Action": "ec2:DeleteKeyPair", "Condition": is_red()})
    assert refuses(mine.delete_key_pair, KeyName=called)
    theirs = user({"Action": "ec2:DeleteKeyPair", "Condition": {"StringEquals": {"ec2:ResourceTag/team": "blue"}}})
    assert not refuses(theirs.delete_key_pair, KeyName=called)
    ec2.delete_key_pair(KeyName=called)


@pytest.fixture
def template(server: Server, ec2: Any) -> Iterator[dict[str, str]]:
    """A launch template that says all: the default VPC's second subnet, its default group, a type of its own."""
    [image] = ec2.describe_images(Filters=[{"Name": "name", "Values": ["tiny"]}])["Images"]
    subnets = ec2.describe_subnets(Filters=[{"Name": "default-for-az", "Values": ["true"]}])["Subnets"]
    chosen = sorted(subnets, key=lambda each: str(each["AvailabilityZone"]))[1]
    mine = [{"Name": "vpc-id", "Values": [chosen["VpcId"]]}, {"Name": "group-name", "Values": ["default"]}]
    [group] = ec2.describe_security_groups(Filters=mine)["SecurityGroups"]
    port = {"DeviceIndex": 0, "SubnetId": chosen["SubnetId"], "Groups": [group["GroupId"]]}
    data = {"ImageId": image["ImageId"], "InstanceType": "t3.micro", "NetworkInterfaces": [port]}
    made = ec2.create_launch_template(LaunchTemplateName=f"t-{uuid.uuid4().hex[:12]}", LaunchTemplateData=data)
    known = made["LaunchTemplate"]
    yield {
        "id": known["LaunchTemplateId"],
        "name": known["LaunchTemplateName"],
        "image": image["ImageId"],
        "subnet": chosen["SubnetId"],
        "first-subnet": min(subnets, key=lambda each: str(each["AvailabilityZone"]))["SubnetId"],
        "group": group["GroupId"],
    }
    ec2.delete_launch_template(LaunchTemplateId=known["LaunchTemplateId"])


def launch_is_refused(client: Any, **parameters: Any) -> bool:
    """A dry run, of what this host may not be able to run at all."""
    with pytest.raises(ClientError) as caught:
        client.run_instances(MinCount=1, MaxCount=1, DryRun=True, **parameters)
    assert code(caught) in ("UnauthorizedOperation", "DryRunOperation", "Unsupported"), caught.value
    return code(caught) == "UnauthorizedOperation"


@pytest.mark.parametrize("what", ["image", "subnet", "group", "type", "template"])
def test_what_a_launch_template_names_is_judged_too(user: As, template: dict[str, str], what: str) -> None:
    """Else whoever may launch could choose what policies deny by writing it into a template."""
    everything = {"Action": "ec2:RunInstances"}
    deny: dict[str, Any] = {"Effect": "Deny", "Action": "ec2:RunInstances"}
    denied = {
        "image": {"Resource": f"arn:aws:ec2:*::image/{template['image']}"},
        "subnet": {"Resource": f"arn:aws:ec2:*:*:subnet/{template['subnet']}"},
        "group": {"Resource": f"arn:aws:ec2:*:*:security-group/{template['group']}"},
        "type": {"Condition": {"StringEquals": {"ec2:InstanceType": "t3.micro"}}},
        "template": {"Resource": f"arn:aws:ec2:*:*:launch-template/{template['id']}"},
    }[what]
    by_name = {"LaunchTemplate": {"LaunchTemplateName": template["name"]}}
    assert not launch_is_refused(user(everything), **by_name)
    assert launch_is_refused(user(everything, deny | denied), **by_name)


def test_what_stands_in_for_what_is_not_named_is_judged(user: As, template: dict[str, str]) -> None:
    """Without a subnet it is the default one; without a group the VPC's own."""
    everything = {"Action": "ec2:RunInstances"}
    deny: dict[str, Any] = {"Effect": "Deny", "Action": "ec2:RunInstances"}
    launch = {"ImageId": template["image"], "InstanceType": "t3.nano"}
    for resource in (f"subnet/{template['first-subnet']}", f"security-group/{template['group']}"):
        mine = user(everything, deny | {"Resource": f"arn:aws:ec2:*:*:{resource}"})
        assert launch_is_refused(mine, **launch)
    others = user(everything, deny | {"Resource": f"arn:aws:ec2:*:*:subnet/{template['subnet']}"})
    assert not launch_is_refused(others, **launch)
    port = {"DeviceIndex": 0, "SubnetId": template["subnet"]}
    assert launch_is_refused(others, NetworkInterfaces=[port], **launch)
