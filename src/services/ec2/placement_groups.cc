#include "services/ec2/placement_groups.h"

#include <fmt/format.h>

#include <algorithm>

#include "services/ec2/capacity.h"

namespace aerolith::ec2 {
namespace {

constexpr int32_t kMostSpread = 7;  // in a zone

bool runs(const InstanceRecord& instance) {
  return instance.state == LifeState::pending || instance.state == LifeState::running;
}

int32_t count_running(const std::vector<InstanceRecord>& members, const std::string& zone) {
  return static_cast<int32_t>(
      std::ranges::count_if(members, [&](const InstanceRecord& each) { return each.zone == zone && runs(each); }));
}

Result<> check_cluster(const PlacementGroupRecord& group, const std::vector<InstanceRecord>& members,
                       const std::string& zone) {
  const auto elsewhere =
      std::ranges::find_if(members, [&](const InstanceRecord& each) { return each.zone != zone && runs(each); });
  if (elsewhere == members.end()) return {};
  return errors::of(
      "InvalidPlacementGroup.InUse",
      fmt::format("The placement group '{}' is in use in another availability zone: {}", group.name, elsewhere->zone));
}

}  // namespace

std::string_view name_of(Strategy strategy) {
  switch (strategy) {
    case Strategy::cluster:
      return "cluster";
    case Strategy::spread:
      return "spread";
    case Strategy::partition:
      return "partition";
  }
  return "";
}

std::optional<Strategy> strategy_of(std::string_view name) {
  for (const Strategy each : {Strategy::cluster, Strategy::spread, Strategy::partition}) {
    if (name_of(each) == name) return each;
  }
  return std::nullopt;
}

std::vector<std::string> strategies_of(const TypeFacts& type) {
  if (type.is_burstable()) return {"partition", "spread"};
  return {"cluster", "partition", "spread"};
}

Result<std::optional<PlacementGroupRecord>> find_placement_group(metadata::ReadTransaction& txn, const Scope& scope,
                                                                 const std::optional<std::string>& name,
                                                                 const std::optional<std::string>& id) {
  const std::string by_name = name.value_or("");
  std::string wanted = id.value_or("");
  if (by_name.empty() && wanted.empty()) return std::optional<PlacementGroupRecord>();
  if (!by_name.empty() && !wanted.empty()) {
    return errors::invalid_combination("The parameters GroupName and GroupId may not be given together.");
  }
  if (!by_name.empty()) {
    const auto found = TRY(kNames.get(txn, {scope.account, scope.region, placement_group_key(by_name)}));
    if (!found) return errors::not_found(Kind::placement_group, by_name);
    wanted = found->owner;
  }
  return std::optional(TRY(kPlacementGroups.get(txn, scope, wanted)));
}

Result<std::vector<InstanceRecord>> instances_in(metadata::ReadTransaction& txn, const Scope& scope,
                                                 const PlacementGroupRecord& group) {
  auto all = TRY(kInstances.all(txn, scope));
  std::erase_if(all, [&](const InstanceRecord& each) {
    return each.placement_group != group.name || each.state == LifeState::terminated;
  });
  return all;
}

Result<Places> Places::find(metadata::ReadTransaction& txn, const Scope& scope, const PlacementGroupRecord& group,
                            const TypeFacts& type, const std::string& zone, std::optional<int32_t> partition) {
  if (partition && group.strategy != Strategy::partition) {
    return errors::invalid_combination(
        fmt::format("A partition number can be given for placement groups of the strategy 'partition' only; that of "
                    "'{}' is '{}'.",
                    group.name, name_of(group.strategy)));
  }
  const auto allowed = strategies_of(type);
  if (std::ranges::find(allowed, name_of(group.strategy)) == allowed.end()) {
    return errors::invalid_combination(
        fmt::format("Placement groups of the strategy '{}' may not be used with instances of type '{}'.",
                    name_of(group.strategy), type.name));
  }
  const auto members = TRY(instances_in(txn, scope, group));
  Places places;
  places.group_ = group.name;
  switch (group.strategy) {
    case Strategy::cluster:
      TRY(check_cluster(group, members, zone));
      break;
    case Strategy::spread:
      places.left_ = std::max(0, kMostSpread - count_running(members, zone));
      break;
    case Strategy::partition:
      if (partition && (*partition < 1 || *partition > group.partitions)) {
        return errors::invalid_value("PartitionNumber", std::to_string(*partition),
                                     fmt::format("Valid values are from 1 to {}.", group.partitions));
      }
      for (int32_t number = 1; number <= group.partitions; ++number) {
        if (partition && number != *partition) continue;
        places.partitions_[number] = static_cast<int>(std::ranges::count_if(
            members, [&](const InstanceRecord& each) { return each.zone == zone && each.partition == number; }));
      }
      break;
  }
  return places;
}

void Places::take(InstanceRecord& instance) {
  instance.placement_group = group_;
  instance.partition = 0;
  if (!group_.empty()) --left_;
  if (partitions_.empty()) return;
  const auto emptiest = std::ranges::min_element(partitions_, {}, [](const auto& entry) { return entry.second; });
  ++emptiest->second;
  instance.partition = emptiest->first;
}

Result<> check_may_start(metadata::ReadTransaction& txn, const Scope& scope, const InstanceRecord& instance) {
  if (instance.placement_group.empty()) return {};
  const auto group = TRY(find_placement_group(txn, scope, instance.placement_group, std::nullopt));
  if (!group || group->strategy == Strategy::partition) return {};
  const auto members = TRY(instances_in(txn, scope, *group));
  if (group->strategy == Strategy::cluster) return check_cluster(*group, members, instance.zone);
  if (count_running(members, instance.zone) < kMostSpread) return {};
  return insufficient_capacity(
      fmt::format("The spread placement group '{}' has {} running instances in {} already, and may have no more.",
                  group->name, kMostSpread, instance.zone));
}

}  // namespace aerolith::ec2
