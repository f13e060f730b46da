// Volumes that come to an instance while it runs, leave it, or are modified: a part of the instances' work.
#pragma once

#include <optional>

#include "services/ec2/instance_tables.h"
#include "services/ec2/settle_instance.h"
#include "services/ec2/settle_network.h"

namespace aerolith::ec2 {

// Of one that runs. Nullopt: there was nothing to do.
std::optional<reconcile::Outcome> settle_disks(const InstanceTools& tools, const Key& key, compute::Driver& driver,
                                               const InstanceRecord& instance);
// Of one that is stopped: nobody has its volumes open.
std::optional<reconcile::Outcome> settle_disks_at_rest(const InstanceTools& tools, const Key& key,
                                                       const InstanceRecord& instance);

}  // namespace aerolith::ec2
