#include "services/ec2/routes.h"

#include <fmt/format.h>

#include "ec2/operations/create_route.h"
#include "ec2/operations/delete_route.h"
#include "ec2/operations/replace_route.h"
#include "services/ec2/cidr.h"
#include "services/ec2/describe.h"
#include "services/ec2/network_tables.h"
#include "services/ec2/operations/operations.h"
#include "services/ec2/prefix_lists.h"

namespace aerolith::ec2 {
namespace {

constexpr size_t kMaxRoutes = 500;

// One of three kinds of destination; CreateRoute, ReplaceRoute and DeleteRoute say it alike.
template <typename Input>
Result<std::string> read_destination(metadata::ReadTransaction& txn, const Call& call, const Input& input) {
  const int given = int{input.destination_cidr_block.has_value()} + int{input.destination_ipv6_cidr_block.has_value()} +
                    int{input.destination_prefix_list_id.has_value()};
  if (given == 0) return errors::missing_parameter("destinationCidrBlock");
  if (given > 1) return errors::invalid_combination("Exactly one kind of destination must be given.");
  if (input.destination_ipv6_cidr_block) return errors::unsupported("VPCs have IPv4 blocks only.");
  if (input.destination_prefix_list_id) {
    return TRY(get_prefix_list(txn, call.cloud, call.scope, *input.destination_prefix_list_id)).id;
  }
  const auto cidr = parse_cidr(*input.destination_cidr_block);
  if (!cidr) {
    return errors::invalid_value("destinationCidrBlock", *input.destination_cidr_block,
                                 "This is not a valid CIDR block.");
  }
  return cidr->text();
}

Result<RouteRecord> to_gateway(metadata::ReadTransaction& txn, const Scope& scope, const RouteTableRecord& table,
                               const std::string& id) {
  if (id.starts_with("vgw-")) return errors::unsupported("There are no virtual private gateways.");
  const auto gateway = TRY(kInternetGateways.find(txn, scope, id));
  if (!gateway) return errors::of("InvalidGatewayID.NotFound", fmt::format("The gateway ID '{}' does not exist", id));
  if (gateway->vpc != table.vpc) {
    return errors::invalid_parameter(
        fmt::format("route table {} and network gateway {} belong to different networks", table.id, id));
  }
  return RouteRecord{.kind = TargetKind::internet_gateway, .target = id};
}

Result<RouteRecord> to_instance(metadata::ReadTransaction& txn, const Scope& scope, const RouteTableRecord& table,
                                const std::string& id) {
  std::vector<std::string> attached;
  for (const InterfaceRecord& interface : TRY(kInterfaces.in_vpc(txn, scope, table.vpc))) {
    if (interface.attachment && interface.attachment->instance == id) attached.push_back(interface.id);
  }
  if (attached.empty()) return errors::not_found(Kind::instance, id);
  if (attached.size() > 1) {
    return errors::of("InvalidInstanceID", "There are multiple interfaces attached to instance '" + id +
                                               "'. Please specify an interface ID for the operation instead.");
  }
  return RouteRecord{.kind = TargetKind::interface, .target = attached.front()};
}

template <typename Input>
Result<RouteRecord> read_target(metadata::ReadTransaction& txn, const Scope& scope, const RouteTableRecord& table,
                                const Input& input) {
  const int given = int{input.gateway_id.has_value()} + int{input.nat_gateway_id.has_value()} +
                    int{input.network_interface_id.has_value()} + int{input.vpc_peering_connection_id.has_value()} +
                    int{input.instance_id.has_value()} + int{input.vpc_endpoint_id.has_value()};
  if (given > 1) return errors::invalid_combination("A route has exactly one target.");
  if (input.gateway_id) return to_gateway(txn, scope, table, *input.gateway_id);
  if (input.nat_gateway_id) {
    const auto gateway = TRY(kNatGateways.get(txn, scope, *input.nat_gateway_id));
    if (gateway.deleted_at) return errors::not_found(Kind::nat_gateway, gateway.id);
    return RouteRecord{.kind = TargetKind::nat_gateway, .target = gateway.id};
  }
  if (input.vpc_peering_connection_id) {
    const auto peering = TRY(kPeerings.get(txn, scope, *input.vpc_peering_connection_id));
    if (peering.requester.vpc != table.vpc && peering.accepter.vpc != table.vpc) {
      return errors::invalid_parameter(
          fmt::format("route table {} and interface {} belong to different networks", table.id, peering.id));
    }
    return RouteRecord{.kind = TargetKind::peering, .target = peering.id};
  }
  if (input.network_interface_id) {
    const auto interface = TRY(kInterfaces.get(txn, scope, *input.network_interface_id));
    if (interface.vpc != table.vpc) {
      return errors::invalid_parameter(
          fmt::format("route table {} and interface {} belong to different networks", table.id, interface.id));
    }
    return RouteRecord{.kind = TargetKind::interface, .target = interface.id};
  }
  if (input.instance_id) return to_instance(txn, scope, table, *input.instance_id);
  if (input.vpc_endpoint_id) {
    return errors::of("RouteNotSupported",
                      fmt::format("Route table contains unsupported route target: {}. VPC Endpoints of this type "
                                  "cannot be used as route targets.",
                                  *input.vpc_endpoint_id));
  }
  const bool is_unbuilt = input.transit_gateway_id || input.local_gateway_id || input.carrier_gateway_id ||
                          input.core_network_arn || input.egress_only_internet_gateway_id || input.odb_network_arn;
  if (is_unbuilt) return errors::unsupported("Routes lead to gateways, peerings and interfaces only.");
  return errors::of("MissingParameter",
                    "The request must contain exactly one of gatewayId, natGatewayId, "
                    "networkInterfaceId, vpcPeeringConnectionId or instanceId.");
}

Result<bool> is_local(metadata::ReadTransaction& txn, const Scope& scope, const RouteTableRecord& table,
                      const std::string& destination) {
  const auto cidr = parse_cidr(destination);
  if (!cidr) return false;
  for (const CidrAssociation& each : TRY(kVpcs.get(txn, scope, table.vpc)).cidrs) {
    if (parse_cidr(each.cidr)->contains(*cidr) && *parse_cidr(each.cidr) == *cidr) return true;
  }
  return false;
}

auto find_route(RouteTableRecord& table, const std::string& destination) {
  return std::ranges::find(table.routes, destination, &RouteRecord::destination);
}

std::unexpected<CallError> no_route(const RouteTableRecord& table, const std::string& destination) {
  return errors::of("InvalidRoute.NotFound",
                    fmt::format("no route with destination-cidr-block {} in route table {}", destination, table.id));
}

}  // namespace

Result<CreateRouteOutput> create_route(Call& call, const CreateRouteInput& input) {
  auto vpc = TRY(call.write([&](metadata::Transaction& txn) -> Result<std::string> {
    auto table = TRY(kRouteTables.get(txn, call.scope, input.route_table_id));
    const std::string destination = TRY(read_destination(txn, call, input));
    RouteRecord route = TRY(read_target(txn, call.scope, table, input));
    route.destination = destination;
    const auto found = find_route(table, destination);
    if (TRY(is_local(txn, call.scope, table, destination))) {
      return errors::of("RouteAlreadyExists", fmt::format("The route identified by {} already exists.", destination));
    }
    if (found != table.routes.end()) {
      // The very same again is fine.
      if (found->kind == route.kind && found->target == route.target) return table.vpc;
      return errors::of("RouteAlreadyExists", fmt::format("The route identified by {} already exists.", destination));
    }
    if (table.routes.size() >= kMaxRoutes) {
      return errors::of("RouteLimitExceeded", "The maximum number of routes has been reached.");
    }
    table.routes.push_back(std::move(route));
    kRouteTables.put(txn, call.scope, table);
    return table.vpc;
  }));
  call.settle_vpc(vpc);
  return CreateRouteOutput{.return_ = true};
}

Result<NoOutput> replace_route(Call& call, const ReplaceRouteInput& input) {
  if (input.local_target.value_or(false)) return errors::unsupported("Local routes can't be replaced.");
  auto vpc = TRY(call.write([&](metadata::Transaction& txn) -> Result<std::string> {
    auto table = TRY(kRouteTables.get(txn, call.scope, input.route_table_id));
    const std::string destination = TRY(read_destination(txn, call, input));
    RouteRecord route = TRY(read_target(txn, call.scope, table, input));
    route.destination = destination;
    const auto found = find_route(table, destination);
    if (found == table.routes.end()) {
      return errors::invalid_parameter(
          fmt::format("There is no route defined for '{}' in the route table. Use CreateRoute instead.", destination));
    }
    *found = std::move(route);
    kRouteTables.put(txn, call.scope, table);
    return table.vpc;
  }));
  call.settle_vpc(vpc);
  return NoOutput{};
}

Result<NoOutput> delete_route(Call& call, const DeleteRouteInput& input) {
  auto vpc = TRY(call.write([&](metadata::Transaction& txn) -> Result<std::string> {
    auto table = TRY(kRouteTables.get(txn, call.scope, input.route_table_id));
    const std::string destination = TRY(read_destination(txn, call, input));
    if (TRY(is_local(txn, call.scope, table, destination))) {
      return errors::invalid_parameter(
          fmt::format("cannot remove local route {} in route table {}", destination, table.id));
    }
    const auto found = find_route(table, destination);
    if (found == table.routes.end()) return no_route(table, destination);
    if (found->kind == TargetKind::endpoint) {
      return errors::invalid_parameter(
          fmt::format("cannot remove VPC endpoint route {} in route table {}", destination, table.id));
    }
    table.routes.erase(found);
    kRouteTables.put(txn, call.scope, table);
    return table.vpc;
  }));
  call.settle_vpc(vpc);
  return NoOutput{};
}

}  // namespace aerolith::ec2
