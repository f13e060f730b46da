#include "services/ec2/placement_groups.h"

#include <fmt/format.h>

#include <array>

#include "ec2/operations/create_placement_group.h"
#include "ec2/operations/delete_placement_group.h"
#include "ec2/operations/describe_placement_groups.h"
#include "services/ec2/describe.h"
#include "services/ec2/operations/operations.h"
#include "services/ec2/tags.h"

namespace aerolith::ec2 {
namespace {

constexpr int32_t kMostPartitions = 7;
constexpr int32_t kUsualPartitions = 2;

PlacementGroup to_wire(const Scope& scope, const PlacementGroupRecord& record, const TagMap& tags) {
  PlacementGroup shown{.group_name = record.name,
                       .state = "available",
                       .strategy = std::string(name_of(record.strategy)),
                       .group_id = record.id,
                       .tags = wire_tags(tags),
                       .group_arn = make_arn(scope, Kind::placement_group, record.name)};
  if (record.strategy == Strategy::partition) shown.partition_count = record.partitions;
  if (record.strategy == Strategy::spread) shown.spread_level = "rack";
  return shown;
}

using PlacementGroupFilter = FilterDefinition<PlacementGroupRecord>;
constexpr std::array kPlacementGroupFilters{
    PlacementGroupFilter{
        "group-name", [](const Lookup&, const PlacementGroupRecord& r) -> Result<Strings> { return Strings{r.name}; }},
    PlacementGroupFilter{"group-arn",
                         [](const Lookup& lookup, const PlacementGroupRecord& r) -> Result<Strings> {
                           return Strings{make_arn(lookup.scope, Kind::placement_group, r.name)};
                         }},
    PlacementGroupFilter{"spread-level",
                         [](const Lookup&, const PlacementGroupRecord& r) -> Result<Strings> {
                           return r.strategy == Strategy::spread ? Strings{"rack"} : Strings();
                         }},
    PlacementGroupFilter{
        "state", [](const Lookup&, const PlacementGroupRecord&) -> Result<Strings> { return Strings{"available"}; }},
    PlacementGroupFilter{"strategy",
                         [](const Lookup&, const PlacementGroupRecord& r) -> Result<Strings> {
                           return Strings{std::string(name_of(r.strategy))};
                         }},
};

Result<int32_t> read_partitions(const CreatePlacementGroupInput& input, Strategy strategy) {
  if (strategy != Strategy::partition) {
    if (!input.partition_count) return 0;
    return errors::invalid_combination("PartitionCount can be given for the strategy 'partition' only.");
  }
  const int32_t count = input.partition_count.value_or(kUsualPartitions);
  if (count >= 1 && count <= kMostPartitions) return count;
  return errors::invalid_value("PartitionCount", std::to_string(count), "Valid values are from 1 to 7.");
}

Result<PlacementGroupRecord> read_group(const CreatePlacementGroupInput& input) {
  const std::string name = input.group_name.value_or("");
  if (name.empty()) return errors::missing_parameter("GroupName");
  if (name.size() > 255) {
    return errors::invalid_value("GroupName", name, "The name must be no longer than 255 ASCII characters.");
  }
  if (input.strategy == "precision-time" || input.linked_group_id || input.parent_group_id || input.operator_) {
    return errors::unsupported(
        "Placement groups have the strategies cluster, spread and partition, and no others of "
        "them that they are linked to.");
  }
  const auto strategy = strategy_of(input.strategy.value_or("cluster"));
  if (!strategy) return errors::invalid_value("Strategy", *input.strategy, "Valid values: cluster, spread, partition.");
  if (input.spread_level == "host") return errors::unsupported("There are no Outposts, which spread by hosts.");
  if (input.spread_level && *strategy != Strategy::spread) {
    return errors::invalid_combination("SpreadLevel can be given for the strategy 'spread' only.");
  }
  return PlacementGroupRecord{
      .name = name, .strategy = *strategy, .partitions = TRY(read_partitions(input, *strategy))};
}

}  // namespace

Result<CreatePlacementGroupOutput> create_placement_group(Call& call, const CreatePlacementGroupInput& input) {
  const PlacementGroupRecord asked = TRY(read_group(input));
  const TagMap tags = TRY(tags_to_make(input.tag_specifications, Kind::placement_group));
  const auto made = TRY(call.write([&](metadata::Transaction& txn) -> Result<PlacementGroupRecord> {
    const std::string key = placement_group_key(asked.name);
    if (TRY(kNames.get(txn, {call.scope.account, call.scope.region, key}))) {
      return errors::of("InvalidPlacementGroup.Duplicate",
                        fmt::format("The Placement Group '{}' already exists.", asked.name));
    }
    PlacementGroupRecord record = asked;
    record.id = make_id(Kind::placement_group);
    kPlacementGroups.put(txn, call.scope, record);
    kNames.put(txn, {call.scope.account, call.scope.region, key}, {.owner = record.id});
    put_tags(txn, call.scope, record.id, tags);
    return record;
  }));
  return CreatePlacementGroupOutput{.placement_group = to_wire(call.scope, made, tags)};
}

Result<DescribePlacementGroupsOutput> describe_placement_groups(Call& call, const DescribePlacementGroupsInput& input) {
  const auto txn = call.read();
  auto ids = input.group_ids;
  for (const std::string& name : input.group_names.value_or(Strings())) {
    const auto found = TRY(find_placement_group(*txn, call.scope, name, std::nullopt));
    if (!found) return errors::not_found(Kind::placement_group, name);
    if (!ids) ids.emplace();
    ids->push_back(found->id);
  }
  const auto page = TRY(describe<PlacementGroupRecord>(*txn, call.scope, kPlacementGroups, kPlacementGroupFilters,
                                                       {ids, input.filters, std::nullopt, std::nullopt}));
  DescribePlacementGroupsOutput output{.placement_groups = std::vector<PlacementGroup>()};
  for (const auto& [record, tags] : page.items) output.placement_groups->push_back(to_wire(call.scope, record, tags));
  return output;
}

Result<NoOutput> delete_placement_group(Call& call, const DeletePlacementGroupInput& input) {
  return call.write([&](metadata::Transaction& txn) -> Result<NoOutput> {
    const auto group = TRY(find_placement_group(txn, call.scope, input.group_name, std::nullopt));
    if (!group) return errors::missing_parameter("GroupName");
    if (!TRY(instances_in(txn, call.scope, *group)).empty()) {
      return errors::of("InvalidPlacementGroup.InUse",
                        fmt::format("The placement group '{}' is in use and may not be deleted.", group->name));
    }
    kNames.erase(txn, {call.scope.account, call.scope.region, placement_group_key(group->name)});
    kPlacementGroups.erase(txn, call.scope, *group);
    return NoOutput{};
  });
}

}  // namespace aerolith::ec2
