"""What can't be made here: tools that look for it find that there is none, and ids of it are of nothing."""

from __future__ import annotations

from typing import Any

import pytest
from botocore import xform_name
from botocore.exceptions import ClientError

from tests.ec2.conftest import code

# Operation -> its list.
EMPTY = {
    "DescribeBundleTasks": "BundleTasks",
    "DescribeCapacityReservations": "CapacityReservations",
    "DescribeCarrierGateways": "CarrierGateways",
    "DescribeClientVpnEndpoints": "ClientVpnEndpoints",
    "DescribeConversionTasks": "ConversionTasks",
    "DescribeCustomerGateways": "CustomerGateways",
    "DescribeEgressOnlyInternetGateways": "EgressOnlyInternetGateways",
    "DescribeExportTasks": "ExportTasks",
    "DescribeFleets": "Fleets",
    "DescribeFpgaImages": "FpgaImages",
    "DescribeHosts": "Hosts",
    "DescribeInstanceConnectEndpoints": "InstanceConnectEndpoints",
    "DescribeIpams": "Ipams",
    "DescribeIpv6Pools": "Ipv6Pools",
    "DescribeLocalGateways": "LocalGateways",
    "DescribeNetworkInsightsPaths": "NetworkInsightsPaths",
    "DescribePublicIpv4Pools": "PublicIpv4Pools",
    "DescribeReservedInstances": "ReservedInstances",
    "DescribeReservedInstancesOfferings": "ReservedInstancesOfferings",
    "DescribeScheduledInstances": "ScheduledInstanceSet",
    "DescribeSpotFleetRequests": "SpotFleetRequestConfigs",
    "DescribeSpotInstanceRequests": "SpotInstanceRequests",
    "DescribeSpotPriceHistory": "SpotPriceHistory",
    "DescribeTrafficMirrorSessions": "TrafficMirrorSessions",
    "DescribeTransitGatewayAttachments": "TransitGatewayAttachments",
    "DescribeTransitGatewayRouteTables": "TransitGatewayRouteTables",
    "DescribeTransitGateways": "TransitGateways",
    "DescribeVpcEndpointConnections": "VpcEndpointConnections",
    "DescribeVpcEndpointServiceConfigurations": "ServiceConfigurations",
    "DescribeVpnConnections": "VpnConnections",
    "DescribeVpnGateways": "VpnGateways",
}


@pytest.mark.parametrize("operation", EMPTY)
def test_there_is_none(ec2: Any, operation: str) -> None:
    assert getattr(ec2, xform_name(operation))()[EMPTY[operation]] == []


@pytest.mark.parametrize(
    ("operation", "asked", "expected"),
    [
        ("describe_vpn_gateways", {"VpnGatewayIds": ["vgw-12345678"]}, "InvalidVpnGatewayID.NotFound"),
        ("describe_customer_gateways", {"CustomerGatewayIds": ["cgw-12345678"]}, "InvalidCustomerGatewayID.NotFound"),
        ("describe_transit_gateways", {"TransitGatewayIds": ["tgw-12345678"]}, "InvalidTransitGatewayID.NotFound"),
        ("describe_hosts", {"HostIds": ["h-12345678"]}, "InvalidHostID.NotFound"),
        (
            "describe_spot_instance_requests",
            {"SpotInstanceRequestIds": ["sir-12345678"]},
            "InvalidSpotInstanceRequestID.NotFound",
        ),
        ("describe_spot_datafeed_subscription", {}, "InvalidSpotDatafeed.NotFound"),
    ],
)
def test_an_id_is_of_nothing(ec2: Any, operation: str, asked: dict[str, Any], expected: str) -> None:
    with pytest.raises(ClientError) as caught:
        getattr(ec2, operation)(**asked)
    assert code(caught) == expected


def test_what_is_off_for_every_account(ec2: Any) -> None:
    assert not ec2.get_serial_console_access_status()["SerialConsoleAccessEnabled"]
    assert ec2.get_allowed_images_settings()["State"] == "disabled"
    (instance,) = ec2.describe_id_format(Resource="instance")["Statuses"]
    assert instance["UseLongIds"] and ec2.describe_aggregate_id_format()["UseLongIdsAggregated"]
