// Instances as several operations show and change them.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "ec2/model/instance.h"
#include "services/ec2/call.h"
#include "services/ec2/instance_tables.h"
#include "services/ec2/instance_types.h"
#include "services/ec2/network_tables.h"

namespace aerolith::ec2 {

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
