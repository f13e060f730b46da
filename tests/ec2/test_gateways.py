"""Ways out of a VPC and between two of them, by what guests reach: NAT gateways and peering.

https://docs.aws.amazon.com/vpc/latest/userguide/vpc-nat-gateway.html
https://docs.aws.amazon.com/vpc/latest/peering/what-is-vpc-peering.html
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest

from tests.ec2.test_datapath import PORT, expect, make_peer
from tools.harness.instances import Guests, wait_for


@dataclass
class Network:
    """A VPC of a test's own: one public subnet, one with no way out."""

    vpc: str
    public: str
    private: str
    group: str
    gateway: str
    main_table: str
    private_table: str


def make_network(guests: Guests, prefix: str) -> Network:
    ec2 = guests.ec2
    vpc = ec2.create_vpc(CidrBlock=f"{prefix}.0.0/16")["Vpc"]["VpcId"]
    public = ec2.create_subnet(VpcId=vpc, CidrBlock=f"{prefix}.1.0/24")["Subnet"]["SubnetId"]
    private = ec2.create_subnet(VpcId=vpc, CidrBlock=f"{prefix}.2.0/24")["Subnet"]["SubnetId"]
    gateway = ec2.create_internet_gateway()["InternetGateway"]["InternetGatewayId"]
    ec2.attach_internet_gateway(InternetGatewayId=gateway, VpcId=vpc)
    [table] = ec2.describe_route_tables(Filters=[{"Name": "vpc-id", "Values": [vpc]}])["RouteTables"]
    main = table["RouteTableId"]
    ec2.create_route(RouteTableId=main, DestinationCidrBlock="0.0.0.0/0", GatewayId=gateway)
    inner = ec2.create_route_table(VpcId=vpc)["RouteTable"]["RouteTableId"]
    ec2.associate_route_table(RouteTableId=inner, SubnetId=private)
    group = ec2.create_security_group(GroupName="all", Description="all", VpcId=vpc)["GroupId"]
    guests.allow(group, 22, "0.0.0.0/0")
    return Network(vpc, public, private, group, gateway, main, inner)


def remove_network(guests: Guests, network: Network) -> None:
    ec2 = guests.ec2
    ec2.delete_security_group(GroupId=network.group)
    ec2.delete_subnet(SubnetId=network.private)
    ec2.delete_route_table(RouteTableId=network.private_table)
    ec2.detach_internet_gateway(InternetGatewayId=network.gateway, VpcId=network.vpc)
    ec2.delete_internet_gateway(InternetGatewayId=network.gateway)
    ec2.delete_subnet(SubnetId=network.public)
    ec2.delete_vpc(VpcId=network.vpc)


def port(network: Network, is_public: bool, address: str) -> list[dict[str, Any]]:
    subnet = network.public if is_public else network.private
    made = {"DeviceIndex": 0, "SubnetId": subnet, "Groups": [network.group], "PrivateIpAddress": address}
    return [made | {"AssociatePublicIpAddress": is_public}]


@pytest.fixture
def networks(guests: Guests) -> Iterator[list[Network]]:
    made: list[Network] = []
    yield made
    for network in made:
        remove_network(guests, network)


def test_peered_networks_reach_each_other_by_their_routes(guests: Guests, networks: list[Network]) -> None:
    ec2 = guests.ec2
    networks += [make_network(guests, "10.21"), make_network(guests, "10.22")]
    left, right = networks
    peers = [
        make_peer(guests, NetworkInterfaces=port(left, True, "10.21.1.10")),
        make_peer(guests, NetworkInterfaces=port(right, True, "10.22.1.10")),
    ]
    peering = ""
    try:
        one, two = peers
        guests.allow(left.group, PORT, "10.22.0.0/16")
        assert two.reach(one.private) == "", "no peering yet"
        asked = ec2.create_vpc_peering_connection(VpcId=left.vpc, PeerVpcId=right.vpc)
        peering = asked["VpcPeeringConnection"]["VpcPeeringConnectionId"]
        assert asked["VpcPeeringConnection"]["Status"]["Code"] == "initiating-request"
        (seen,) = ec2.describe_vpc_peering_connections(VpcPeeringConnectionIds=[peering])["VpcPeeringConnections"]
        assert seen["Status"]["Code"] == "pending-acceptance"
        ec2.accept_vpc_peering_connection(VpcPeeringConnectionId=peering)
        ec2.create_route(
            RouteTableId=right.main_table, DestinationCidrBlock="10.21.0.0/16", VpcPeeringConnectionId=peering
        )
        assert two.reach(one.private) == "", "answers have no way back"
        ec2.create_route(
            RouteTableId=left.main_table, DestinationCidrBlock="10.22.0.0/16", VpcPeeringConnectionId=peering
        )
        expect(two, one.private, one.name)
        assert one.reach(two.private) == "", "its group lets nobody in"
        # A group of the other VPC may be named.
        guests.allow(right.group, PORT, group=left.group)
        expect(one, two.private, two.name)
        guests.forbid(right.group, PORT, group=left.group)
        expect(one, two.private, "")
        ec2.delete_vpc_peering_connection(VpcPeeringConnectionId=peering)
        peering = ""
        expect(two, one.private, "")
    finally:
        guests.terminate(*[peer.instance["InstanceId"] for peer in peers])
        if peering:
            ec2.delete_vpc_peering_connection(VpcPeeringConnectionId=peering)


def test_a_nat_gateway_is_a_way_out_and_not_in(guests: Guests, networks: list[Network]) -> None:
    """A guest without a public address reaches one that has one; nobody reaches it."""
    ec2 = guests.ec2
    networks += [make_network(guests, "10.23"), make_network(guests, "10.24")]
    inside, outside = networks
    guests.allow(outside.group, PORT, "0.0.0.0/0")
    guests.allow(inside.group, PORT, "0.0.0.0/0")
    server = make_peer(guests, NetworkInterfaces=port(outside, True, "10.24.1.10"))
    jump = make_peer(guests, NetworkInterfaces=port(inside, True, "10.23.1.10"))
    hidden = guests.start(
        NetworkInterfaces=port(inside, False, "10.23.2.10"),
        # What it sees is told by a server of its own, to the guest beside it.
        UserData="#!/bin/sh\n"
        f"echo 'nc -w 2 {server.public} {PORT} </dev/null || echo silence' >/tmp/ask\n"
        f"chmod 755 /tmp/ask; setsid nc -ll -p {PORT} -e /tmp/ask &\n",
    )
    made = [peer.instance["InstanceId"] for peer in (server, jump)] + [hidden["InstanceId"]]
    allocation = gateway = ""
    try:
        assert "PublicIpAddress" not in hidden
        wait_for("the hidden guest's own server", lambda: jump.reach(hidden["PrivateIpAddress"]) == "silence")
        address = ec2.allocate_address(Domain="vpc")
        allocation = address["AllocationId"]
        created = ec2.create_nat_gateway(SubnetId=inside.public, AllocationId=allocation)
        gateway = created["NatGateway"]["NatGatewayId"]
        ec2.get_waiter("nat_gateway_available").wait(NatGatewayIds=[gateway])
        ec2.create_route(RouteTableId=inside.private_table, DestinationCidrBlock="0.0.0.0/0", NatGatewayId=gateway)
        wait_for("an answer through NAT", lambda: jump.reach(hidden["PrivateIpAddress"]) == server.name)
        assert server.reach(address["PublicIp"]) == "", "a NAT gateway lets nobody in"
    finally:
        guests.terminate(*made)
        if gateway:
            ec2.delete_route(RouteTableId=inside.private_table, DestinationCidrBlock="0.0.0.0/0")
            ec2.delete_nat_gateway(NatGatewayId=gateway)
            ec2.get_waiter("nat_gateway_deleted").wait(NatGatewayIds=[gateway])
        if allocation:
            ec2.release_address(AllocationId=allocation)
