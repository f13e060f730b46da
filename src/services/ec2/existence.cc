#include "services/ec2/existence.h"

#include <fmt/format.h>

#include "services/ec2/cidr_reservations.h"
#include "services/ec2/flow_logs.h"
#include "services/ec2/import_tables.h"
#include "services/ec2/instance_tables.h"
#include "services/ec2/launch_plan.h"
#include "services/ec2/network_tables.h"
#include "services/ec2/placement_groups.h"
#include "services/ec2/recycle_bin.h"
#include "services/ec2/root_replacement.h"
#include "services/ec2/snapshots.h"

namespace aerolith::ec2 {
namespace {

template <typename Table>
Result<> require_in(metadata::ReadTransaction& txn, const Scope& scope, const Table& table, const std::string& id) {
  TRY(table.get(txn, scope, id));
  return {};
}

}  // namespace

Result<> require_existing(metadata::ReadTransaction& txn, const Scope& scope, const std::string& id) {
  const auto kind = kind_of_id(id);
  if (!kind || !is_well_formed(*kind, id)) return errors::of("InvalidID", fmt::format("The ID '{}' is not valid", id));
  // Its tags may change there.
  if (TRY(is_in_bin(txn, scope, id))) return {};
  switch (*kind) {
    case Kind::vpc:
      return require_in(txn, scope, kVpcs, id);
    case Kind::subnet:
      return require_in(txn, scope, kSubnets, id);
    case Kind::internet_gateway:
      return require_in(txn, scope, kInternetGateways, id);
    case Kind::route_table:
      return require_in(txn, scope, kRouteTables, id);
    case Kind::security_group:
      return require_in(txn, scope, kGroups, id);
    case Kind::network_acl:
      return require_in(txn, scope, kAcls, id);
    case Kind::network_interface:
      return require_in(txn, scope, kInterfaces, id);
    case Kind::elastic_ip:
      return require_in(txn, scope, kElasticIps, id);
    case Kind::nat_gateway:
      return require_in(txn, scope, kNatGateways, id);
    case Kind::peering:
      return require_in(txn, scope, kPeerings, id);
    case Kind::endpoint:
      return require_in(txn, scope, kEndpoints, id);
    case Kind::prefix_list:
      return require_in(txn, scope, kPrefixLists, id);
    case Kind::dhcp_options:
      return require_in(txn, scope, kDhcpOptions, id);
    case Kind::key_pair:
      return require_in(txn, scope, kKeyPairs, id);
    case Kind::security_group_rule:
      if (!TRY(owner_of_part(txn, scope, id))) return errors::not_found(*kind, id);
      return {};
    case Kind::image:
      // Another account's tags on it are its own matter.
      if (!may_launch(scope, TRY(kImages.get(txn, image_scope(scope), id)))) return errors::not_found(*kind, id);
      return {};
    case Kind::launch_template:
      return require_in(txn, scope, kLaunchTemplates, id);
    case Kind::instance:
      return require_in(txn, scope, kInstances, id);
    case Kind::volume:
      return require_in(txn, scope, kVolumes, id);
    case Kind::flow_log:
      return require_in(txn, scope, kFlowLogs, id);
    case Kind::import_image_task:
    case Kind::import_snapshot_task:
      return require_in(txn, scope, imports_of(id), id);
    case Kind::placement_group:
      return require_in(txn, scope, kPlacementGroups, id);
    case Kind::root_replacement:
      return require_in(txn, scope, kRootReplacements, id);
    case Kind::subnet_cidr_reservation:
      return require_in(txn, scope, kCidrReservations, id);
    case Kind::snapshot:
      TRY(get_own_snapshot(txn, scope, id));
      return {};
  }
  return errors::not_found(*kind, id);
}

}  // namespace aerolith::ec2
