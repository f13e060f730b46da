// What an instance gives back when it stops and when it ends. Each may be done again.
#pragma once

#include "services/ec2/cloud.h"
#include "services/ec2/instance_spec.h"
#include "services/ec2/instance_tables.h"

namespace aerolith::ec2 {

// The public address that isn't an Elastic IP.
Result<> release_own_address(const Cloud& cloud, const Scope& scope, const InstanceRecord& instance);
// Interfaces that end with it are removed, others are free again.
Result<> leave_network(const Cloud& cloud, const Scope& scope, const InstanceRecord& instance);
// The same with volumes: into the Recycle Bin where a rule says so, else files first, then records.
aerolith::Result<void, LaunchFailure> remove_volumes(const Cloud& cloud, const Scope& scope,
                                                     const InstanceRecord& instance, Timestamp now);

}  // namespace aerolith::ec2
