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
    (
        "create_launch_template",
        {"LaunchTemplateName": "TEMPLATE", "LaunchTemplateData": {"InstanceType": "t3.nano"}},
        "InvalidLaunchTemplateName.AlreadyExistsException",
        "Launch template name already in use.",
    ),
    ("create_default_vpc", {}, "DefaultVpcAlreadyExists", "A Default VPC already exists for this account"),
    (
        "create_default_subnet",
        {"AvailabilityZone": "us-east-1a"},
        "DefaultSubnetAlreadyExistsInAvailabilityZone",
        "'subnet-",
    ),
    (
        "create_vpc",
        {"CidrBlock": "10.8.0.0/16", "InstanceTenancy": "host"},
        "UnsupportedTenancy",
        "The tenancy value host is not supported.",
    ),
    (
        "describe_vpcs",
        {"Filters": [{"Name": "vpc-id", "Values": [f"vpc-{number:08x}" for number in range(201)]}]},
        "FilterLimitExceeded",
        "The maximum number of filter values specified on a single",
    ),
    ("terminate_instances", {"InstanceIds": []}, "InvalidParameterCombination", "No instances specified"),
    ("stop_instances", {"InstanceIds": []}, "InvalidParameterCombination", "No instances specified"),
    (
        "create_tags",
        {"Resources": [], "Tags": [{"Key": "a", "Value": "b"}]},
        "MissingParameter",
        "The request must contain the parameter resourceIdSet",
    ),
    (
        "create_tags",
        {"Resources": ["ami-blah"], "Tags": [{"Key": "a", "Value": "b"}]},
        "InvalidID",
        "The ID 'ami-blah' is not valid",
    ),
    (
        "create_volume",
        {"AvailabilityZone": "eu-central-1a"},
        "MissingParameter",
        "The request must contain the parameter size/snapshot",
    ),
    (
        "describe_instance_types",
        {"InstanceTypes": ["t1.non_existent"]},
        "InvalidInstanceType",
        "The following supplied instance types do not exist: [t1.non_existent]",
    ),
    ("describe_addresses", {"PublicIps": ["198.18.255.77"]}, "InvalidAddress.NotFound", "Address '198.18.255.77' not"),
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


def test_a_rule_that_loses_a_port(ec2: Any, vpc: str) -> None:
    group = ec2.create_security_group(GroupName="ports", Description="ports", VpcId=vpc)["GroupId"]
    rule = {"IpProtocol": "udp", "FromPort": 7, "ToPort": 8, "IpRanges": [{"CidrIp": "10.0.0.0/8"}]}
    (made,) = ec2.authorize_security_group_ingress(GroupId=group, IpPermissions=[rule])["SecurityGroupRules"]
    changed = {"IpProtocol": "udp", "ToPort": 9, "CidrIpv4": "10.0.0.0/8"}
    with pytest.raises(ClientError) as caught:
        ec2.modify_security_group_rules(
            GroupId=group,
            SecurityGroupRules=[{"SecurityGroupRuleId": made["SecurityGroupRuleId"], "SecurityGroupRule": changed}],
        )
    assert code(caught) == "InvalidParameterValue"
    assert message(caught) == "Invalid value for portRange. Must specify both from and to ports with TCP/UDP."


def test_what_has_no_tags_shows_no_list_of_them(ec2: Any, vpc: str, name: Callable[[], str]) -> None:
    pair = ec2.create_key_pair(KeyName=name())
    assert "Tags" not in pair
    ec2.delete_key_pair(KeyPairId=pair["KeyPairId"])
    assert "Tags" not in ec2.create_security_group(GroupName="plain", Description="plain", VpcId=vpc)


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
    ({"NetworkInterfaces": [{"DeviceIndex": 0, "Ipv6AddressCount": 1}]}, IPV6),
    ({"NetworkInterfaces": [{"DeviceIndex": 0, "Ipv6PrefixCount": 1}]}, IPV6),
    ({"NetworkInterfaces": [{"DeviceIndex": 0, "PrimaryIpv6": True}]}, IPV6),
    ({"NetworkInterfaces": [{"DeviceIndex": 0, "Ipv4PrefixCount": 1}]}, "UnsupportedOperation"),
    ({"NetworkInterfaces": [{"DeviceIndex": 0, "InterfaceType": "efa"}]}, "UnsupportedOperation"),
    ({"NetworkInterfaces": [{"DeviceIndex": 0, "NetworkCardIndex": 1}]}, "UnsupportedOperation"),
    ({"MetadataOptions": {"HttpProtocolIpv6": "enabled"}}, IPV6),
    ({"Placement": {"GroupName": "none"}}, "InvalidPlacementGroup.Unknown"),
    ({"Placement": {"Affinity": "host"}}, "UnsupportedOperation"),
    ({"Placement": {"PartitionNumber": 1}}, "InvalidParameterCombination"),
    ({"CpuOptions": {"AmdSevSnp": "enabled"}}, "UnsupportedOperation"),
    ({"KernelId": "aki-12345678"}, "UnsupportedOperation"),
    ({"PrivateDnsNameOptions": {"HostnameType": "resource-name"}}, "UnsupportedOperation"),
    ({"MetadataOptions": {"HttpPutResponseHopLimit": 65}}, "InvalidParameterValue"),
    ({"MetadataOptions": {"HttpPutResponseHopLimit": 0}}, "InvalidParameterValue"),
    ({"InstanceMarketOptions": {"MarketType": "spot"}}, "UnsupportedOperation"),
    ({"CreditSpecification": {"CpuCredits": "many"}}, "InvalidParameterValue"),
    (
        {"InstanceType": "c5.large", "CreditSpecification": {"CpuCredits": "standard"}},
        "InstanceCreditSpecification.NotSupported",
    ),
    ({"SubnetId": "subnet-12345678", "SecurityGroups": ["default"]}, "InvalidParameterCombination"),
    (
        {"Placement": {"AvailabilityZone": "us-east-1a", "AvailabilityZoneId": "use1-az1"}},
        "InvalidParameterCombination",
    ),
    ({"Placement": {"AvailabilityZoneId": "use1-az9"}}, "InvalidParameterValue"),
    ({"BlockDeviceMappings": [{"DeviceName": "/dev/sdf9x", "Ebs": {"VolumeSize": 1}}]}, "InvalidParameterValue"),
    (
        {"NetworkInterfaces": [{"DeviceIndex": 0, "SecondaryPrivateIpAddressCount": 2}]},
        "PrivateIpAddressLimitExceeded",
    ),
    (
        {"NetworkInterfaces": [{"DeviceIndex": 0, "AssociatePublicIpAddress": True}, {"DeviceIndex": 1}]},
        "InvalidParameterCombination",
    ),
    (
        {"NetworkInterfaces": [{"DeviceIndex": 0, "NetworkInterfaceId": "eni-12345678", "Groups": ["sg-12345678"]}]},
        "InvalidParameterCombination",
    ),
    ({"NetworkInterfaces": [{"DeviceIndex": index} for index in range(3)]}, "AttachmentLimitExceeded"),
]

# The whole VPC's, or a subnet's.
LIMITS: list[tuple[str, dict[str, Any], str]] = [
    (
        "create_network_interface",
        {"SubnetId": "SUBNET", "Groups": [f"sg-{number:08x}" for number in range(17)]},
        "SecurityGroupsPerInterfaceLimitExceeded",
    ),
    (
        "create_tags",
        {"Resources": ["VPC"], "Tags": [{"Key": f"k{number}", "Value": ""} for number in range(51)]},
        "TagLimitExceeded",
    ),
    (
        "create_vpc_endpoint",
        {"VpcId": "VPC", "ServiceName": "com.amazonaws.us-east-1.s3", "PolicyDocument": "none"},
        "InvalidPolicyDocument",
    ),
]


@pytest.mark.parametrize(("asked", "expected"), LAUNCHES)
def test_what_no_launch_can_have_is_refused(ec2: Any, asked: dict[str, Any], expected: str) -> None:
    image = ec2.describe_images(Filters=[{"Name": "name", "Values": ["tiny"]}])["Images"][0]["ImageId"]
    with pytest.raises(ClientError) as caught:
        ec2.run_instances(ImageId=image, MinCount=1, MaxCount=1, DryRun=True, **{"InstanceType": "t3.nano", **asked})
    assert code(caught) == expected


@pytest.mark.parametrize(("call", "parameters", "expected"), LIMITS)
def test_what_a_network_has_no_more_of(
    ec2: Any, vpc: str, subnet: str, call: str, parameters: dict[str, Any], expected: str
) -> None:
    named = {"VPC": vpc, "SUBNET": subnet}
    given = {
        key: [named.get(each, each) if isinstance(each, str) else each for each in value]
        if isinstance(value, list)
        else named.get(value, value)
        for key, value in parameters.items()
    }
    with pytest.raises(ClientError) as caught:
        getattr(ec2, call)(**given)
    assert code(caught) == expected


def test_limits_of_what_is_attached(ec2: Any, subnet: str) -> None:
    interface = ec2.create_network_interface(SubnetId=subnet)["NetworkInterface"]["NetworkInterfaceId"]
    many = [f"sg-{number:08x}" for number in range(17)]
    with pytest.raises(ClientError) as caught:
        ec2.modify_network_interface_attribute(NetworkInterfaceId=interface, Groups=many)
    assert code(caught) == "SecurityGroupsPerInterfaceLimitExceeded"


V6 = "2001:db8::/56"


@pytest.mark.parametrize(
    ("call", "parameters"),
    [
        ("create_vpc", {"CidrBlock": "10.7.0.0/16", "AmazonProvidedIpv6CidrBlock": True}),
        ("create_vpc", {"CidrBlock": "10.7.0.0/16", "Ipv6CidrBlock": V6, "Ipv6Pool": "ipv6pool-ec2-0"}),
        ("create_vpc", {"CidrBlock": "10.7.0.0/16", "Ipv6IpamPoolId": "ipam-pool-0", "Ipv6NetmaskLength": 56}),
        ("create_vpc", {"CidrBlock": "10.7.0.0/16", "Ipv6CidrBlockNetworkBorderGroup": "us-east-1"}),
        ("create_vpc", {"Ipv4IpamPoolId": "ipam-pool-0", "Ipv4NetmaskLength": 24}),
        ("associate_vpc_cidr_block", {"VpcId": "VPC", "AmazonProvidedIpv6CidrBlock": True}),
        ("associate_vpc_cidr_block", {"VpcId": "VPC", "Ipv6CidrBlock": V6, "Ipv6Pool": "ipv6pool-ec2-0"}),
        ("create_subnet", {"VpcId": "VPC", "CidrBlock": "10.0.2.0/24", "Ipv6CidrBlock": "2001:db8::/64"}),
        ("create_subnet", {"VpcId": "VPC", "Ipv6Native": True, "Ipv6CidrBlock": "2001:db8::/64"}),
        ("create_subnet", {"VpcId": "VPC", "CidrBlock": "10.0.2.0/24", "Ipv6IpamPoolId": "ipam-pool-0"}),
        ("create_subnet", {"VpcId": "VPC", "CidrBlock": "10.0.2.0/24", "Ipv6NetmaskLength": 64}),
        ("create_default_subnet", {"AvailabilityZone": "us-east-1a", "Ipv6Native": True}),
        ("create_network_interface", {"SubnetId": "SUBNET", "Ipv6AddressCount": 1}),
        ("create_network_interface", {"SubnetId": "SUBNET", "Ipv6PrefixCount": 1}),
        ("create_network_interface", {"SubnetId": "SUBNET", "EnablePrimaryIpv6": True}),
        ("create_vpc_endpoint", {"VpcId": "VPC", "ServiceName": "com.amazonaws.us-east-1.s3", "IpAddressType": "ipv6"}),
    ],
)
def test_ipv6_is_refused_and_not_left_out(
    ec2: Any, vpc: str, subnet: str, call: str, parameters: dict[str, Any]
) -> None:
    given = {key: {"VPC": vpc, "SUBNET": subnet}.get(str(value), value) for key, value in parameters.items()}
    with pytest.raises(ClientError) as caught:
        getattr(ec2, call)(**given)
    assert code(caught) == IPV6


def test_an_interface_and_a_subnet_get_no_ipv6(ec2: Any, vpc: str, subnet: str) -> None:
    interface = ec2.create_network_interface(SubnetId=subnet)["NetworkInterface"]["NetworkInterfaceId"]
    with pytest.raises(ClientError) as caught:
        ec2.modify_network_interface_attribute(NetworkInterfaceId=interface, EnablePrimaryIpv6=True)
    assert code(caught) == IPV6
    with pytest.raises(ClientError) as caught:
        ec2.modify_subnet_attribute(SubnetId=subnet, AssignIpv6AddressOnCreation={"Value": True})
    assert code(caught) == "InvalidSubnet.Conflict"
    table = ec2.create_route_table(VpcId=vpc)["RouteTable"]["RouteTableId"]
    with pytest.raises(ClientError) as caught:
        ec2.create_route(RouteTableId=table, DestinationIpv6CidrBlock="::/0", GatewayId="igw-12345678")
    assert code(caught) == IPV6


def test_rules_of_ipv6_are_kept(ec2: Any, vpc: str) -> None:
    """As on AWS, whose VPCs need no IPv6 for them."""
    group = ec2.create_security_group(GroupName="v6", Description="v6", VpcId=vpc)["GroupId"]
    rule = {"IpProtocol": "tcp", "FromPort": 443, "ToPort": 443, "Ipv6Ranges": [{"CidrIpv6": "2001:DB8::1/32"}]}
    (made,) = ec2.authorize_security_group_ingress(GroupId=group, IpPermissions=[rule])["SecurityGroupRules"]
    assert made["CidrIpv6"] == "2001:db8::/32"
    (seen,) = ec2.describe_security_groups(GroupIds=[group])["SecurityGroups"][0]["IpPermissions"]
    assert seen["Ipv6Ranges"] == [{"CidrIpv6": "2001:db8::/32"}]


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
