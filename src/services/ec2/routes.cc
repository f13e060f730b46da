#include "services/ec2/routes.h"

#include <utility>

namespace aerolith::ec2 {
namespace {

Result<bool> leads_somewhere(metadata::ReadTransaction& txn, const Scope& scope, const std::string& vpc,
                             const RouteRecord& route) {
  switch (route.kind) {
    case TargetKind::local:
      return true;
    case TargetKind::internet_gateway: {
      const auto gateway = TRY(kInternetGateways.find(txn, scope, route.target));
      return gateway && gateway->vpc == vpc;
    }
    case TargetKind::nat_gateway: {
      const auto gateway = TRY(kNatGateways.find(txn, scope, route.target));
      return gateway && !gateway->deleted_at;
    }
    case TargetKind::peering: {
      const auto peering = TRY(kPeerings.find(txn, scope, route.target));
      return peering && peering->status == "active";
    }
    case TargetKind::interface: {
      const auto interface = TRY(kInterfaces.find(txn, scope, route.target));
      return interface && interface->attachment;
    }
    case TargetKind::endpoint:
      return TRY(kEndpoints.find(txn, scope, route.target)).has_value();
  }
  std::unreachable();
}

}  // namespace

Result<std::string> route_state(metadata::ReadTransaction& txn, const Scope& scope, const std::string& vpc,
                                const RouteRecord& route) {
  return TRY(leads_somewhere(txn, scope, vpc, route)) ? "active" : "blackhole";
}

Result<Route> shown_route(metadata::ReadTransaction& txn, const Scope& scope, const std::string& vpc,
                          const RouteRecord& route) {
  Route result{.origin = "CreateRoute", .state = TRY(route_state(txn, scope, vpc, route))};
  if (route.destination.starts_with("pl-")) {
    result.destination_prefix_list_id = route.destination;
  } else {
    result.destination_cidr_block = route.destination;
  }
  switch (route.kind) {
    case TargetKind::local:
      result.gateway_id = "local";
      break;
    case TargetKind::internet_gateway:
    case TargetKind::endpoint:
      result.gateway_id = route.target;
      break;
    case TargetKind::nat_gateway:
      result.nat_gateway_id = route.target;
      break;
    case TargetKind::peering:
      result.vpc_peering_connection_id = route.target;
      break;
    case TargetKind::interface: {
      result.network_interface_id = route.target;
      const auto interface = TRY(kInterfaces.find(txn, scope, route.target));
      if (interface && interface->attachment && !interface->attachment->instance.empty()) {
        result.instance_id = interface->attachment->instance;
        result.instance_owner_id = scope.account.str();
      }
      break;
    }
  }
  return result;
}

}  // namespace aerolith::ec2
