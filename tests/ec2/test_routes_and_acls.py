"""Route tables, internet gateways, network ACLs."""

from __future__ import annotations

from typing import Any

import pytest
from botocore.exceptions import ClientError

from tests.ec2.conftest import code


def test_routes(ec2: Any, vpc: str, subnet: str) -> None:
    gateway = ec2.create_internet_gateway()["InternetGateway"]["InternetGatewayId"]
    table = ec2.create_route_table(VpcId=vpc)["RouteTable"]["RouteTableId"]
    with pytest.raises(ClientError) as caught:
        ec2.create_route(RouteTableId=table, DestinationCidrBlock="0.0.0.0/0", GatewayId=gateway)
    assert code(caught) == "InvalidParameterValue"
    ec2.attach_internet_gateway(InternetGatewayId=gateway, VpcId=vpc)
    ec2.create_route(RouteTableId=table, DestinationCidrBlock="0.0.0.0/0", GatewayId=gateway)
    with pytest.raises(ClientError) as caught:
        ec2.create_route(RouteTableId=table, DestinationCidrBlock="10.0.0.0/16", GatewayId=gateway)
    assert code(caught) == "RouteAlreadyExists"
    association = ec2.associate_route_table(RouteTableId=table, SubnetId=subnet)["AssociationId"]
    with pytest.raises(ClientError) as caught:
        ec2.delete_route_table(RouteTableId=table)
    assert code(caught) == "DependencyViolation"
    ec2.detach_internet_gateway(InternetGatewayId=gateway, VpcId=vpc)
    (shown,) = ec2.describe_route_tables(RouteTableIds=[table])["RouteTables"]
    assert {r["DestinationCidrBlock"]: r["State"] for r in shown["Routes"]} == {
        "10.0.0.0/16": "active",
        "0.0.0.0/0": "blackhole",
    }
    ec2.delete_route(RouteTableId=table, DestinationCidrBlock="0.0.0.0/0")
    with pytest.raises(ClientError) as caught:
        ec2.delete_route(RouteTableId=table, DestinationCidrBlock="0.0.0.0/0")
    assert code(caught) == "InvalidRoute.NotFound"
    ec2.disassociate_route_table(AssociationId=association)
    ec2.delete_route_table(RouteTableId=table)
    ec2.delete_internet_gateway(InternetGatewayId=gateway)


def test_another_main_table(ec2: Any, vpc: str) -> None:
    (main,) = ec2.describe_route_tables(Filters=[{"Name": "vpc-id", "Values": [vpc]}])["RouteTables"]
    table = ec2.create_route_table(VpcId=vpc)["RouteTable"]["RouteTableId"]
    ec2.replace_route_table_association(
        AssociationId=main["Associations"][0]["RouteTableAssociationId"], RouteTableId=table
    )
    (now,) = ec2.describe_route_tables(
        Filters=[{"Name": "vpc-id", "Values": [vpc]}, {"Name": "association.main", "Values": ["true"]}]
    )["RouteTables"]
    assert now["RouteTableId"] == table
    ec2.delete_route_table(RouteTableId=main["RouteTableId"])


def test_a_client_token_makes_one_thing(ec2: Any, vpc: str) -> None:
    one, again = (ec2.create_route_table(VpcId=vpc, ClientToken="once")["RouteTable"]["RouteTableId"] for _ in range(2))
    assert one == again
    with pytest.raises(ClientError) as caught:
        ec2.create_route_table(VpcId="vpc-00000000", ClientToken="once")
    assert code(caught) == "IdempotentParameterMismatch"


def test_network_acls(ec2: Any, vpc: str, subnet: str) -> None:
    acl = ec2.create_network_acl(VpcId=vpc)["NetworkAcl"]["NetworkAclId"]
    entry = {
        "NetworkAclId": acl,
        "RuleNumber": 110,
        "Protocol": "6",
        "RuleAction": "allow",
        "Egress": False,
        "CidrBlock": "0.0.0.0/0",
        "PortRange": {"From": 80, "To": 80},
    }
    ec2.create_network_acl_entry(**entry)
    with pytest.raises(ClientError) as caught:
        ec2.create_network_acl_entry(**entry)
    assert code(caught) == "NetworkAclEntryAlreadyExists"
    ec2.replace_network_acl_entry(**entry | {"RuleAction": "deny"})
    (default,) = ec2.describe_network_acls(Filters=[{"Name": "association.subnet-id", "Values": [subnet]}])[
        "NetworkAcls"
    ]
    (association,) = default["Associations"]
    moved = ec2.replace_network_acl_association(AssociationId=association["NetworkAclAssociationId"], NetworkAclId=acl)[
        "NewAssociationId"
    ]
    (shown,) = ec2.describe_network_acls(NetworkAclIds=[acl])["NetworkAcls"]
    assert shown["Associations"][0]["NetworkAclAssociationId"] == moved
    assert [(e["RuleNumber"], e["RuleAction"]) for e in shown["Entries"] if not e["Egress"]] == [
        (110, "deny"),
        (32767, "deny"),
    ]
    with pytest.raises(ClientError) as caught:
        ec2.delete_network_acl(NetworkAclId=acl)
    assert code(caught) == "DependencyViolation"
    ec2.delete_network_acl_entry(NetworkAclId=acl, RuleNumber=110, Egress=False)
    with pytest.raises(ClientError) as caught:
        ec2.delete_network_acl_entry(NetworkAclId=acl, RuleNumber=110, Egress=False)
    assert code(caught) == "InvalidNetworkAclEntry.NotFound"
    ec2.replace_network_acl_association(AssociationId=moved, NetworkAclId=default["NetworkAclId"])
