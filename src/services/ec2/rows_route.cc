// Rows of the table: routes and network ACLs.
// https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazonec2.html
#include "ec2/operations/associate_route_table.h"
#include "ec2/operations/create_network_acl.h"
#include "ec2/operations/create_network_acl_entry.h"
#include "ec2/operations/create_route.h"
#include "ec2/operations/create_route_table.h"
#include "ec2/operations/delete_network_acl.h"
#include "ec2/operations/delete_network_acl_entry.h"
#include "ec2/operations/delete_route.h"
#include "ec2/operations/delete_route_table.h"
#include "ec2/operations/describe_network_acls.h"
#include "ec2/operations/describe_route_tables.h"
#include "ec2/operations/disassociate_route_table.h"
#include "ec2/operations/replace_network_acl_association.h"
#include "ec2/operations/replace_network_acl_entry.h"
#include "ec2/operations/replace_route.h"
#include "ec2/operations/replace_route_table_association.h"
#include "services/ec2/operations/operations.h"
#include "services/ec2/rows.h"

namespace aerolith::ec2 {

void add_route_rows(TableBuilder& table) {
  using enum OperationId;
  table.row<ec2::associate_route_table>(associate_route_table, "ec2:AssociateRouteTable", existing(Kind::route_table),
                                        {existing(Kind::subnet)});
  table.row<ec2::create_network_acl>(create_network_acl, "ec2:CreateNetworkAcl", making(Kind::network_acl),
                                     {existing(Kind::vpc)});
  table.row<ec2::create_network_acl_entry>(create_network_acl_entry, "ec2:CreateNetworkAclEntry",
                                           existing(Kind::network_acl));
  table.row<ec2::create_route>(create_route, "ec2:CreateRoute", existing(Kind::route_table));
  table.row<ec2::create_route_table>(create_route_table, "ec2:CreateRouteTable", making(Kind::route_table),
                                     {existing(Kind::vpc)});
  table.row<ec2::delete_network_acl>(delete_network_acl, "ec2:DeleteNetworkAcl", existing(Kind::network_acl));
  table.row<ec2::delete_network_acl_entry>(delete_network_acl_entry, "ec2:DeleteNetworkAclEntry",
                                           existing(Kind::network_acl));
  table.row<ec2::delete_route>(delete_route, "ec2:DeleteRoute", existing(Kind::route_table));
  table.row<ec2::delete_route_table>(delete_route_table, "ec2:DeleteRouteTable", existing(Kind::route_table));
  table.row<ec2::describe_network_acls>(describe_network_acls, "ec2:DescribeNetworkAcls", kAnything);
  table.row<ec2::describe_route_tables>(describe_route_tables, "ec2:DescribeRouteTables", kAnything);
  table.row<ec2::disassociate_route_table>(disassociate_route_table, "ec2:DisassociateRouteTable",
                                           existing(Kind::route_table));
  table.row<ec2::replace_network_acl_association>(replace_network_acl_association, "ec2:ReplaceNetworkAclAssociation",
                                                  existing(Kind::network_acl));
  table.row<ec2::replace_network_acl_entry>(replace_network_acl_entry, "ec2:ReplaceNetworkAclEntry",
                                            existing(Kind::network_acl));
  table.row<ec2::replace_route>(replace_route, "ec2:ReplaceRoute", existing(Kind::route_table));
  table.row<ec2::replace_route_table_association>(replace_route_table_association, "ec2:ReplaceRouteTableAssociation",
                                                  existing(Kind::route_table));
}

}  // namespace aerolith::ec2
