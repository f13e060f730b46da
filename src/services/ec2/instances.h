// Instances as several operations show and change them.
#pragma once

#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

#include "ec2/model/instance.h"
#include "services/ec2/call.h"
#include "services/ec2/instance_tables.h"
#include "services/ec2/instance_types.h"
#include "services/ec2/interfaces.h"
#include "services/ec2/network_tables.h"
#include "services/ec2/zones.h"

namespace aerolith::ec2 {

// Shows many instances: what they share is found once.
class InstanceViewer {
 public:
  // The transaction and the scope outlive it.
  InstanceViewer(metadata::ReadTransaction& txn, const Scope& scope);
  // Fills `to`, which is empty: an Instance has some kilobytes, too many to be moved about.
  Result<> show(const InstanceRecord& record, const TagMap& tags, Instance& to);

 private:
  Result<Placement> show_placement(const InstanceRecord& record);
  Result<> show_network(const InstanceRecord& record, Instance& to);
  Result<bool> names_public_addresses(const InterfaceRecord& record);
  Result<> show_interface(const InterfaceRecord& record, InstanceNetworkInterface& to);

  metadata::ReadTransaction& txn_;
  const Scope& scope_;
  const std::vector<Zone> zones_;
  GroupNames groups_;
  std::unordered_map<std::string, bool> has_public_names_;  // of VPCs
};

Result<Instance> shown(metadata::ReadTransaction& txn, const Scope& scope, const InstanceRecord& record,
                       const TagMap& tags);
InstanceState to_wire(LifeState state);
// "User initiated (2026-01-01 00:00:00 GMT)"
std::string user_initiated(Timestamp now);

// As many as the type has, or fewer; not given: as many. InvalidParameterValue.
Result<> check_cpus(const TypeFacts& type, std::optional<int32_t> cores, std::optional<int32_t> threads_per_core);

// A public address of the pool for the primary interface, where it has none.
Result<> give_own_address(metadata::Transaction& txn, const Cloud& cloud, const Scope& scope,
                          const InstanceRecord& instance);

}  // namespace aerolith::ec2
