#include "services/ec2/network_records.h"

#include <algorithm>

#include "services/ec2/peerings.h"
#include "services/ec2/prefix_lists.h"

namespace aerolith::ec2 {
namespace {

Result<> read_prefix_list(metadata::ReadTransaction& txn, const Cloud& cloud, const Scope& scope, const std::string& id,
                          NetworkRecords& records) {
  if (!id.starts_with("pl-") || records.prefix_lists.contains(id)) return {};
  std::vector<std::string>& cidrs = records.prefix_lists[id];
  const auto own = aws_prefix_lists(cloud, scope);
  const auto found = std::ranges::find(own, id, &PrefixListRecord::id);
  auto list = found != own.end() ? std::optional(*found) : TRY(kPrefixLists.find(txn, scope, id));
  if (!list) return {};
  for (const PrefixListEntryRecord& entry : list->entries) cidrs.push_back(entry.cidr);
  return {};
}

// A rule may name a group of another VPC, or of another account's.
Result<> read_peer_group(metadata::ReadTransaction& txn, const Scope& scope, const RuleRecord& rule,
                         NetworkRecords& records) {
  if (rule.group.empty() || records.peer_groups.contains(rule.group)) return {};
  const bool is_own =
      std::ranges::any_of(records.groups, [&](const GroupRecord& group) { return group.id == rule.group; });
  if (is_own) return {};
  std::vector<std::string>& addresses = records.peer_groups[rule.group];
  const Scope owner{.account = AccountId(rule.group_account), .region = scope.region};
  const auto group = TRY(kGroups.find(txn, owner, rule.group));
  // Of a peering that has ended a rule is stale: what has those addresses now is a stranger.
  const bool is_peered = group && std::ranges::any_of(records.peerings, [&](const PeeringRecord& peering) {
                           return other_side(peering, records.vpc.id).vpc == group->vpc;
                         });
  if (!is_peered) return {};
  for (const InterfaceRecord& interface : TRY(kInterfaces.in_vpc(txn, owner, group->vpc))) {
    if (std::ranges::find(interface.groups, group->id) == interface.groups.end()) continue;
    for (const PrivateAddressRecord& each : interface.addresses) addresses.push_back(each.address);
  }
  return {};
}

}  // namespace

Result<std::optional<NetworkRecords>> read_network(metadata::ReadTransaction& txn, const Cloud& cloud,
                                                   const Scope& scope, const std::string& vpc) {
  const auto found = TRY(kVpcs.find(txn, scope, vpc));
  if (!found) return std::optional<NetworkRecords>();
  NetworkRecords records{.vpc = *found};
  if (!records.vpc.dhcp_options.empty()) {
    if (auto dhcp = TRY(kDhcpOptions.find(txn, scope, records.vpc.dhcp_options))) records.dhcp = *std::move(dhcp);
  }
  records.subnets = TRY(kSubnets.in_vpc(txn, scope, vpc));
  records.internet_gateways = TRY(kInternetGateways.in_vpc(txn, scope, vpc));
  records.route_tables = TRY(kRouteTables.in_vpc(txn, scope, vpc));
  records.groups = TRY(kGroups.in_vpc(txn, scope, vpc));
  records.acls = TRY(kAcls.in_vpc(txn, scope, vpc));
  records.interfaces = TRY(kInterfaces.in_vpc(txn, scope, vpc));
  records.nat_gateways = TRY(kNatGateways.in_vpc(txn, scope, vpc));
  std::erase_if(records.nat_gateways, [](const NatGatewayRecord& each) { return each.deleted_at.has_value(); });
  records.flow_logs = TRY(flow_logs_of(txn, scope, vpc));
  records.endpoints = TRY(kEndpoints.in_vpc(txn, scope, vpc));
  records.peerings = TRY(peerings_of(txn, scope, vpc));
  std::erase_if(records.peerings, [](const PeeringRecord& each) { return each.status != "active"; });
  for (const GroupRecord& group : records.groups) {
    for (const RuleRecord& rule : group.rules) {
      TRY(read_prefix_list(txn, cloud, scope, rule.prefix_list, records));
      TRY(read_peer_group(txn, scope, rule, records));
    }
  }
  for (const RouteTableRecord& table : records.route_tables) {
    for (const RouteRecord& route : table.routes) {
      TRY(read_prefix_list(txn, cloud, scope, route.destination, records));
    }
  }
  return std::optional(std::move(records));
}

}  // namespace aerolith::ec2
