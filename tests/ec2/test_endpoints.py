"""Gateway endpoints of S3, as the API tells of them; what goes through them is in test_endpoint_traffic.py.

https://docs.aws.amazon.com/vpc/latest/privatelink/vpc-endpoints-s3.html
"""

from __future__ import annotations

import json
from typing import Any

import pytest
from botocore.exceptions import ClientError

from tests.ec2.conftest import code, tagged

SERVICE = "com.amazonaws.us-east-1.s3"
POLICY = {
    "Version": "2012-10-17",
    "Statement": [{"Effect": "Allow", "Principal": "*", "Action": "s3:GetObject", "Resource": "*"}],
}


def main_table(ec2: Any, vpc: str) -> str:
    [table] = ec2.describe_route_tables(Filters=[{"Name": "vpc-id", "Values": [vpc]}])["RouteTables"]
    return str(table["RouteTableId"])


def find(ec2: Any, endpoint: str) -> dict[str, Any]:
    [found] = ec2.describe_vpc_endpoints(VpcEndpointIds=[endpoint])["VpcEndpoints"]
    return dict(found)


def routes_to(ec2: Any, table: str, endpoint: str) -> int:
    [found] = ec2.describe_route_tables(RouteTableIds=[table])["RouteTables"]
    return sum(route.get("GatewayId") == endpoint for route in found["Routes"])


def test_an_endpoint_is_made_changed_and_deleted(ec2: Any, vpc: str) -> None:
    table = main_table(ec2, vpc)
    more = ec2.create_route_table(VpcId=vpc)["RouteTable"]["RouteTableId"]
    made = ec2.create_vpc_endpoint(
        VpcId=vpc, ServiceName=SERVICE, RouteTableIds=[table], TagSpecifications=tagged("vpc-endpoint", Name="s3")
    )["VpcEndpoint"]
    endpoint = made["VpcEndpointId"]
    assert (made["VpcEndpointType"], made["VpcId"], made["State"]) == ("Gateway", vpc, "available")
    assert json.loads(made["PolicyDocument"])["Statement"][0]["Action"] == "*"
    assert routes_to(ec2, table, endpoint) == 1
    ec2.modify_vpc_endpoint(VpcEndpointId=endpoint, AddRouteTableIds=[more], PolicyDocument=json.dumps(POLICY))
    seen = find(ec2, endpoint)
    assert seen["RouteTableIds"] == [table, more]
    assert json.loads(seen["PolicyDocument"]) == POLICY
    assert seen["Tags"] == [{"Key": "Name", "Value": "s3"}]
    ec2.modify_vpc_endpoint(VpcEndpointId=endpoint, RemoveRouteTableIds=[table], ResetPolicy=True)
    seen = find(ec2, endpoint)
    assert seen["RouteTableIds"] == [more]
    assert json.loads(seen["PolicyDocument"])["Statement"][0]["Action"] == "*"
    assert routes_to(ec2, table, endpoint) == 0
    assert ec2.delete_vpc_endpoints(VpcEndpointIds=[endpoint])["Unsuccessful"] == []
    assert routes_to(ec2, more, endpoint) == 0
    with pytest.raises(ClientError) as caught:
        find(ec2, endpoint)
    assert code(caught) == "InvalidVpcEndpointId.NotFound"
    [failed] = ec2.delete_vpc_endpoints(VpcEndpointIds=[endpoint])["Unsuccessful"]
    assert failed["Error"]["Code"] == "InvalidVpcEndpoint.NotFound"


def test_an_endpoint_outlives_its_route_table(ec2: Any, vpc: str) -> None:
    table = ec2.create_route_table(VpcId=vpc)["RouteTable"]["RouteTableId"]
    endpoint = ec2.create_vpc_endpoint(VpcId=vpc, ServiceName=SERVICE, RouteTableIds=[table])["VpcEndpoint"]
    ec2.delete_route_table(RouteTableId=table)
    assert find(ec2, endpoint["VpcEndpointId"])["RouteTableIds"] == []
    assert ec2.delete_vpc_endpoints(VpcEndpointIds=[endpoint["VpcEndpointId"]])["Unsuccessful"] == []
    ec2.delete_vpc(VpcId=vpc)


def test_what_an_endpoint_cannot_be(ec2: Any, vpc: str) -> None:
    def refusal(**changed: Any) -> str:
        with pytest.raises(ClientError) as caught:
            ec2.create_vpc_endpoint(**{"VpcId": vpc, "ServiceName": SERVICE, **changed})
        return code(caught)

    assert refusal(VpcId="vpc-0123456789abcdef0") == "InvalidVpcID.NotFound"
    assert refusal(ServiceName="com.amazonaws.us-east-1.none") == "InvalidServiceName"
    assert refusal(RouteTableIds=["rtb-0123456789abcdef0"]) == "InvalidRouteTableID.NotFound"
    assert refusal(PolicyDocument="{}") == "InvalidPolicyDocument"
    assert refusal(VpcEndpointType="Interface") == "UnsupportedOperation"
    endpoint = ec2.create_vpc_endpoint(VpcId=vpc, ServiceName=SERVICE)["VpcEndpoint"]["VpcEndpointId"]
    with pytest.raises(ClientError) as caught:
        ec2.modify_vpc_endpoint(VpcEndpointId=endpoint, RemoveRouteTableIds=["rtb-0123456789abcdef0"])
    assert code(caught) == "InvalidRouteTableID.NotFound"
    ec2.delete_vpc_endpoints(VpcEndpointIds=[endpoint])
