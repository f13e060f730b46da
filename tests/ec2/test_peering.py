"""What follows from a change at the other end of a peering: who is in a group that a rule names, and which addresses.

https://docs.aws.amazon.com/vpc/latest/peering/vpc-peering-security-groups.html
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import pytest
from botocore.exceptions import ClientError

from tests.ec2.conftest import code
from tests.ec2.test_datapath import PORT, Peer, expect, make_peer
from tests.ec2.test_gateways import Network, make_network, port, remove_network
from tools.harness.instances import Guests


@dataclass
class Peered:
    left: Network
    right: Network
    peering: str


@pytest.fixture
def peered(guests: Guests) -> Iterator[Peered]:
    """Two VPCs, 10.31.0.0/16 and 10.32.0.0/16, with routes to each other."""
    ec2 = guests.ec2
    left, right = make_network(guests, "10.31"), make_network(guests, "10.32")
    asked = ec2.create_vpc_peering_connection(VpcId=left.vpc, PeerVpcId=right.vpc)
    peering = str(asked["VpcPeeringConnection"]["VpcPeeringConnectionId"])
    ec2.accept_vpc_peering_connection(VpcPeeringConnectionId=peering)
    for network, other in ((left, "10.32.0.0/16"), (right, "10.31.0.0/16")):
        ec2.create_route(RouteTableId=network.main_table, DestinationCidrBlock=other, VpcPeeringConnectionId=peering)
    yield Peered(left, right, peering)
    ec2.delete_vpc_peering_connection(VpcPeeringConnectionId=peering)
    remove_network(guests, left)
    remove_network(guests, right)


def instance(peer: Peer) -> str:
    return str(peer.instance["InstanceId"])


def test_members_of_a_named_group_come_and_go(guests: Guests, peered: Peered) -> None:
    left, right = peered.left, peered.right
    strangers = guests.ec2.create_security_group(GroupName="strangers", Description="-", VpcId=left.vpc)["GroupId"]
    guests.allow(strangers, 22, "0.0.0.0/0")
    guests.allow(right.group, PORT, group=left.group)
    made = [make_peer(guests, NetworkInterfaces=port(right, True, "10.32.1.10"))]
    server = made[0]
    try:
        made.append(make_peer(guests, NetworkInterfaces=port(left, True, "10.31.1.10")))
        expect(made[1], server.private, server.name)
        guests.terminate(instance(made.pop()))
        wanted = port(left, True, "10.31.1.10")
        wanted[0]["Groups"] = [strangers]
        made.append(make_peer(guests, NetworkInterfaces=wanted))
        assert made[1].reach(server.private) == "", "it has a member's address and is none"
        [interface] = made[1].instance["NetworkInterfaces"]
        guests.ec2.modify_network_interface_attribute(
            NetworkInterfaceId=interface["NetworkInterfaceId"], Groups=[strangers, left.group]
        )
        expect(made[1], server.private, server.name)
        guests.ec2.modify_network_interface_attribute(
            NetworkInterfaceId=interface["NetworkInterfaceId"], Groups=[strangers]
        )
        expect(made[1], server.private, "")
    finally:
        guests.terminate(*[instance(peer) for peer in made])
        guests.forbid(right.group, PORT, group=left.group)
        guests.ec2.delete_security_group(GroupId=strangers)


def test_a_new_block_is_known_at_the_other_end(guests: Guests, peered: Peered) -> None:
    ec2, left, right = guests.ec2, peered.left, peered.right
    associated = ec2.associate_vpc_cidr_block(VpcId=left.vpc, CidrBlock="10.33.0.0/16")["CidrBlockAssociation"]
    [seen] = ec2.describe_vpc_peering_connections(VpcPeeringConnectionIds=[peered.peering])["VpcPeeringConnections"]
    blocks = [each["CidrBlock"] for each in seen["RequesterVpcInfo"]["CidrBlockSet"]]
    assert blocks == ["10.31.0.0/16", "10.33.0.0/16"]
    with pytest.raises(ClientError) as caught:
        ec2.associate_vpc_cidr_block(VpcId=right.vpc, CidrBlock="10.33.64.0/18")
    assert code(caught) == "InvalidVpc.Range"
    subnet = ec2.create_subnet(VpcId=left.vpc, CidrBlock="10.33.1.0/24")["Subnet"]["SubnetId"]
    ec2.create_route(
        RouteTableId=right.main_table, DestinationCidrBlock="10.33.0.0/16", VpcPeeringConnectionId=peered.peering
    )
    guests.allow(right.group, PORT, "10.33.0.0/16")
    made = [make_peer(guests, NetworkInterfaces=port(right, True, "10.32.1.10"))]
    try:
        wanted = port(left, True, "10.33.1.10")
        wanted[0]["SubnetId"] = subnet
        made.append(make_peer(guests, NetworkInterfaces=wanted))
        expect(made[1], made[0].private, made[0].name)
    finally:
        guests.terminate(*[instance(peer) for peer in made])
        ec2.delete_subnet(SubnetId=subnet)
        ec2.disassociate_vpc_cidr_block(AssociationId=associated["AssociationId"])
    [seen] = ec2.describe_vpc_peering_connections(VpcPeeringConnectionIds=[peered.peering])["VpcPeeringConnections"]
    assert [each["CidrBlock"] for each in seen["RequesterVpcInfo"]["CidrBlockSet"]] == ["10.31.0.0/16"]
