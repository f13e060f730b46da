"""What packets get through between guests, as the API says: groups, network ACLs, routes, NAT, peering, other VPCs.

https://docs.aws.amazon.com/vpc/latest/userguide/vpc-security-groups.html
https://docs.aws.amazon.com/vpc/latest/userguide/vpc-network-acls.html
"""

from __future__ import annotations

import ipaddress
import subprocess
import time
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest

from tools.harness.instances import Guests, Login, wait_for

PORT = 8080
IN_FORCE_SECONDS = 2.0  # generous for a loaded machine; the bar of 100 ms is the bench's


@dataclass
class Peer:
    """A guest that answers its name to whoever connects."""

    instance: dict[str, Any]
    shell: Login

    @property
    def private(self) -> str:
        return str(self.instance["PrivateIpAddress"])

    @property
    def public(self) -> str:
        return str(self.instance["PublicIpAddress"])

    @property
    def name(self) -> str:
        return "ip-" + self.private.replace(".", "-")

    def serve(self) -> Peer:
        self.shell.run(f"setsid nc -ll -p {PORT} -e /bin/hostname >/dev/null 2>&1 </dev/null & sleep 0.2")
        return self

    def reach(self, address: str, port: int = PORT) -> str:
        """What answered; empty: nothing did."""
        return self.shell.attempt(f"nc -w 1 {address} {port} </dev/null").stdout.strip()


def expect(peer: Peer, address: str, answer: str) -> None:
    wait_for(f"{answer or 'silence'} from {address}", lambda: peer.reach(address) == answer, IN_FORCE_SECONDS + 8)


def make_peer(guests: Guests, **wanted: Any) -> Peer:
    instance = guests.start(**wanted)
    return Peer(instance, guests.login(instance).wait()).serve()


@pytest.fixture(scope="module")
def inner(guests: Guests) -> str:
    """A group that both peers are in, beside that for logins."""
    return guests.make_group("inner")


@pytest.fixture(scope="module")
def pair(guests: Guests, inner: str) -> Iterator[tuple[Peer, Peer]]:
    made = [make_peer(guests, SecurityGroupIds=[guests.group, inner]) for _ in range(2)]
    yield made[0], made[1]
    guests.terminate(*[peer.instance["InstanceId"] for peer in made])


def test_what_no_rule_allows_is_dropped(pair: tuple[Peer, Peer]) -> None:
    one, two = pair
    assert one.reach(two.private) == ""
    assert two.reach(one.private) == ""


def test_a_rule_by_address_lets_that_address_in_and_no_other(
    guests: Guests, pair: tuple[Peer, Peer], inner: str
) -> None:
    one, two = pair
    guests.allow(inner, PORT, cidr=f"{one.private}/32")
    try:
        expect(one, two.private, two.name)
        assert two.reach(one.private) == ""
    finally:
        guests.forbid(inner, PORT, cidr=f"{one.private}/32")
    expect(one, two.private, "")


def test_a_group_may_name_itself(guests: Guests, pair: tuple[Peer, Peer], inner: str) -> None:
    one, two = pair
    guests.allow(inner, PORT, group=inner)
    try:
        expect(one, two.private, two.name)
        expect(two, one.private, one.name)
    finally:
        guests.forbid(inner, PORT, group=inner)
    expect(two, one.private, "")


def test_what_egress_does_not_allow_does_not_leave(guests: Guests, pair: tuple[Peer, Peer], inner: str) -> None:
    one, two = pair
    everything = [{"IpProtocol": "-1", "IpRanges": [{"CidrIp": "0.0.0.0/0"}]}]
    guests.allow(inner, PORT, group=inner)
    try:
        expect(one, two.private, two.name)
        for group in (inner, guests.group):
            guests.ec2.revoke_security_group_egress(GroupId=group, IpPermissions=everything)
        # A login is an answer, which may leave whatever egress says.
        expect(one, two.private, "")
    finally:
        for group in (inner, guests.group):
            guests.ec2.authorize_security_group_egress(GroupId=group, IpPermissions=everything)
        guests.forbid(inner, PORT, group=inner)


def test_a_session_survives_changes_that_still_allow_it(guests: Guests, pair: tuple[Peer, Peer], inner: str) -> None:
    one, _ = pair
    session = subprocess.Popen(
        one.shell.arguments("while read line; do echo $line; done"),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        bufsize=1,
    )
    assert session.stdin
    assert session.stdout
    try:
        for number in range(10):
            guests.allow(inner, 9000 + number, cidr="10.0.0.0/8")
            session.stdin.write(f"{number}\n")
            assert session.stdout.readline() == f"{number}\n"
        for number in range(10):
            guests.forbid(inner, 9000 + number, cidr="10.0.0.0/8")
    finally:
        session.terminate()
        session.wait(10)


def test_a_network_acl_is_stateless_and_ordered(guests: Guests, pair: tuple[Peer, Peer], inner: str) -> None:
    one, _ = pair
    subnet = one.instance["SubnetId"]
    filters = [{"Name": "association.subnet-id", "Values": [subnet]}]
    [acl] = guests.ec2.describe_network_acls(Filters=filters)["NetworkAcls"]
    rule = {"NetworkAclId": acl["NetworkAclId"], "RuleNumber": 50, "Protocol": "6", "RuleAction": "deny"}
    rule |= {"CidrBlock": "0.0.0.0/0", "PortRange": {"From": 22, "To": 22}, "Egress": False}
    assert one.shell.attempt("true").returncode == 0
    guests.ec2.create_network_acl_entry(**rule)
    try:
        wait_for("the entry", lambda: one.shell.attempt("true", seconds=5).returncode == 255)
    finally:
        guests.ec2.delete_network_acl_entry(NetworkAclId=acl["NetworkAclId"], RuleNumber=50, Egress=False)
    wait_for("the entry's end", lambda: one.shell.attempt("true").returncode == 0)


def test_a_public_address_is_its_instances_from_inside_too(guests: Guests, pair: tuple[Peer, Peer], inner: str) -> None:
    one, two = pair
    guests.allow(inner, PORT, cidr="0.0.0.0/0")
    try:
        expect(one, two.public, two.name)
    finally:
        guests.forbid(inner, PORT, cidr="0.0.0.0/0")


def test_an_elastic_ip_moves_from_one_instance_to_another(guests: Guests, pair: tuple[Peer, Peer]) -> None:
    address = guests.ec2.allocate_address(Domain="vpc")
    try:
        for peer in pair:
            guests.ec2.associate_address(
                AllocationId=address["AllocationId"],
                InstanceId=peer.instance["InstanceId"],
                AllowReassociation=True,
            )
            login = Login(address["PublicIp"], guests.key_file)
            wait_for(
                "the address", lambda login=login, peer=peer: login.attempt("hostname").stdout.strip() == peer.name
            )
    finally:
        found = guests.ec2.describe_addresses(AllocationIds=[address["AllocationId"]])["Addresses"][0]
        if "AssociationId" in found:
            guests.ec2.disassociate_address(AssociationId=found["AssociationId"])
        guests.ec2.release_address(AllocationId=address["AllocationId"])
        for peer in pair:
            # Its own address doesn't come back: https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/elastic-ip-addresses-eip.html
            peer.instance = guests.find(peer.instance["InstanceId"])


def test_a_vpc_of_the_same_range_is_another_world(guests: Guests) -> None:
    """Two VPCs with the same CIDR, one guest each with the same address: each is itself, and neither sees the other."""
    ec2 = guests.ec2
    made: list[dict[str, str]] = []
    peers = []
    try:
        for _ in range(2):
            vpc = ec2.create_vpc(CidrBlock="10.7.0.0/16")["Vpc"]["VpcId"]
            world = {"vpc": vpc}
            made.append(world)
            world["subnet"] = ec2.create_subnet(VpcId=vpc, CidrBlock="10.7.1.0/24")["Subnet"]["SubnetId"]
            world["gateway"] = ec2.create_internet_gateway()["InternetGateway"]["InternetGatewayId"]
            ec2.attach_internet_gateway(InternetGatewayId=world["gateway"], VpcId=vpc)
            inside = [{"Name": "vpc-id", "Values": [vpc]}]
            [table] = ec2.describe_route_tables(Filters=inside)["RouteTables"]
            ec2.create_route(
                RouteTableId=table["RouteTableId"], DestinationCidrBlock="0.0.0.0/0", GatewayId=world["gateway"]
            )
            world["group"] = ec2.create_security_group(GroupName="all", Description="all", VpcId=vpc)["GroupId"]
            guests.allow(world["group"], 22, "0.0.0.0/0")
            guests.allow(world["group"], PORT, "10.7.0.0/16")
            port = {"DeviceIndex": 0, "SubnetId": world["subnet"], "AssociatePublicIpAddress": True}
            port |= {"Groups": [world["group"]], "PrivateIpAddress": "10.7.1.10"}
            peers.append(make_peer(guests, NetworkInterfaces=[port]))
            world["instance"] = peers[-1].instance["InstanceId"]
        for peer in peers:
            assert peer.shell.run(f"echo {peer.instance['InstanceId']} > /tmp/me; hostname") == "ip-10-7-1-10"
        for peer in peers:
            assert peer.shell.run("cat /tmp/me") == peer.instance["InstanceId"]
            assert peer.reach("10.7.1.10") == "ip-10-7-1-10"
        # Nobody has this address in the first VPC, whatever the second one has.
        port = {"DeviceIndex": 0, "SubnetId": made[1]["subnet"], "Groups": [made[1]["group"]]}
        port |= {"AssociatePublicIpAddress": True, "PrivateIpAddress": "10.7.1.11"}
        other = make_peer(guests, NetworkInterfaces=[port])
        assert peers[1].reach("10.7.1.11") == "ip-10-7-1-11"
        assert peers[0].reach("10.7.1.11") == ""
        guests.terminate(other.instance["InstanceId"])
    finally:
        guests.terminate(*[world["instance"] for world in made if "instance" in world])
        for world in made:
            remove_world(ec2, world)


def remove_world(ec2: Any, world: dict[str, str]) -> None:
    if "gateway" in world:
        ec2.detach_internet_gateway(InternetGatewayId=world["gateway"], VpcId=world["vpc"])
        ec2.delete_internet_gateway(InternetGatewayId=world["gateway"])
    if "group" in world:
        ec2.delete_security_group(GroupId=world["group"])
    if "subnet" in world:
        ec2.delete_subnet(SubnetId=world["subnet"])
    ec2.delete_vpc(VpcId=world["vpc"])


def test_guests_reach_no_admin_path_and_no_port_of_the_host(guests: Guests, pair: tuple[Peer, Peer]) -> None:
    one, _ = pair
    host = guests.server.port
    # The host's ends of its link to the edge, and this server's own port on them.
    base = ipaddress.ip_network(guests.server.settings["AEROLITH_EC2_PUBLIC_CIDR"])[0]
    for address in (str(base + 1), str(base + 2), "127.0.0.1"):
        assert one.reach(address, host) == ""
    started = time.monotonic()
    assert one.shell.attempt("nc -w 1 169.254.169.254 81 </dev/null").stdout == ""
    assert time.monotonic() - started < 10
