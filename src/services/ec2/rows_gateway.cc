// Rows of the table: NAT gateways, peering, endpoints, prefix lists.
// https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazonec2.html
#include "ec2/operations/accept_vpc_peering_connection.h"
#include "ec2/operations/create_key_pair.h"
#include "ec2/operations/create_managed_prefix_list.h"
#include "ec2/operations/create_nat_gateway.h"
#include "ec2/operations/create_vpc_endpoint.h"
#include "ec2/operations/create_vpc_peering_connection.h"
#include "ec2/operations/delete_key_pair.h"
#include "ec2/operations/delete_managed_prefix_list.h"
#include "ec2/operations/delete_nat_gateway.h"
#include "ec2/operations/delete_vpc_endpoints.h"
#include "ec2/operations/delete_vpc_peering_connection.h"
#include "ec2/operations/describe_key_pairs.h"
#include "ec2/operations/describe_managed_prefix_lists.h"
#include "ec2/operations/describe_nat_gateways.h"
#include "ec2/operations/describe_prefix_lists.h"
#include "ec2/operations/describe_vpc_endpoint_services.h"
#include "ec2/operations/describe_vpc_endpoints.h"
#include "ec2/operations/describe_vpc_peering_connections.h"
#include "ec2/operations/get_managed_prefix_list_associations.h"
#include "ec2/operations/get_managed_prefix_list_entries.h"
#include "ec2/operations/import_key_pair.h"
#include "ec2/operations/modify_managed_prefix_list.h"
#include "ec2/operations/modify_vpc_endpoint.h"
#include "ec2/operations/modify_vpc_peering_connection_options.h"
#include "ec2/operations/reject_vpc_peering_connection.h"
#include "ec2/operations/restore_managed_prefix_list_version.h"
#include "services/ec2/operations/operations.h"
#include "services/ec2/rows.h"

namespace aerolith::ec2 {

void add_gateway_rows(TableBuilder& table) {
  using enum OperationId;
  table.row<ec2::accept_vpc_peering_connection>(accept_vpc_peering_connection, "ec2:AcceptVpcPeeringConnection",
                                                existing(Kind::peering));
  table.row<ec2::create_key_pair>(create_key_pair, "ec2:CreateKeyPair", making(Kind::key_pair));
  table.row<ec2::create_managed_prefix_list>(create_managed_prefix_list, "ec2:CreateManagedPrefixList",
                                             making(Kind::prefix_list));
  table.row<ec2::create_nat_gateway>(create_nat_gateway, "ec2:CreateNatGateway", making(Kind::nat_gateway),
                                     {existing(Kind::subnet), existing(Kind::elastic_ip)});
  table.row<ec2::create_vpc_endpoint>(create_vpc_endpoint, "ec2:CreateVpcEndpoint", making(Kind::endpoint),
                                      {existing(Kind::vpc)});
  table.row<ec2::create_vpc_peering_connection>(create_vpc_peering_connection, "ec2:CreateVpcPeeringConnection",
                                                making(Kind::peering), {existing(Kind::vpc)});
  table.row<ec2::delete_key_pair>(delete_key_pair, "ec2:DeleteKeyPair", existing(Kind::key_pair));
  table.row<ec2::delete_managed_prefix_list>(delete_managed_prefix_list, "ec2:DeleteManagedPrefixList",
                                             existing(Kind::prefix_list));
  table.row<ec2::delete_nat_gateway>(delete_nat_gateway, "ec2:DeleteNatGateway", existing(Kind::nat_gateway));
  table.row<ec2::delete_vpc_endpoints>(delete_vpc_endpoints, "ec2:DeleteVpcEndpoints", existing(Kind::endpoint));
  table.row<ec2::delete_vpc_peering_connection>(delete_vpc_peering_connection, "ec2:DeleteVpcPeeringConnection",
                                                existing(Kind::peering));
  table.row<ec2::describe_key_pairs>(describe_key_pairs, "ec2:DescribeKeyPairs", kAnything);
  table.row<ec2::describe_managed_prefix_lists>(describe_managed_prefix_lists, "ec2:DescribeManagedPrefixLists",
                                                kAnything);
  table.row<ec2::describe_nat_gateways>(describe_nat_gateways, "ec2:DescribeNatGateways", kAnything);
  table.row<ec2::describe_prefix_lists>(describe_prefix_lists, "ec2:DescribePrefixLists", kAnything);
  table.row<ec2::describe_vpc_endpoint_services>(describe_vpc_endpoint_services, "ec2:DescribeVpcEndpointServices",
                                                 kAnything);
  table.row<ec2::describe_vpc_endpoints>(describe_vpc_endpoints, "ec2:DescribeVpcEndpoints", kAnything);
  table.row<ec2::describe_vpc_peering_connections>(describe_vpc_peering_connections,
                                                   "ec2:DescribeVpcPeeringConnections", kAnything);
  table.row<ec2::get_managed_prefix_list_associations>(
      get_managed_prefix_list_associations, "ec2:GetManagedPrefixListAssociations", existing(Kind::prefix_list));
  table.row<ec2::get_managed_prefix_list_entries>(get_managed_prefix_list_entries, "ec2:GetManagedPrefixListEntries",
                                                  existing(Kind::prefix_list));
  table.row<ec2::import_key_pair>(import_key_pair, "ec2:ImportKeyPair", making(Kind::key_pair));
  table.row<ec2::modify_managed_prefix_list>(modify_managed_prefix_list, "ec2:ModifyManagedPrefixList",
                                             existing(Kind::prefix_list));
  table.row<ec2::modify_vpc_endpoint>(modify_vpc_endpoint, "ec2:ModifyVpcEndpoint", existing(Kind::endpoint));
  table.row<ec2::modify_vpc_peering_connection_options>(
      modify_vpc_peering_connection_options, "ec2:ModifyVpcPeeringConnectionOptions", existing(Kind::peering));
  table.row<ec2::reject_vpc_peering_connection>(reject_vpc_peering_connection, "ec2:RejectVpcPeeringConnection",
                                                existing(Kind::peering));
  table.row<ec2::restore_managed_prefix_list_version>(
      restore_managed_prefix_list_version, "ec2:RestoreManagedPrefixListVersion", existing(Kind::prefix_list));
}

}  // namespace aerolith::ec2
