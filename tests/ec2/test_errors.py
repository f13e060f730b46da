"""Errors in EC2's own words: code and message, where programs or people look at them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from botocore.exceptions import ClientError

from tests.ec2.conftest import code, message


@pytest.fixture
def template(ec2: Any, name: Callable[[], str]) -> Iterator[str]:
    called = name()
    ec2.create_launch_template(LaunchTemplateName=called, LaunchTemplateData={"InstanceType": "t3.nano"})
    yield called
    ec2.delete_launch_template(LaunchTemplateName=called)


CASES: list[tuple[str, dict[str, Any], str, str]] = [
    ("describe_launch_template_versions", {}, "MissingParameter", "To describe the launch template data for all"),
    (
        "describe_launch_template_versions",
        {"Versions": ["1"]},
        "InvalidParameterValue",
        "To describe the launch template data for all",
    ),
    (
        "describe_launch_templates",
        {"LaunchTemplateNames": ["nobody"]},
        "InvalidLaunchTemplateName.NotFoundException",
        "At least one of the launch templates specified in the request does not exist.",
    ),
    (
        "describe_launch_template_versions",
        {"LaunchTemplateName": "nobody"},
        "InvalidLaunchTemplateName.NotFoundException",
        "The specified launch template, with template name nobody, does not exist.",
    ),
    (
        "delete_launch_template",
        {},
        "MissingParameter",
        "The request must contain the parameter launch template ID or launch template name",
    ),
    (
        "modify_launch_template",
        {"LaunchTemplateName": "TEMPLATE", "LaunchTemplateId": "any", "DefaultVersion": "1"},
        "InvalidParameterCombination",
        "Either provide launch template ID or launch template name to modify the template.",
    ),
    (
        "modify_launch_template",
        {"LaunchTemplateName": "TEMPLATE", "DefaultVersion": "2"},
        "InvalidLaunchTemplateId.VersionNotFound",
        "The launch template version 2 is not found for the specified launch template.",
    ),
    (
        "describe_images",
        {"ImageIds": ["ami-abcd1234"]},
        "InvalidAMIID.NotFound",
        "The image id '[ami-abcd1234]' does not exist",
    ),
    (
        "describe_images",
        {"ImageIds": ["ami-abcd1234", "ami-1234abcd"]},
        "InvalidAMIID.NotFound",
        "The image ids '[ami-abcd1234, ami-1234abcd]' do not exist",
    ),
    ("describe_images", {"ImageIds": ["no", "neither"]}, "InvalidAMIID.Malformed", 'Invalid id: "no"'),
]


@pytest.mark.parametrize(("call", "parameters", "expected", "text"), CASES)
def test_an_error(ec2: Any, template: str, call: str, parameters: dict[str, Any], expected: str, text: str) -> None:
    given = {key: template if value == "TEMPLATE" else value for key, value in parameters.items()}
    with pytest.raises(ClientError) as caught:
        getattr(ec2, call)(**given)
    assert code(caught) == expected
    assert message(caught).startswith(text)


def test_a_rule_without_a_protocol(ec2: Any, vpc: str) -> None:
    group = ec2.create_security_group(GroupName="web", Description="web", VpcId=vpc)["GroupId"]
    rule = {"FromPort": 80, "ToPort": 80, "IpRanges": [{"CidrIp": "10.0.0.0/8"}]}
    with pytest.raises(ClientError) as caught:
        ec2.authorize_security_group_ingress(GroupId=group, IpPermissions=[rule])
    assert code(caught) == "InvalidParameterValue"
    assert message(caught).startswith("Invalid value 'null' for protocol.")


def test_a_rule_with_a_group_of_the_same_vpc_names_no_vpc(ec2: Any, vpc: str) -> None:
    group = ec2.create_security_group(GroupName="web", Description="web", VpcId=vpc)["GroupId"]
    rule = {"IpProtocol": "-1", "UserIdGroupPairs": [{"GroupId": group}]}
    (made,) = ec2.authorize_security_group_ingress(GroupId=group, IpPermissions=[rule])["SecurityGroupRules"]
    assert set(made["ReferencedGroupInfo"]) == {"GroupId", "UserId"}
    ec2.revoke_security_group_ingress(GroupId=group, SecurityGroupRuleIds=[made["SecurityGroupRuleId"]])


IPV6 = "UnsupportedOperation"
LAUNCHES: list[tuple[dict[str, Any], str]] = [
    ({"Ipv6AddressCount": 1}, IPV6),
    ({"Ipv6Addresses": [{"Ipv6Address": "2001:db8::1"}]}, IPV6),
    ({"EnablePrimaryIpv6": True}, IPV6),
    ({"KernelId": "aki-12345678"}, "UnsupportedOperation"),
    ({"PrivateDnsNameOptions": {"HostnameType": "resource-name"}}, "UnsupportedOperation"),
    ({"MetadataOptions": {"HttpPutResponseHopLimit": 65}}, "InvalidParameterValue"),
    ({"MetadataOptions": {"HttpPutResponseHopLimit": 0}}, "InvalidParameterValue"),
    ({"InstanceMarketOptions": {"MarketType": "spot"}}, "UnsupportedOperation"),
]


@pytest.mark.parametrize(("asked", "expected"), LAUNCHES)
def test_what_no_launch_can_have_is_refused(ec2: Any, asked: dict[str, Any], expected: str) -> None:
    image = ec2.describe_images(Filters=[{"Name": "name", "Values": ["tiny"]}])["Images"][0]["ImageId"]
    with pytest.raises(ClientError) as caught:
        ec2.run_instances(ImageId=image, InstanceType="t3.nano", MinCount=1, MaxCount=1, DryRun=True, **asked)
    assert code(caught) == expected


def test_a_route_has_one_target(ec2: Any, vpc: str) -> None:
    table = ec2.create_route_table(VpcId=vpc)["RouteTable"]["RouteTableId"]
    two = {"GatewayId": "igw-12345678", "NatGatewayId": "nat-12345678"}
    with pytest.raises(ClientError) as caught:
        ec2.create_route(RouteTableId=table, DestinationCidrBlock="1.0.0.0/8", **two)
    assert code(caught) == "InvalidParameterCombination"


def test_how_long_tags_may_be(ec2: Any, vpc: str) -> None:
    longest = [{"Key": "k" * 127, "Value": "v" * 256}]
    ec2.create_tags(Resources=[vpc], Tags=longest)
    assert ec2.describe_vpcs(VpcIds=[vpc])["Vpcs"][0]["Tags"] == longest
    for key, value in (("k" * 128, ""), ("k", "v" * 257)):
        with pytest.raises(ClientError) as caught:
            ec2.create_tags(Resources=[vpc], Tags=[{"Key": key, "Value": value}])
        assert code(caught) == "InvalidParameterValue"
