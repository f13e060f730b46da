// Placement groups. All instances run on one host: what a group says of racks can't be so here. Its rules are kept:
// zones of a cluster, seven instances of a spread group in a zone, partitions and who is in which.
// https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/placement-groups.html
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "services/ec2/instance_tables.h"
#include "services/ec2/instance_types.h"
#include "services/ec2/resources.h"

namespace aerolith::ec2 {

// Values are stored: they never change.
enum class Strategy : uint8_t { cluster = 0, spread = 1, partition = 2 };
std::string_view name_of(Strategy strategy);
std::optional<Strategy> strategy_of(std::string_view name);
// Those that instances of a type may be placed by.
std::vector<std::string> strategies_of(const TypeFacts& type);

struct PlacementGroupRecord {
  static constexpr uint32_t kVersion = 1;
  std::string id;
  std::string name;
  Strategy strategy = Strategy::cluster;
  int32_t partitions = 0;  // in each zone
};
template <class Archive>
void fields(Archive& archive, PlacementGroupRecord& r) {
  archive(r.id, r.name, r.strategy, r.partitions);
}
inline const Resources<PlacementGroupRecord> kPlacementGroups{Kind::placement_group, "ec2.placement_group"};

// Of kNames.
inline std::string placement_group_key(const std::string& name) { return "placement-group/" + name; }
// Nullopt: neither is given. InvalidPlacementGroup.Unknown; both are InvalidParameterCombination.
Result<std::optional<PlacementGroupRecord>> find_placement_group(metadata::ReadTransaction& txn, const Scope& scope,
                                                                 const std::optional<std::string>& name,
                                                                 const std::optional<std::string>& id);
// Those that aren't terminated.
Result<std::vector<InstanceRecord>> instances_in(metadata::ReadTransaction& txn, const Scope& scope,
                                                 const PlacementGroupRecord& group);

// A group's places in one zone, for instances that are launched into it.
class Places {
 public:
  // Of no group: as many as are wanted.
  Places() = default;
  // What the group can't have is refused: InvalidPlacementGroup.InUse of a cluster in another zone,
  // InvalidParameterCombination of a type that it doesn't place, InvalidParameterValue of a partition that isn't there.
  static Result<Places> find(metadata::ReadTransaction& txn, const Scope& scope, const PlacementGroupRecord& group,
                             const TypeFacts& type, const std::string& zone, std::optional<int32_t> partition);

  // How many more may run.
  int32_t left() const { return left_; }
  // Gives the instance its place: the partition with the fewest, where none is asked for.
  void take(InstanceRecord& instance);

 private:
  std::string group_;
  int32_t left_ = INT32_MAX;
  std::map<int32_t, int> partitions_;  // that it may come into, and how many each has
};

// InsufficientInstanceCapacity where as many of its spread group run in its zone as may.
Result<> check_may_start(metadata::ReadTransaction& txn, const Scope& scope, const InstanceRecord& instance);

}  // namespace aerolith::ec2
