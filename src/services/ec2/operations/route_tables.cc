#include <fmt/format.h>

#include <array>

#include "ec2/operations/associate_route_table.h"
#include "ec2/operations/create_route_table.h"
#include "ec2/operations/delete_route_table.h"
#include "ec2/operations/describe_route_tables.h"
#include "ec2/operations/disassociate_route_table.h"
#include "ec2/operations/replace_route_table_association.h"
#include "services/ec2/describe.h"
#include "services/ec2/network_tables.h"
#include "services/ec2/operations/operations.h"
#include "services/ec2/routes.h"
#include "services/ec2/tags.h"
#include "services/ec2/tokens.h"
#include "services/ec2/wire.h"

namespace aerolith::ec2 {
namespace {

constexpr size_t kMaxTables = 200;

template <typename Project>
Result<Strings> each_association(const RouteTableRecord& record, Project project) {
  Strings result;
  for (const auto& each : record.associations) result.push_back(project(each));
  return result;
}
template <typename Project>
Result<Strings> each_route(const RouteTableRecord& record, Project project) {
  Strings result;
  for (const auto& each : record.routes) result.push_back(project(each));
  return result;
}
std::string target_if(const RouteRecord& route, TargetKind kind) { return route.kind == kind ? route.target : ""; }

using RouteTableFilter = FilterDefinition<RouteTableRecord>;
constexpr std::array kRouteTableFilters{
    RouteTableFilter{"route-table-id",
                     [](const Lookup&, const RouteTableRecord& r) -> Result<Strings> { return Strings{r.id}; }},
    RouteTableFilter{"vpc-id",
                     [](const Lookup&, const RouteTableRecord& r) -> Result<Strings> { return Strings{r.vpc}; }},
    RouteTableFilter{"association.main",
                     [](const Lookup&, const RouteTableRecord& r) {
                       return each_association(r, [](const auto& each) { return flag(each.subnet.empty()); });
                     }},
    RouteTableFilter{"association.route-table-association-id",
                     [](const Lookup&, const RouteTableRecord& r) {
                       return each_association(r, [](const auto& each) { return each.id; });
                     }},
    RouteTableFilter{"association.route-table-id",
                     [](const Lookup&, const RouteTableRecord& r) {
                       return each_association(r, [&](const auto&) { return r.id; });
                     }},
    RouteTableFilter{"association.subnet-id",
                     [](const Lookup&, const RouteTableRecord& r) {
                       return each_association(r, [](const auto& each) { return each.subnet; });
                     }},
    RouteTableFilter{"association.gateway-id",
                     [](const Lookup&, const RouteTableRecord&) -> Result<Strings> { return Strings{}; }},
    RouteTableFilter{"route.destination-cidr-block",
                     [](const Lookup& at, const RouteTableRecord& r) -> Result<Strings> {
                       Strings result;
                       for (const auto& each : TRY(kVpcs.get(at.txn, at.scope, r.vpc)).cidrs)
                         result.push_back(each.cidr);
                       for (const auto& each : r.routes) result.push_back(each.destination);
                       return result;
                     }},
    RouteTableFilter{"route.destination-ipv6-cidr-block",
                     [](const Lookup&, const RouteTableRecord&) -> Result<Strings> { return Strings{}; }},
    RouteTableFilter{"route.destination-prefix-list-id",
                     [](const Lookup&, const RouteTableRecord& r) {
                       return each_route(r, [](const auto& each) { return each.destination; });
                     }},
    RouteTableFilter{"route.gateway-id",
                     [](const Lookup&, const RouteTableRecord& r) -> Result<Strings> {
                       Strings result{"local"};
                       for (const auto& each : r.routes) {
                         const bool is_gateway =
                             each.kind == TargetKind::internet_gateway || each.kind == TargetKind::endpoint;
                         if (is_gateway) result.push_back(each.target);
                       }
                       return result;
                     }},
    RouteTableFilter{"route.nat-gateway-id",
                     [](const Lookup&, const RouteTableRecord& r) {
                       return each_route(r, [](const auto& each) { return target_if(each, TargetKind::nat_gateway); });
                     }},
    RouteTableFilter{"route.egress-only-internet-gateway-id",
                     [](const Lookup&, const RouteTableRecord&) -> Result<Strings> { return Strings{}; }},
    RouteTableFilter{"route.transit-gateway-id",
                     [](const Lookup&, const RouteTableRecord&) -> Result<Strings> { return Strings{}; }},
    RouteTableFilter{"route.vpc-peering-connection-id",
                     [](const Lookup&, const RouteTableRecord& r) {
                       return each_route(r, [](const auto& each) { return target_if(each, TargetKind::peering); });
                     }},
    RouteTableFilter{"route.instance-id",
                     [](const Lookup& at, const RouteTableRecord& r) -> Result<Strings> {
                       Strings result;
                       for (const auto& each : r.routes) {
                         if (each.kind != TargetKind::interface) continue;
                         const auto interface = TRY(kInterfaces.find(at.txn, at.scope, each.target));
                         if (interface && interface->attachment) result.push_back(interface->attachment->instance);
                       }
                       return result;
                     }},
    RouteTableFilter{"route.origin",
                     [](const Lookup&, const RouteTableRecord& r) -> Result<Strings> {
                       Strings result{"CreateRouteTable"};
                       if (!r.routes.empty()) result.emplace_back("CreateRoute");
                       return result;
                     }},
    RouteTableFilter{"route.state",
                     [](const Lookup& at, const RouteTableRecord& r) -> Result<Strings> {
                       Strings result{"active"};
                       for (const auto& each : r.routes)
                         result.push_back(TRY(route_state(at.txn, at.scope, r.vpc, each)));
                       return result;
                     }},
};

RouteTableAssociation to_wire(const RouteTableRecord& table, const RouteTableAssociationRecord& record) {
  RouteTableAssociation result{.main = record.subnet.empty(),
                               .route_table_association_id = record.id,
                               .route_table_id = table.id,
                               .association_state = RouteTableAssociationState{.state = "associated"}};
  if (!record.subnet.empty()) result.subnet_id = record.subnet;
  return result;
}

Result<RouteTable> shown(metadata::ReadTransaction& txn, const Scope& scope, const RouteTableRecord& record,
                         const TagMap& tags) {
  RouteTable table{.associations = std::vector<RouteTableAssociation>(),
                   .propagating_vgws = std::vector<PropagatingVgw>(),
                   .route_table_id = record.id,
                   .routes = std::vector<Route>(),
                   .tags = wire_tags(tags),
                   .vpc_id = record.vpc,
                   .owner_id = scope.account.str()};
  for (const auto& each : record.associations) table.associations->push_back(to_wire(record, each));
  for (const CidrAssociation& each : TRY(kVpcs.get(txn, scope, record.vpc)).cidrs) {
    table.routes->push_back(
        {.destination_cidr_block = each.cidr, .gateway_id = "local", .origin = "CreateRouteTable", .state = "active"});
  }
  for (const RouteRecord& each : record.routes) {
    table.routes->push_back(TRY(shown_route(txn, scope, record.vpc, each)));
  }
  return table;
}

struct FoundAssociation {
  RouteTableRecord table;
  RouteTableAssociationRecord association;
};

Result<FoundAssociation> find_association(metadata::ReadTransaction& txn, const Scope& scope, const std::string& id) {
  const auto owner = TRY(owner_of_part(txn, scope, id));
  if (!owner || !id.starts_with("rtbassoc-")) {
    return errors::of("InvalidAssociationID.NotFound", fmt::format("The association ID '{}' does not exist", id));
  }
  RouteTableRecord table = TRY(kRouteTables.get(txn, scope, *owner));
  const auto found = std::ranges::find(table.associations, id, &RouteTableAssociationRecord::id);
  RouteTableAssociationRecord association = *found;
  return FoundAssociation{.table = std::move(table), .association = std::move(association)};
}

// Takes the association off its table, and writes that.
void remove_association(metadata::Transaction& txn, const Scope& scope, FoundAssociation& found) {
  std::erase_if(found.table.associations, [&](const auto& each) { return each.id == found.association.id; });
  erase_part(txn, scope, found.association.id);
  kRouteTables.put(txn, scope, found.table);
}

std::string add_association(metadata::Transaction& txn, const Scope& scope, RouteTableRecord& table,
                            const std::string& subnet) {
  table.associations.push_back({.id = make_part_id("rtbassoc-"), .subnet = subnet});
  put_part(txn, scope, table.associations.back().id, table.id);
  kRouteTables.put(txn, scope, table);
  return table.associations.back().id;
}

}  // namespace

Result<DescribeRouteTablesOutput> describe_route_tables(Call& call, const DescribeRouteTablesInput& input) {
  const auto txn = call.read();
  const auto page =
      TRY(describe<RouteTableRecord>(*txn, call.scope, kRouteTables, kRouteTableFilters,
                                     {input.route_table_ids, input.filters, input.max_results, input.next_token}));
  DescribeRouteTablesOutput output{.route_tables = std::vector<RouteTable>(), .next_token = page.next_token};
  for (const auto& [record, tags] : page.items) {
    output.route_tables->push_back(TRY(shown(*txn, call.scope, record, tags)));
  }
  return output;
}

Result<CreateRouteTableOutput> create_route_table(Call& call, const CreateRouteTableInput& input) {
  const TagMap tags = TRY(tags_to_make(input.tag_specifications, Kind::route_table));
  auto table = TRY(call.write([&](metadata::Transaction& txn) -> Result<RouteTable> {
    if (const auto made = TRY(find_made(txn, call, input.client_token))) {
      return shown(txn, call.scope, TRY(kRouteTables.get(txn, call.scope, *made)), tags);
    }
    const VpcRecord vpc = TRY(kVpcs.get(txn, call.scope, input.vpc_id));
    if (TRY(members_of(txn, call.scope, vpc.id, Kind::route_table)).size() >= kMaxTables) {
      return errors::of("RouteTableLimitExceeded", "The maximum number of route tables has been reached.");
    }
    const RouteTableRecord record{.id = make_id(Kind::route_table), .vpc = vpc.id};
    kRouteTables.put(txn, call.scope, record);
    put_tags(txn, call.scope, record.id, tags);
    remember_made(txn, call, input.client_token, record.id);
    return shown(txn, call.scope, record, tags);
  }));
  return CreateRouteTableOutput{.route_table = std::move(table), .client_token = input.client_token};
}

Result<NoOutput> delete_route_table(Call& call, const DeleteRouteTableInput& input) {
  TRY(call.write([&](metadata::Transaction& txn) -> Result<> {
    const auto table = TRY(kRouteTables.get(txn, call.scope, input.route_table_id));
    if (!table.associations.empty()) {
      return errors::dependency(fmt::format("The routeTable '{}' has dependencies and cannot be deleted.", table.id));
    }
    for (const RouteRecord& route : table.routes) {
      if (route.kind != TargetKind::endpoint) continue;
      auto endpoint = TRY(kEndpoints.find(txn, call.scope, route.target));
      if (!endpoint) continue;
      std::erase(endpoint->route_tables, table.id);
      kEndpoints.put(txn, call.scope, *endpoint);
    }
    kRouteTables.erase(txn, call.scope, table);
    return {};
  }));
  return NoOutput{};
}

Result<AssociateRouteTableOutput> associate_route_table(Call& call, const AssociateRouteTableInput& input) {
  if (input.gateway_id) return errors::unsupported("Route tables of gateways are not built.");
  if (!input.subnet_id) return errors::missing_parameter("subnetId");
  std::string vpc;
  auto id = TRY(call.write([&](metadata::Transaction& txn) -> Result<std::string> {
    auto table = TRY(kRouteTables.get(txn, call.scope, input.route_table_id));
    const SubnetRecord subnet = TRY(kSubnets.get(txn, call.scope, input.subnet_id));
    if (subnet.vpc != table.vpc) {
      return errors::invalid_parameter(
          fmt::format("route table {} and subnet {} belong to different networks", table.id, subnet.id));
    }
    vpc = table.vpc;
    for (const RouteTableRecord& other : TRY(kRouteTables.in_vpc(txn, call.scope, table.vpc))) {
      for (const auto& each : other.associations) {
        if (each.subnet != subnet.id) continue;
        if (other.id == table.id) return each.id;
        return errors::of("Resource.AlreadyAssociated",
                          fmt::format("the specified association for route table {} conflicts with an existing "
                                      "association",
                                      table.id));
      }
    }
    return add_association(txn, call.scope, table, subnet.id);
  }));
  call.settle_vpc(vpc);
  return AssociateRouteTableOutput{.association_id = std::move(id),
                                   .association_state = RouteTableAssociationState{.state = "associated"}};
}

Result<NoOutput> disassociate_route_table(Call& call, const DisassociateRouteTableInput& input) {
  auto vpc = TRY(call.write([&](metadata::Transaction& txn) -> Result<std::string> {
    FoundAssociation found = TRY(find_association(txn, call.scope, *input.association_id));
    if (found.association.subnet.empty()) {
      return errors::invalid_parameter(
          fmt::format("cannot disassociate the main route table association {}", found.association.id));
    }
    remove_association(txn, call.scope, found);
    return found.table.vpc;
  }));
  call.settle_vpc(vpc);
  return NoOutput{};
}

Result<ReplaceRouteTableAssociationOutput> replace_route_table_association(
    Call& call, const ReplaceRouteTableAssociationInput& input) {
  std::string vpc_id;
  auto id = TRY(call.write([&](metadata::Transaction& txn) -> Result<std::string> {
    FoundAssociation found = TRY(find_association(txn, call.scope, *input.association_id));
    auto table = TRY(kRouteTables.get(txn, call.scope, input.route_table_id));
    if (table.vpc != found.table.vpc) {
      return errors::invalid_parameter(fmt::format("route table {} and association {} belong to different networks",
                                                   table.id, found.association.id));
    }
    vpc_id = table.vpc;
    if (table.id == found.table.id) return found.association.id;
    remove_association(txn, call.scope, found);
    if (found.association.subnet.empty()) {
      VpcRecord vpc = TRY(kVpcs.get(txn, call.scope, table.vpc));
      vpc.main_route_table = table.id;
      kVpcs.put(txn, call.scope, vpc);
    }
    return add_association(txn, call.scope, table, found.association.subnet);
  }));
  call.settle_vpc(vpc_id);
  return ReplaceRouteTableAssociationOutput{.new_association_id = std::move(id),
                                            .association_state = RouteTableAssociationState{.state = "associated"}};
}

}  // namespace aerolith::ec2
