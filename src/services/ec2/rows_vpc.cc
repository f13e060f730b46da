// Rows of the table: VPCs and what comes with them.
// https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazonec2.html
#include "ec2/operations/associate_dhcp_options.h"
#include "ec2/operations/associate_vpc_cidr_block.h"
#include "ec2/operations/attach_internet_gateway.h"
#include "ec2/operations/create_default_subnet.h"
#include "ec2/operations/create_default_vpc.h"
#include "ec2/operations/create_dhcp_options.h"
#include "ec2/operations/create_flow_logs.h"
#include "ec2/operations/create_internet_gateway.h"
#include "ec2/operations/create_subnet.h"
#include "ec2/operations/create_subnet_cidr_reservation.h"
#include "ec2/operations/create_tags.h"
#include "ec2/operations/create_vpc.h"
#include "ec2/operations/delete_dhcp_options.h"
#include "ec2/operations/delete_flow_logs.h"
#include "ec2/operations/delete_internet_gateway.h"
#include "ec2/operations/delete_subnet.h"
#include "ec2/operations/delete_subnet_cidr_reservation.h"
#include "ec2/operations/delete_tags.h"
#include "ec2/operations/delete_vpc.h"
#include "ec2/operations/describe_account_attributes.h"
#include "ec2/operations/describe_availability_zones.h"
#include "ec2/operations/describe_dhcp_options.h"
#include "ec2/operations/describe_flow_logs.h"
#include "ec2/operations/describe_internet_gateways.h"
#include "ec2/operations/describe_regions.h"
#include "ec2/operations/describe_subnets.h"
#include "ec2/operations/describe_tags.h"
#include "ec2/operations/describe_vpc_attribute.h"
#include "ec2/operations/describe_vpc_classic_link.h"
#include "ec2/operations/describe_vpc_classic_link_dns_support.h"
#include "ec2/operations/describe_vpcs.h"
#include "ec2/operations/detach_internet_gateway.h"
#include "ec2/operations/disassociate_vpc_cidr_block.h"
#include "ec2/operations/get_subnet_cidr_reservations.h"
#include "ec2/operations/modify_subnet_attribute.h"
#include "ec2/operations/modify_vpc_attribute.h"
#include "ec2/operations/modify_vpc_tenancy.h"
#include "services/ec2/operations/operations.h"
#include "services/ec2/rows.h"

namespace aerolith::ec2 {

void add_vpc_rows(TableBuilder& table) {
  using enum OperationId;
  table.row<ec2::associate_dhcp_options>(associate_dhcp_options, "ec2:AssociateDhcpOptions",
                                         existing(Kind::dhcp_options), {existing(Kind::vpc)});
  table.row<ec2::associate_vpc_cidr_block>(associate_vpc_cidr_block, "ec2:AssociateVpcCidrBlock", existing(Kind::vpc));
  table.row<ec2::attach_internet_gateway>(attach_internet_gateway, "ec2:AttachInternetGateway",
                                          existing(Kind::internet_gateway), {existing(Kind::vpc)});
  table.row<ec2::create_default_subnet>(create_default_subnet, "ec2:CreateDefaultSubnet", kAnything);
  table.row<ec2::create_default_vpc>(create_default_vpc, "ec2:CreateDefaultVpc", kAnything);
  table.row<ec2::create_dhcp_options>(create_dhcp_options, "ec2:CreateDhcpOptions", making(Kind::dhcp_options));
  // What it is about is asked for by the handler: of which kind that is, only the input says.
  table.row<ec2::create_flow_logs>(create_flow_logs, "ec2:CreateFlowLogs", making(Kind::flow_log));
  table.row<ec2::create_internet_gateway>(create_internet_gateway, "ec2:CreateInternetGateway",
                                          making(Kind::internet_gateway));
  table.row<ec2::create_subnet>(create_subnet, "ec2:CreateSubnet", making(Kind::subnet), {existing(Kind::vpc)});
  table.row<ec2::create_tags>(create_tags, "ec2:CreateTags", kListed);
  table.row<ec2::create_vpc>(create_vpc, "ec2:CreateVpc", making(Kind::vpc));
  table.row<ec2::delete_dhcp_options>(delete_dhcp_options, "ec2:DeleteDhcpOptions", existing(Kind::dhcp_options));
  table.row<ec2::delete_flow_logs>(delete_flow_logs, "ec2:DeleteFlowLogs", existing(Kind::flow_log));
  table.row<ec2::delete_internet_gateway>(delete_internet_gateway, "ec2:DeleteInternetGateway",
                                          existing(Kind::internet_gateway));
  table.row<ec2::delete_subnet>(delete_subnet, "ec2:DeleteSubnet", existing(Kind::subnet));
  table.row<ec2::delete_tags>(delete_tags, "ec2:DeleteTags", kListed);
  table.row<ec2::delete_vpc>(delete_vpc, "ec2:DeleteVpc", existing(Kind::vpc));
  table.row<ec2::describe_account_attributes>(describe_account_attributes, "ec2:DescribeAccountAttributes", kAnything);
  table.row<ec2::describe_availability_zones>(describe_availability_zones, "ec2:DescribeAvailabilityZones", kAnything);
  table.row<ec2::describe_dhcp_options>(describe_dhcp_options, "ec2:DescribeDhcpOptions", kAnything);
  table.row<ec2::describe_flow_logs>(describe_flow_logs, "ec2:DescribeFlowLogs", kAnything);
  table.row<ec2::describe_internet_gateways>(describe_internet_gateways, "ec2:DescribeInternetGateways", kAnything);
  table.row<ec2::describe_regions>(describe_regions, "ec2:DescribeRegions", kAnything);
  table.row<ec2::describe_subnets>(describe_subnets, "ec2:DescribeSubnets", kAnything);
  table.row<ec2::describe_tags>(describe_tags, "ec2:DescribeTags", kAnything);
  table.row<ec2::describe_vpc_attribute>(describe_vpc_attribute, "ec2:DescribeVpcAttribute", existing(Kind::vpc));
  table.row<ec2::describe_vpc_classic_link>(describe_vpc_classic_link, "ec2:DescribeVpcClassicLink", kAnything);
  table.row<ec2::describe_vpc_classic_link_dns_support>(describe_vpc_classic_link_dns_support,
                                                        "ec2:DescribeVpcClassicLinkDnsSupport", kAnything);
  table.row<ec2::describe_vpcs>(describe_vpcs, "ec2:DescribeVpcs", kAnything);
  table.row<ec2::detach_internet_gateway>(detach_internet_gateway, "ec2:DetachInternetGateway",
                                          existing(Kind::internet_gateway), {existing(Kind::vpc)});
  table.row<ec2::disassociate_vpc_cidr_block>(disassociate_vpc_cidr_block, "ec2:DisassociateVpcCidrBlock",
                                              existing(Kind::vpc));
  table.row<ec2::create_subnet_cidr_reservation>(create_subnet_cidr_reservation, "ec2:CreateSubnetCidrReservation",
                                                 making(Kind::subnet_cidr_reservation), {existing(Kind::subnet)});
  table.row<ec2::delete_subnet_cidr_reservation>(delete_subnet_cidr_reservation, "ec2:DeleteSubnetCidrReservation",
                                                 existing(Kind::subnet_cidr_reservation));
  table.row<ec2::get_subnet_cidr_reservations>(get_subnet_cidr_reservations, "ec2:GetSubnetCidrReservations",
                                               kAnything);
  table.row<ec2::modify_vpc_tenancy>(modify_vpc_tenancy, "ec2:ModifyVpcTenancy", existing(Kind::vpc));
  table.row<ec2::modify_subnet_attribute>(modify_subnet_attribute, "ec2:ModifySubnetAttribute", existing(Kind::subnet));
  table.row<ec2::modify_vpc_attribute>(modify_vpc_attribute, "ec2:ModifyVpcAttribute", existing(Kind::vpc));
}

}  // namespace aerolith::ec2
