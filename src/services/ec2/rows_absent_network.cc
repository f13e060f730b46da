// Rows of the table: ways between networks that can't be made here, VPNs, transit gateways and the like.
#include "ec2/operations/describe_byoip_cidrs.h"
#include "ec2/operations/describe_carrier_gateways.h"
#include "ec2/operations/describe_client_vpn_endpoints.h"
#include "ec2/operations/describe_coip_pools.h"
#include "ec2/operations/describe_customer_gateways.h"
#include "ec2/operations/describe_egress_only_internet_gateways.h"
#include "ec2/operations/describe_instance_connect_endpoints.h"
#include "ec2/operations/describe_ipam_pools.h"
#include "ec2/operations/describe_ipam_scopes.h"
#include "ec2/operations/describe_ipams.h"
#include "ec2/operations/describe_ipv6_pools.h"
#include "ec2/operations/describe_local_gateway_route_tables.h"
#include "ec2/operations/describe_local_gateway_virtual_interface_groups.h"
#include "ec2/operations/describe_local_gateway_virtual_interfaces.h"
#include "ec2/operations/describe_local_gateways.h"
#include "ec2/operations/describe_moving_addresses.h"
#include "ec2/operations/describe_network_insights_analyses.h"
#include "ec2/operations/describe_network_insights_paths.h"
#include "ec2/operations/describe_network_interface_permissions.h"
#include "ec2/operations/describe_public_ipv4_pools.h"
#include "ec2/operations/describe_security_group_vpc_associations.h"
#include "ec2/operations/describe_traffic_mirror_filters.h"
#include "ec2/operations/describe_traffic_mirror_sessions.h"
#include "ec2/operations/describe_traffic_mirror_targets.h"
#include "ec2/operations/describe_transit_gateway_attachments.h"
#include "ec2/operations/describe_transit_gateway_connects.h"
#include "ec2/operations/describe_transit_gateway_multicast_domains.h"
#include "ec2/operations/describe_transit_gateway_peering_attachments.h"
#include "ec2/operations/describe_transit_gateway_route_tables.h"
#include "ec2/operations/describe_transit_gateway_vpc_attachments.h"
#include "ec2/operations/describe_transit_gateways.h"
#include "ec2/operations/describe_vpc_block_public_access_exclusions.h"
#include "ec2/operations/describe_vpc_endpoint_connection_notifications.h"
#include "ec2/operations/describe_vpc_endpoint_connections.h"
#include "ec2/operations/describe_vpc_endpoint_service_configurations.h"
#include "ec2/operations/describe_vpn_connections.h"
#include "ec2/operations/describe_vpn_gateways.h"
#include "services/ec2/absences.h"
#include "services/ec2/rows.h"

namespace aerolith::ec2 {
namespace {

constexpr Absence kCarrierGateway{"InvalidCarrierGatewayID.NotFound", "The carrier gateway ID '{}' does not exist"};
constexpr Absence kClientVpnEndpoint{"InvalidClientVpnEndpointId.NotFound", "Endpoint {} does not exist"};
constexpr Absence kPool{"InvalidPoolID.NotFound", "The pool ID '{}' does not exist"};
constexpr Absence kCustomerGateway{"InvalidCustomerGatewayID.NotFound", "The customerGateway ID '{}' does not exist"};
constexpr Absence kInstanceConnectEndpoint{"InvalidInstanceConnectEndpointId.NotFound",
                                           "The instance connect endpoint ID '{}' does not exist"};
constexpr Absence kIpamPool{"InvalidIpamPoolId.NotFound", "The ipam-pool ID '{}' does not exist"};
constexpr Absence kIpamScope{"InvalidIpamScopeId.NotFound", "The ipam-scope ID '{}' does not exist"};
constexpr Absence kIpam{"InvalidIpamId.NotFound", "The ipam ID '{}' does not exist"};
constexpr Absence kNetworkInsightsAnalysis{"InvalidNetworkInsightsAnalysisId.NotFound",
                                           "The network insights analysis ID '{}' does not exist"};
constexpr Absence kNetworkInsightsPath{"InvalidNetworkInsightsPathId.NotFound",
                                       "The network insights path ID '{}' does not exist"};
constexpr Absence kPublicIpv4Pool{"InvalidPublicIpv4PoolID.NotFound", "The pool ID '{}' does not exist"};
constexpr Absence kTrafficMirrorFilter{"InvalidTrafficMirrorFilterId.NotFound",
                                       "The traffic mirror filter ID '{}' does not exist"};
constexpr Absence kTrafficMirrorSession{"InvalidTrafficMirrorSessionId.NotFound",
                                        "The traffic mirror session ID '{}' does not exist"};
constexpr Absence kTrafficMirrorTarget{"InvalidTrafficMirrorTargetId.NotFound",
                                       "The traffic mirror target ID '{}' does not exist"};
constexpr Absence kTransitGatewayAttachment{"InvalidTransitGatewayAttachmentID.NotFound",
                                            "Transit Gateway Attachment {} was deleted or does not exist."};
constexpr Absence kTransitGatewayMulticastDomain{"InvalidTransitGatewayMulticastDomainId.NotFound",
                                                 "Transit Gateway Multicast Domain {} was deleted or does not exist."};
constexpr Absence kTransitGatewayRouteTable{"InvalidRouteTableID.NotFound",
                                            "Transit Gateway Route Table {} was deleted or does not exist."};
constexpr Absence kTransitGateway{"InvalidTransitGatewayID.NotFound",
                                  "Transit Gateway {} was deleted or does not exist."};
constexpr Absence kVpcEndpointServiceConfiguration{"InvalidVpcEndpointServiceId.NotFound",
                                                   "The VpcEndpointService Id '{}' does not exist"};
constexpr Absence kVpnConnection{"InvalidVpnConnectionID.NotFound", "The vpnConnection ID '{}' does not exist"};
constexpr Absence kVpnGateway{"InvalidVpnGatewayID.NotFound", "The vpnGateway ID '{}' does not exist"};

// Transit gateways and what VPNs are made of.
void add_absent_gateway_rows(TableBuilder& table) {
  using enum OperationId;
  table.row<none_of<kClientVpnEndpoint, &DescribeClientVpnEndpointsInput::client_vpn_endpoint_ids,
                    &DescribeClientVpnEndpointsOutput::client_vpn_endpoints>>(
      describe_client_vpn_endpoints, "ec2:DescribeClientVpnEndpoints", kAnything);
  table.row<none_of<kCustomerGateway, &DescribeCustomerGatewaysInput::customer_gateway_ids,
                    &DescribeCustomerGatewaysOutput::customer_gateways>>(describe_customer_gateways,
                                                                         "ec2:DescribeCustomerGateways", kAnything);
  table.row<none_of<kTransitGatewayAttachment, &DescribeTransitGatewayAttachmentsInput::transit_gateway_attachment_ids,
                    &DescribeTransitGatewayAttachmentsOutput::transit_gateway_attachments>>(
      describe_transit_gateway_attachments, "ec2:DescribeTransitGatewayAttachments", kAnything);
  table.row<none_of<kTransitGatewayAttachment, &DescribeTransitGatewayConnectsInput::transit_gateway_attachment_ids,
                    &DescribeTransitGatewayConnectsOutput::transit_gateway_connects>>(
      describe_transit_gateway_connects, "ec2:DescribeTransitGatewayConnects", kAnything);
  table.row<none_of<kTransitGatewayMulticastDomain,
                    &DescribeTransitGatewayMulticastDomainsInput::transit_gateway_multicast_domain_ids,
                    &DescribeTransitGatewayMulticastDomainsOutput::transit_gateway_multicast_domains>>(
      describe_transit_gateway_multicast_domains, "ec2:DescribeTransitGatewayMulticastDomains", kAnything);
  table.row<
      none_of<kTransitGatewayAttachment, &DescribeTransitGatewayPeeringAttachmentsInput::transit_gateway_attachment_ids,
              &DescribeTransitGatewayPeeringAttachmentsOutput::transit_gateway_peering_attachments>>(
      describe_transit_gateway_peering_attachments, "ec2:DescribeTransitGatewayPeeringAttachments", kAnything);
  table.row<none_of<kTransitGatewayRouteTable, &DescribeTransitGatewayRouteTablesInput::transit_gateway_route_table_ids,
                    &DescribeTransitGatewayRouteTablesOutput::transit_gateway_route_tables>>(
      describe_transit_gateway_route_tables, "ec2:DescribeTransitGatewayRouteTables", kAnything);
  table.row<
      none_of<kTransitGatewayAttachment, &DescribeTransitGatewayVpcAttachmentsInput::transit_gateway_attachment_ids,
              &DescribeTransitGatewayVpcAttachmentsOutput::transit_gateway_vpc_attachments>>(
      describe_transit_gateway_vpc_attachments, "ec2:DescribeTransitGatewayVpcAttachments", kAnything);
  table.row<none_of<kTransitGateway, &DescribeTransitGatewaysInput::transit_gateway_ids,
                    &DescribeTransitGatewaysOutput::transit_gateways>>(describe_transit_gateways,
                                                                       "ec2:DescribeTransitGateways", kAnything);
  table.row<none_of<kVpnConnection, &DescribeVpnConnectionsInput::vpn_connection_ids,
                    &DescribeVpnConnectionsOutput::vpn_connections>>(describe_vpn_connections,
                                                                     "ec2:DescribeVpnConnections", kAnything);
  table.row<none_of<kVpnGateway, &DescribeVpnGatewaysInput::vpn_gateway_ids, &DescribeVpnGatewaysOutput::vpn_gateways>>(
      describe_vpn_gateways, "ec2:DescribeVpnGateways", kAnything);
}

}  // namespace

void add_absent_network_rows(TableBuilder& table) {
  using enum OperationId;
  add_absent_gateway_rows(table);
  table.row<none<DescribeByoipCidrsInput, &DescribeByoipCidrsOutput::byoip_cidrs>>(describe_byoip_cidrs,
                                                                                   "ec2:DescribeByoipCidrs", kAnything);
  table.row<none_of<kCarrierGateway, &DescribeCarrierGatewaysInput::carrier_gateway_ids,
                    &DescribeCarrierGatewaysOutput::carrier_gateways>>(describe_carrier_gateways,
                                                                       "ec2:DescribeCarrierGateways", kAnything);
  table.row<none_of<kPool, &DescribeCoipPoolsInput::pool_ids, &DescribeCoipPoolsOutput::coip_pools>>(
      describe_coip_pools, "ec2:DescribeCoipPools", kAnything);
  table.row<none<DescribeEgressOnlyInternetGatewaysInput,
                 &DescribeEgressOnlyInternetGatewaysOutput::egress_only_internet_gateways>>(
      describe_egress_only_internet_gateways, "ec2:DescribeEgressOnlyInternetGateways", kAnything);
  table.row<none_of<kInstanceConnectEndpoint, &DescribeInstanceConnectEndpointsInput::instance_connect_endpoint_ids,
                    &DescribeInstanceConnectEndpointsOutput::instance_connect_endpoints>>(
      describe_instance_connect_endpoints, "ec2:DescribeInstanceConnectEndpoints", kAnything);
  table.row<none_of<kIpamPool, &DescribeIpamPoolsInput::ipam_pool_ids, &DescribeIpamPoolsOutput::ipam_pools>>(
      describe_ipam_pools, "ec2:DescribeIpamPools", kAnything);
  table.row<none_of<kIpamScope, &DescribeIpamScopesInput::ipam_scope_ids, &DescribeIpamScopesOutput::ipam_scopes>>(
      describe_ipam_scopes, "ec2:DescribeIpamScopes", kAnything);
  table.row<none_of<kIpam, &DescribeIpamsInput::ipam_ids, &DescribeIpamsOutput::ipams>>(describe_ipams,
                                                                                        "ec2:DescribeIpams", kAnything);
  table.row<none_of<kPool, &DescribeIpv6PoolsInput::pool_ids, &DescribeIpv6PoolsOutput::ipv6_pools>>(
      describe_ipv6_pools, "ec2:DescribeIpv6Pools", kAnything);
  table.row<
      none<DescribeLocalGatewayRouteTablesInput, &DescribeLocalGatewayRouteTablesOutput::local_gateway_route_tables>>(
      describe_local_gateway_route_tables, "ec2:DescribeLocalGatewayRouteTables", kAnything);
  table.row<none<DescribeLocalGatewayVirtualInterfaceGroupsInput,
                 &DescribeLocalGatewayVirtualInterfaceGroupsOutput::local_gateway_virtual_interface_groups>>(
      describe_local_gateway_virtual_interface_groups, "ec2:DescribeLocalGatewayVirtualInterfaceGroups", kAnything);
  table.row<none<DescribeLocalGatewayVirtualInterfacesInput,
                 &DescribeLocalGatewayVirtualInterfacesOutput::local_gateway_virtual_interfaces>>(
      describe_local_gateway_virtual_interfaces, "ec2:DescribeLocalGatewayVirtualInterfaces", kAnything);
  table.row<none<DescribeLocalGatewaysInput, &DescribeLocalGatewaysOutput::local_gateways>>(
      describe_local_gateways, "ec2:DescribeLocalGateways", kAnything);
  table.row<none<DescribeMovingAddressesInput, &DescribeMovingAddressesOutput::moving_address_statuses>>(
      describe_moving_addresses, "ec2:DescribeMovingAddresses", kAnything);
  table.row<none_of<kNetworkInsightsAnalysis, &DescribeNetworkInsightsAnalysesInput::network_insights_analysis_ids,
                    &DescribeNetworkInsightsAnalysesOutput::network_insights_analyses>>(
      describe_network_insights_analyses, "ec2:DescribeNetworkInsightsAnalyses", kAnything);
  table.row<none_of<kNetworkInsightsPath, &DescribeNetworkInsightsPathsInput::network_insights_path_ids,
                    &DescribeNetworkInsightsPathsOutput::network_insights_paths>>(
      describe_network_insights_paths, "ec2:DescribeNetworkInsightsPaths", kAnything);
  table.row<none<DescribeNetworkInterfacePermissionsInput,
                 &DescribeNetworkInterfacePermissionsOutput::network_interface_permissions>>(
      describe_network_interface_permissions, "ec2:DescribeNetworkInterfacePermissions", kAnything);
  table.row<none_of<kPublicIpv4Pool, &DescribePublicIpv4PoolsInput::pool_ids,
                    &DescribePublicIpv4PoolsOutput::public_ipv4_pools>>(describe_public_ipv4_pools,
                                                                        "ec2:DescribePublicIpv4Pools", kAnything);
  table.row<none<DescribeSecurityGroupVpcAssociationsInput,
                 &DescribeSecurityGroupVpcAssociationsOutput::security_group_vpc_associations>>(
      describe_security_group_vpc_associations, "ec2:DescribeSecurityGroupVpcAssociations", kAnything);
  table.row<none_of<kTrafficMirrorFilter, &DescribeTrafficMirrorFiltersInput::traffic_mirror_filter_ids,
                    &DescribeTrafficMirrorFiltersOutput::traffic_mirror_filters>>(
      describe_traffic_mirror_filters, "ec2:DescribeTrafficMirrorFilters", kAnything);
  table.row<none_of<kTrafficMirrorSession, &DescribeTrafficMirrorSessionsInput::traffic_mirror_session_ids,
                    &DescribeTrafficMirrorSessionsOutput::traffic_mirror_sessions>>(
      describe_traffic_mirror_sessions, "ec2:DescribeTrafficMirrorSessions", kAnything);
  table.row<none_of<kTrafficMirrorTarget, &DescribeTrafficMirrorTargetsInput::traffic_mirror_target_ids,
                    &DescribeTrafficMirrorTargetsOutput::traffic_mirror_targets>>(
      describe_traffic_mirror_targets, "ec2:DescribeTrafficMirrorTargets", kAnything);
  table.row<none<DescribeVpcBlockPublicAccessExclusionsInput,
                 &DescribeVpcBlockPublicAccessExclusionsOutput::vpc_block_public_access_exclusions>>(
      describe_vpc_block_public_access_exclusions, "ec2:DescribeVpcBlockPublicAccessExclusions", kAnything);
  table.row<none<DescribeVpcEndpointConnectionNotificationsInput,
                 &DescribeVpcEndpointConnectionNotificationsOutput::connection_notification_set>>(
      describe_vpc_endpoint_connection_notifications, "ec2:DescribeVpcEndpointConnectionNotifications", kAnything);
  table.row<none<DescribeVpcEndpointConnectionsInput, &DescribeVpcEndpointConnectionsOutput::vpc_endpoint_connections>>(
      describe_vpc_endpoint_connections, "ec2:DescribeVpcEndpointConnections", kAnything);
  table.row<none_of<kVpcEndpointServiceConfiguration, &DescribeVpcEndpointServiceConfigurationsInput::service_ids,
                    &DescribeVpcEndpointServiceConfigurationsOutput::service_configurations>>(
      describe_vpc_endpoint_service_configurations, "ec2:DescribeVpcEndpointServiceConfigurations", kAnything);
}

}  // namespace aerolith::ec2
