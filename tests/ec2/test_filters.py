"""Every filter that the documentation of a Describe call names is understood, and finds what it should."""

from __future__ import annotations

import re
from typing import Any

import botocore.session
import pytest
from botocore import xform_name
from botocore.exceptions import ClientError

from tests.ec2.conftest import code, tagged
from tools.harness.clients import boto_client
from tools.harness.instances import Guests

MODEL = botocore.session.get_session().get_service_model("ec2")

# Calls whose model documents its filters, and what else the call needs.
CALLS: dict[str, dict[str, Any]] = {
    "DescribeAddresses": {},
    "DescribeAvailabilityZones": {},
    "DescribeDhcpOptions": {},
    "DescribeFlowLogs": {},
    "DescribeIamInstanceProfileAssociations": {},
    "DescribeImages": {},
    "DescribeInstanceCreditSpecifications": {},
    "DescribeInstanceStatus": {},
    "DescribeInstanceTypeOfferings": {},
    "DescribeInstanceTypes": {},
    "DescribeInstances": {},
    "DescribeInternetGateways": {},
    "DescribeKeyPairs": {},
    "DescribeLaunchTemplateVersions": {"Versions": ["$Latest"]},
    "DescribeLaunchTemplates": {},
    "DescribeManagedPrefixLists": {},
    "DescribeNatGateways": {},
    "DescribeNetworkAcls": {},
    "DescribeNetworkInterfaces": {},
    "DescribePrefixLists": {},
    "DescribeRegions": {},
    "DescribeRouteTables": {},
    "DescribeSecurityGroups": {},
    "DescribeSnapshots": {},
    "DescribeSubnets": {},
    "DescribeTags": {},
    "DescribeVolumeStatus": {},
    "DescribeVolumes": {},
    "DescribeVolumesModifications": {},
    "DescribeVpcEndpointServices": {},
    "DescribeVpcEndpoints": {},
    "DescribeVpcPeeringConnections": {},
    "DescribeVpcs": {},
}


def documented(operation: str) -> tuple[str, list[str]]:
    """The parameter's name, and the filters that its documentation lists."""
    members = MODEL.operation_model(operation).input_shape.members
    parameter = "Filters" if "Filters" in members else "Filter"
    # A list within the list is of one filter's values.
    text = re.sub(r"<ul>(?:(?!</?ul>).)*</ul>(?=\s*</li>)", "", members[parameter].documentation)
    listed = re.findall(r"<li>\s*<p>\s*<code>([^<]+)</code>", text)
    return parameter, [name for name in listed if not name.startswith("tag:") and name != "tag"]


@pytest.mark.parametrize("operation", CALLS)
def test_no_documented_filter_is_refused(ec2: Any, operation: str) -> None:
    parameter, names = documented(operation)
    assert names
    refused = []
    for name in names:
        wanted = {parameter: [{"Name": name, "Values": ["nothing has this"]}]}
        try:
            getattr(ec2, xform_name(operation))(**wanted, **CALLS[operation])
        except ClientError as error:
            refused.append((name, error.response["Error"]["Message"]))
    assert refused == []


def by(name: str, *values: str) -> list[dict[str, Any]]:
    return [{"Name": name, "Values": list(values)}]


@pytest.mark.parametrize(
    ("name", "value", "found"),
    [
        ("vcpu-info.default-vcpus", "2", True),
        ("vcpu-info.default-threads-per-core", "2", True),
        ("vcpu-info.valid-cores", "7", False),
        ("supported-boot-mode", "legacy-bios", True),
        ("network-info.ipv6-supported", "true", False),
        ("network-info.maximum-network-interfaces", "2", True),
        ("hibernation-supported", "false", True),
        ("instance-storage-info.disk.type", "ssd", False),
    ],
)
def test_instance_types_are_found_by_what_is_shown_of_them(ec2: Any, name: str, value: str, found: bool) -> None:
    types = ec2.describe_instance_types(InstanceTypes=["t3.micro"], Filters=by(name, value))["InstanceTypes"]
    assert [each["InstanceType"] for each in types] == (["t3.micro"] if found else [])


def test_images_are_found_by_their_public_parameter(guests: Guests) -> None:
    found = guests.ec2.describe_images(Filters=by("public-ssm-parameter-name", "/aws/service/aerolith/tiny/*"))[
        "Images"
    ]
    assert [each["ImageId"] for each in found] == [guests.image]
    parameter = found[0]["PublicSsmParameterName"]
    assert boto_client(guests.server, "ssm").get_parameter(Name=parameter)["Parameter"]["Value"] == guests.image
    assert guests.ec2.describe_images(Filters=by("scan-result.highest-finding-severity-label", "*"))["Images"] == []


def test_groups_are_found_by_the_names_in_their_rules(ec2: Any, vpc: str) -> None:
    web, data = (
        ec2.create_security_group(GroupName=name, Description=name, VpcId=vpc)["GroupId"] for name in ("web", "data")
    )
    rule = {"IpProtocol": "tcp", "FromPort": 5432, "ToPort": 5432, "UserIdGroupPairs": [{"GroupId": web}]}
    ec2.authorize_security_group_ingress(GroupId=data, IpPermissions=[rule])
    of_vpc = by("vpc-id", vpc)
    seen = ec2.describe_security_groups(Filters=of_vpc + by("ip-permission.group-name", "web"))["SecurityGroups"]
    assert [each["GroupId"] for each in seen] == [data]
    assert (
        ec2.describe_security_groups(Filters=of_vpc + by("egress.ip-permission.group-name", "web"))["SecurityGroups"]
        == []
    )


def test_network_acls_are_found_by_icmp_types(ec2: Any, vpc: str) -> None:
    acl = ec2.create_network_acl(VpcId=vpc)["NetworkAcl"]["NetworkAclId"]
    ec2.create_network_acl_entry(
        NetworkAclId=acl,
        RuleNumber=10,
        Egress=False,
        Protocol="1",
        RuleAction="allow",
        CidrBlock="0.0.0.0/0",
        IcmpTypeCode={"Type": 8, "Code": -1},
    )
    of_vpc = by("vpc-id", vpc)
    for name, value, found in (("type", "8", [acl]), ("code", "-1", [acl]), ("type", "3", [])):
        acls = ec2.describe_network_acls(Filters=of_vpc + by(f"entry.icmp.{name}", value))["NetworkAcls"]
        assert [each["NetworkAclId"] for each in acls] == found


def test_subnets_are_found_by_how_they_name_hosts(ec2: Any, vpc: str, subnet: str) -> None:
    ec2.modify_subnet_attribute(SubnetId=subnet, PrivateDnsHostnameTypeOnLaunch="resource-name")
    of_vpc = by("vpc-id", vpc)
    name = "private-dns-name-options-on-launch.hostname-type"
    assert len(ec2.describe_subnets(Filters=of_vpc + by(name, "resource-name"))["Subnets"]) == 1
    assert ec2.describe_subnets(Filters=of_vpc + by(name, "ip-name"))["Subnets"] == []


def test_template_versions_are_found_by_what_they_say(ec2: Any, name: Any) -> None:
    called = name()
    ec2.create_launch_template(LaunchTemplateName=called, LaunchTemplateData={"InstanceType": "t3.nano"})
    second = {"InstanceType": "t3.micro", "MetadataOptions": {"HttpTokens": "required"}}
    ec2.create_launch_template_version(LaunchTemplateName=called, LaunchTemplateData=second)

    def found(filtered: str, value: str) -> list[int]:
        answer = ec2.describe_launch_template_versions(LaunchTemplateName=called, Filters=by(filtered, value))
        return [each["VersionNumber"] for each in answer["LaunchTemplateVersions"]]

    assert found("instance-type", "t3.nano") == [1]
    assert found("http-tokens", "required") == [2]
    assert found("is-default-version", "true") == [1]
    assert found("instance-type", "t3.*") == [2, 1]
    assert found("image-id", "ami-*") == []
    ec2.delete_launch_template(LaunchTemplateName=called)


def test_tags_are_found_by_value_alone(ec2: Any) -> None:
    options = ec2.create_dhcp_options(
        DhcpConfigurations=[{"Key": "domain-name", "Values": ["tags.test"]}],
        TagSpecifications=tagged("dhcp-options", any="only by value"),
    )["DhcpOptions"]["DhcpOptionsId"]
    (found,) = ec2.describe_dhcp_options(Filters=by("tag-value", "only by*"))["DhcpOptions"]
    assert found["DhcpOptionsId"] == options
    ec2.delete_dhcp_options(DhcpOptionsId=options)


def test_rules_are_asked_for_by_ids_of_groups_only(ec2: Any) -> None:
    with pytest.raises(ClientError) as caught:
        ec2.describe_security_group_rules(Filters=by("group-id", "foobar"))
    assert code(caught) == "InvalidGroupId.Malformed"


def test_the_service_that_endpoints_are_for(ec2: Any) -> None:
    region = ec2.meta.region_name
    (detail,) = ec2.describe_vpc_endpoint_services(Filters=by("service-type", "Gateway"))["ServiceDetails"]
    assert detail["ServiceName"] == f"com.amazonaws.{region}.s3"
    assert detail["AvailabilityZones"] == [f"{region}{letter}" for letter in "abc"]
    assert ec2.describe_vpc_endpoint_services(Filters=by("service-type", "Interface"))["ServiceNames"] == []
    with pytest.raises(ClientError) as caught:
        ec2.describe_vpc_endpoint_services(ServiceNames=[f"com.amazonaws.{region}.nothing"])
    assert code(caught) == "InvalidServiceName"


def test_the_groups_for_a_vpc(ec2: Any, vpc: str) -> None:
    made = ec2.create_security_group(GroupName="web", Description="of the test", VpcId=vpc)["GroupId"]
    groups = ec2.get_security_groups_for_vpc(VpcId=vpc)["SecurityGroupForVpcs"]
    assert sorted(each["GroupName"] for each in groups) == ["default", "web"]
    (web,) = ec2.get_security_groups_for_vpc(VpcId=vpc, Filters=by("group-name", "web"))["SecurityGroupForVpcs"]
    assert (web["GroupId"], web["PrimaryVpcId"], web["Description"]) == (made, vpc, "of the test")
    pages = ec2.get_paginator("get_security_groups_for_vpc").paginate(VpcId=vpc, PaginationConfig={"PageSize": 5})
    assert len([each for page in pages for each in page["SecurityGroupForVpcs"]]) == 2
    with pytest.raises(ClientError) as caught:
        ec2.get_security_groups_for_vpc(VpcId="vpc-00000000")
    assert code(caught) == "InvalidVpcID.NotFound"
