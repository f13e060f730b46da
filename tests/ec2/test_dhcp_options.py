"""DHCP options of a VPC, as its guests have them.

https://docs.aws.amazon.com/vpc/latest/userguide/VPC_DHCP_Options.html
"""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.ec2.conftest import tagged
from tests.ec2.test_gateways import Network, make_network, port, remove_network
from tools.harness.instances import Guests


@pytest.fixture
def network(guests: Guests) -> Iterator[Network]:
    """A VPC, 10.61.0.0/16, with options of its own."""
    made = make_network(guests, "10.61")
    options = guests.ec2.create_dhcp_options(
        DhcpConfigurations=[
            {"Key": "domain-name", "Values": ["corp.example"]},
            {"Key": "domain-name-servers", "Values": ["AmazonProvidedDNS", "10.61.1.77"]},
        ]
    )["DhcpOptions"]["DhcpOptionsId"]
    guests.ec2.associate_dhcp_options(DhcpOptionsId=options, VpcId=made.vpc)
    yield made
    guests.ec2.associate_dhcp_options(DhcpOptionsId="default", VpcId=made.vpc)
    guests.ec2.delete_dhcp_options(DhcpOptionsId=options)
    remove_network(guests, made)


EXPECTED = ["search corp.example", "nameserver 10.61.0.2", "nameserver 10.61.1.77"]


def lines_in(guests: Guests, network: Network, driver: str) -> list[str]:
    tags = tagged("instance", **{"aerolith:driver": driver})
    instance = guests.start(NetworkInterfaces=port(network, True, "10.61.1.10"), TagSpecifications=tags)
    try:
        return guests.login(instance).wait().run("cat /etc/resolv.conf").splitlines()
    finally:
        guests.terminate(instance["InstanceId"])


def test_a_container_has_them(guests: Guests, network: Network) -> None:
    assert lines_in(guests, network, "container") == EXPECTED


def test_a_machine_has_them(guests: Guests, machines: None, network: Network) -> None:
    assert lines_in(guests, network, "vm") == EXPECTED


def test_a_container_hears_of_others_when_it_starts_again(guests: Guests, network: Network) -> None:
    instance = guests.start(NetworkInterfaces=port(network, True, "10.61.1.10"))["InstanceId"]
    try:
        guests.ec2.associate_dhcp_options(DhcpOptionsId="default", VpcId=network.vpc)
        guests.ec2.stop_instances(InstanceIds=[instance])
        guests.wait_state(instance, "stopped")
        guests.ec2.start_instances(InstanceIds=[instance])
        shell = guests.login(guests.wait_state(instance, "running")).wait()
        assert "nameserver" not in shell.run("cat /etc/resolv.conf")
    finally:
        guests.terminate(instance)
