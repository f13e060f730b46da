"""VPCs, subnets and what an account gets by itself."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from botocore.exceptions import ClientError

from tests.ec2.conftest import code, message, tagged
from tools.harness.clients import CommandLine
from tools.harness.server import Server


def test_an_account_begins_with_its_default_vpc(make_server: Callable[..., Server], client: Any) -> None:
    from tools.harness.clients import boto_client

    ec2 = boto_client(make_server(), "ec2")
    (vpc,) = ec2.describe_vpcs()["Vpcs"]
    assert vpc["IsDefault"] and vpc["CidrBlock"] == "172.31.0.0/16" and vpc["State"] == "available"
    assert vpc["CidrBlockAssociationSet"][0]["CidrBlockState"] == {"State": "associated"}
    subnets = ec2.describe_subnets()["Subnets"]
    assert sorted(subnet["CidrBlock"] for subnet in subnets) == ["172.31.0.0/20", "172.31.16.0/20", "172.31.32.0/20"]
    assert all(subnet["DefaultForAz"] and subnet["MapPublicIpOnLaunch"] for subnet in subnets)
    assert all(subnet["AvailableIpAddressCount"] == 4091 for subnet in subnets)
    (gateway,) = ec2.describe_internet_gateways()["InternetGateways"]
    assert gateway["Attachments"] == [{"State": "available", "VpcId": vpc["VpcId"]}]
    (table,) = ec2.describe_route_tables()["RouteTables"]
    routes = {route["DestinationCidrBlock"]: route["GatewayId"] for route in table["Routes"]}
    assert routes == {"172.31.0.0/16": "local", "0.0.0.0/0": gateway["InternetGatewayId"]}
    (group,) = ec2.describe_security_groups()["SecurityGroups"]
    assert group["GroupName"] == "default" and group["Description"] == "default VPC security group"
    assert group["IpPermissions"][0]["UserIdGroupPairs"][0]["GroupId"] == group["GroupId"]
    assert group["IpPermissionsEgress"][0]["IpRanges"] == [{"CidrIp": "0.0.0.0/0"}]
    (acl,) = ec2.describe_network_acls()["NetworkAcls"]
    assert acl["IsDefault"] and len(acl["Associations"]) == 3
    assert [(e["Egress"], e["RuleNumber"], e["RuleAction"]) for e in acl["Entries"]] == [
        (True, 100, "allow"),
        (True, 32767, "deny"),
        (False, 100, "allow"),
        (False, 32767, "deny"),
    ]
    (options,) = ec2.describe_dhcp_options()["DhcpOptions"]
    assert options["DhcpOptionsId"] == vpc["DhcpOptionsId"]
    assert {each["Key"]: each["Values"][0]["Value"] for each in options["DhcpConfigurations"]} == {
        "domain-name": "ec2.internal",
        "domain-name-servers": "AmazonProvidedDNS",
    }
    attributes = ec2.describe_account_attributes(AttributeNames=["default-vpc"])["AccountAttributes"]
    assert attributes[0]["AttributeValues"] == [{"AttributeValue": vpc["VpcId"]}]


def test_zones_and_regions(ec2: Any) -> None:
    zones = ec2.describe_availability_zones()["AvailabilityZones"]
    assert [(z["ZoneName"], z["ZoneId"]) for z in zones] == [
        ("us-east-1a", "use1-az1"),
        ("us-east-1b", "use1-az2"),
        ("us-east-1c", "use1-az3"),
    ]
    assert [r["RegionName"] for r in ec2.describe_regions()["Regions"]] == ["us-east-1"]
    one = ec2.describe_availability_zones(Filters=[{"Name": "zone-name", "Values": ["*b"]}])["AvailabilityZones"]
    assert [z["ZoneName"] for z in one] == ["us-east-1b"]
    assert {z["GroupLongName"] for z in zones} == {"US East (N. Virginia) 1"}
    by_group = [{"Name": "group-long-name", "Values": ["US East*"]}]
    assert len(ec2.describe_availability_zones(Filters=by_group)["AvailabilityZones"]) == 3


def test_a_vpc_from_making_to_deleting(ec2: Any, vpc: str, subnet: str) -> None:
    with pytest.raises(ClientError) as caught:
        ec2.delete_vpc(VpcId=vpc)
    assert code(caught) == "DependencyViolation"
    assert message(caught) == f"The vpc '{vpc}' has dependencies and cannot be deleted."
    ec2.delete_subnet(SubnetId=subnet)
    ec2.delete_vpc(VpcId=vpc)
    with pytest.raises(ClientError) as caught:
        ec2.describe_vpcs(VpcIds=[vpc])
    assert code(caught) == "InvalidVpcID.NotFound"
    assert message(caught) == f"The vpc ID '{vpc}' does not exist"


@pytest.mark.parametrize(
    ("cidr", "expected"),
    [("10.0.0.0/8", "InvalidVpc.Range"), ("10.0.0.0/29", "InvalidVpc.Range"), ("ten", "InvalidParameterValue")],
)
def test_blocks_that_no_vpc_may_have(ec2: Any, cidr: str, expected: str) -> None:
    with pytest.raises(ClientError) as caught:
        ec2.create_vpc(CidrBlock=cidr)
    assert code(caught) == expected


@pytest.mark.parametrize(
    ("cidr", "expected"),
    [
        ("10.1.0.0/24", "InvalidSubnet.Range"),
        ("10.0.1.128/25", "InvalidSubnet.Conflict"),
        ("10.0.2.0/29", "InvalidSubnet.Range"),
    ],
)
def test_blocks_that_no_subnet_may_have(ec2: Any, vpc: str, subnet: str, cidr: str, expected: str) -> None:
    with pytest.raises(ClientError) as caught:
        ec2.create_subnet(VpcId=vpc, CidrBlock=cidr)
    assert code(caught) == expected


def test_attributes_of_vpcs_and_subnets(ec2: Any, vpc: str, subnet: str) -> None:
    assert not ec2.describe_vpc_attribute(VpcId=vpc, Attribute="enableDnsHostnames")["EnableDnsHostnames"]["Value"]
    ec2.modify_vpc_attribute(VpcId=vpc, EnableDnsHostnames={"Value": True})
    assert ec2.describe_vpc_attribute(VpcId=vpc, Attribute="enableDnsHostnames")["EnableDnsHostnames"]["Value"]
    ec2.modify_subnet_attribute(SubnetId=subnet, MapPublicIpOnLaunch={"Value": True})
    assert ec2.describe_subnets(SubnetIds=[subnet])["Subnets"][0]["MapPublicIpOnLaunch"]


def test_a_second_block(ec2: Any, vpc: str) -> None:
    added = ec2.associate_vpc_cidr_block(VpcId=vpc, CidrBlock="10.9.0.0/16")["CidrBlockAssociation"]
    blocks = ec2.describe_vpcs(VpcIds=[vpc])["Vpcs"][0]["CidrBlockAssociationSet"]
    assert [block["CidrBlock"] for block in blocks] == ["10.0.0.0/16", "10.9.0.0/16"]
    ec2.disassociate_vpc_cidr_block(AssociationId=added["AssociationId"])
    with pytest.raises(ClientError) as caught:
        ec2.disassociate_vpc_cidr_block(AssociationId=blocks[0]["AssociationId"])
    assert code(caught) == "OperationNotPermitted"
    for number in range(4):
        ec2.associate_vpc_cidr_block(VpcId=vpc, CidrBlock=f"10.{20 + number}.0.0/16")
    with pytest.raises(ClientError) as caught:
        ec2.associate_vpc_cidr_block(VpcId=vpc, CidrBlock="10.30.0.0/16")
    assert message(caught) == f"This network {vpc} has met its maximum number of allowed CIDRs: 5"


def test_a_vpc_is_pending_in_the_answer_that_makes_it(ec2: Any) -> None:
    made = ec2.create_vpc(CidrBlock="10.0.0.0/16")["Vpc"]
    assert (made["State"], made["Ipv6CidrBlockAssociationSet"]) == ("pending", [])
    ec2.get_waiter("vpc_available").wait(VpcIds=[made["VpcId"]])
    ec2.delete_vpc(VpcId=made["VpcId"])


def test_what_no_vpc_has_and_what_one_may_lose(ec2: Any) -> None:
    made = ec2.create_vpc(CidrBlock="10.0.0.0/16", InstanceTenancy="dedicated")["Vpc"]["VpcId"]
    options = ec2.describe_vpc_block_public_access_options()["VpcBlockPublicAccessOptions"]
    assert options["InternetGatewayBlockMode"] == "off"
    assert ec2.describe_stale_security_groups(VpcId=made)["StaleSecurityGroupSet"] == []
    assert ec2.modify_vpc_tenancy(VpcId=made, InstanceTenancy="default")["ReturnValue"]
    assert ec2.describe_vpcs(VpcIds=[made])["Vpcs"][0]["InstanceTenancy"] == "default"
    ec2.delete_vpc(VpcId=made)


def test_reserved_blocks_of_a_subnet_are_never_chosen(ec2: Any, vpc: str) -> None:
    """Of the 11 addresses of a /28 that are anybody's, 8 are reserved."""
    small = ec2.create_subnet(VpcId=vpc, CidrBlock="10.0.3.0/28")["Subnet"]["SubnetId"]
    reserve = ec2.create_subnet_cidr_reservation
    made = reserve(
        SubnetId=small,
        Cidr="10.0.3.8/29",
        ReservationType="explicit",
        Description="by hand",
        TagSpecifications=tagged("subnet-cidr-reservation", Name="mine"),
    )["SubnetCidrReservation"]
    assert (made["Cidr"], made["ReservationType"]) == ("10.0.3.8/29", "explicit")
    for wrong in ("10.0.3.12/30", "10.0.4.0/29"):
        with pytest.raises(ClientError) as caught:
            reserve(SubnetId=small, Cidr=wrong, ReservationType="prefix")
        assert code(caught) == "InvalidParameterValue"
    (seen,) = ec2.get_subnet_cidr_reservations(SubnetId=small)["SubnetIpv4CidrReservations"]
    assert seen == made
    chosen = [ec2.create_network_interface(SubnetId=small)["NetworkInterface"]["PrivateIpAddress"] for _ in range(4)]
    assert sorted(chosen) == ["10.0.3.4", "10.0.3.5", "10.0.3.6", "10.0.3.7"]
    with pytest.raises(ClientError) as caught:
        ec2.create_network_interface(SubnetId=small)
    assert code(caught) == "InsufficientFreeAddressesInSubnet"
    ec2.create_network_interface(SubnetId=small, PrivateIpAddress="10.0.3.9")
    ec2.delete_subnet_cidr_reservation(SubnetCidrReservationId=made["SubnetCidrReservationId"])
    ec2.create_network_interface(SubnetId=small)
    with pytest.raises(ClientError) as caught:
        ec2.delete_subnet_cidr_reservation(SubnetCidrReservationId=made["SubnetCidrReservationId"])
    assert code(caught) == "InvalidSubnetCidrReservationID.NotFound"


def test_tags_filters_and_pages(ec2: Any, vpc: str) -> None:
    made = [
        ec2.create_subnet(
            VpcId=vpc,
            CidrBlock=f"10.0.{i}.0/24",
            TagSpecifications=tagged("subnet", Name=f"s{i}", Even=str(i % 2 == 0)),
        )["Subnet"]["SubnetId"]
        for i in range(7)
    ]
    even = ec2.describe_subnets(Filters=[{"Name": "tag:Even", "Values": ["True"]}, {"Name": "vpc-id", "Values": [vpc]}])
    assert {s["SubnetId"] for s in even["Subnets"]} == set(made[::2])
    pages = list(
        ec2.get_paginator("describe_subnets").paginate(
            Filters=[{"Name": "tag:Name", "Values": ["s?"]}, {"Name": "vpc-id", "Values": [vpc]}],
            PaginationConfig={"PageSize": 5},
        )
    )
    assert [len(page["Subnets"]) for page in pages] == [5, 2]
    assert {s["SubnetId"] for page in pages for s in page["Subnets"]} == set(made)
    ec2.create_tags(Resources=made[:2], Tags=[{"Key": "Extra", "Value": "1"}])
    ec2.delete_tags(Resources=made[:1], Tags=[{"Key": "Extra"}, {"Key": "Name", "Value": "another value"}])
    tags = ec2.describe_tags(Filters=[{"Name": "resource-id", "Values": made[:2]}, {"Name": "key", "Values": ["E*"]}])
    assert {(t["ResourceId"], t["Key"], t["ResourceType"]) for t in tags["Tags"]} == {
        (made[0], "Even", "subnet"),
        (made[1], "Even", "subnet"),
        (made[1], "Extra", "subnet"),
    }


def test_what_filters_and_pages_refuse(ec2: Any) -> None:
    with pytest.raises(ClientError) as caught:
        ec2.describe_vpcs(Filters=[{"Name": "colour", "Values": ["red"]}])
    assert (code(caught), message(caught)) == ("InvalidParameterValue", "The filter 'colour' is invalid")
    with pytest.raises(ClientError) as caught:
        ec2.describe_vpcs(NextToken="nonsense")
    assert code(caught) == "InvalidNextToken"
    with pytest.raises(ClientError) as caught:
        ec2.create_vpc(CidrBlock="10.0.0.0/16", TagSpecifications=tagged("subnet", Name="x"))
    assert message(caught) == "'subnet' is not a valid taggable resource type for this operation."
    with pytest.raises(ClientError) as caught:
        ec2.create_tags(Resources=["vpc-00000000000000000"], Tags=[{"Key": "a", "Value": "b"}])
    assert code(caught) == "InvalidVpcID.NotFound"
    assert ec2.describe_vpcs(Filters=[{"Name": "vpc-id", "Values": []}])["Vpcs"] == []  # as on AWS


def test_a_dry_run_makes_nothing(ec2: Any) -> None:
    before = ec2.describe_vpcs()["Vpcs"]
    with pytest.raises(ClientError) as caught:
        ec2.create_vpc(CidrBlock="10.0.0.0/16", DryRun=True)
    assert code(caught) == "DryRunOperation"
    assert caught.value.response["ResponseMetadata"]["HTTPStatusCode"] == 412
    assert ec2.describe_vpcs()["Vpcs"] == before


def test_dhcp_options(ec2: Any, vpc: str) -> None:
    options = ec2.create_dhcp_options(
        DhcpConfigurations=[{"Key": "domain-name-servers", "Values": ["10.2.5.1", "10.2.5.2"]}]
    )["DhcpOptions"]
    ec2.associate_dhcp_options(DhcpOptionsId=options["DhcpOptionsId"], VpcId=vpc)
    with pytest.raises(ClientError) as caught:
        ec2.delete_dhcp_options(DhcpOptionsId=options["DhcpOptionsId"])
    assert code(caught) == "DependencyViolation"
    with pytest.raises(ClientError) as caught:
        ec2.create_dhcp_options(DhcpConfigurations=[{"Key": "netbios-node-type", "Values": ["3"]}])
    assert code(caught) == "InvalidParameterValue"
    ec2.associate_dhcp_options(DhcpOptionsId="default", VpcId=vpc)
    ec2.delete_dhcp_options(DhcpOptionsId=options["DhcpOptionsId"])


def test_with_the_command_line(cli: CommandLine, vpc: str) -> None:
    text = cli.aws("ec2", "describe-vpcs", "--vpc-ids", vpc, "--query", "Vpcs[0].CidrBlock", "--output", "text").stdout
    assert text.strip() == "10.0.0.0/16"


def test_an_operation_that_is_not_built(ec2: Any) -> None:
    with pytest.raises(ClientError) as caught:
        ec2.create_transit_gateway()
    assert code(caught) == "NotImplemented"


def test_no_vpc_has_a_classic_link(ec2: Any, vpc: str) -> None:
    [seen] = ec2.describe_vpc_classic_link(VpcIds=[vpc])["Vpcs"]
    assert (seen["VpcId"], seen["ClassicLinkEnabled"]) == (vpc, False)
    [seen] = ec2.describe_vpc_classic_link_dns_support(VpcIds=[vpc])["Vpcs"]
    assert (seen["VpcId"], seen["ClassicLinkDnsSupported"]) == (vpc, False)
    enabled = [{"Name": "is-classic-link-enabled", "Values": ["true"]}]
    assert ec2.describe_vpc_classic_link(Filters=enabled)["Vpcs"] == []
    with pytest.raises(ClientError) as caught:
        ec2.describe_vpc_classic_link(VpcIds=["vpc-0123456789abcdef0"])
    assert code(caught) == "InvalidVpcID.NotFound"


def test_public_names_are_the_vpcs_choice(ec2: Any, vpc: str, subnet: str) -> None:
    gateway = ec2.create_internet_gateway()["InternetGateway"]["InternetGatewayId"]
    ec2.attach_internet_gateway(InternetGatewayId=gateway, VpcId=vpc)
    interface = ec2.create_network_interface(SubnetId=subnet)["NetworkInterface"]["NetworkInterfaceId"]
    address = ec2.allocate_address(Domain="vpc")
    made = ec2.associate_address(AllocationId=address["AllocationId"], NetworkInterfaceId=interface)

    def name() -> str:
        [seen] = ec2.describe_network_interfaces(NetworkInterfaceIds=[interface])["NetworkInterfaces"]
        assert seen["PrivateIpAddresses"][0]["Association"]["PublicDnsName"] == seen["Association"]["PublicDnsName"]
        return str(seen["Association"]["PublicDnsName"])

    try:
        assert name() == "", "only default VPCs have it from the start"
        ec2.modify_vpc_attribute(VpcId=vpc, EnableDnsHostnames={"Value": True})
        assert name() == f"ec2-{address['PublicIp'].replace('.', '-')}.compute-1.amazonaws.com"
        ec2.modify_vpc_attribute(VpcId=vpc, EnableDnsSupport={"Value": False})
        assert name() == "", "both attributes are asked for"
    finally:
        ec2.disassociate_address(AssociationId=made["AssociationId"])
        ec2.release_address(AllocationId=address["AllocationId"])
