// Network interfaces that are attached to an instance, or detached, while it runs: a step of settle_instance.
#pragma once

#include <optional>

#include "reconcile/queue.h"
#include "services/ec2/instance_tables.h"
#include "services/ec2/settle_instance.h"
#include "services/ec2/settle_network.h"

namespace aerolith::ec2 {

// Nothing: there was nothing to do. Each step may be the last of this process: the records say what is left.
std::optional<reconcile::Outcome> settle_ports(const InstanceTools& tools, const Key& key, compute::Driver& driver,
                                               const InstanceRecord& instance);

}  // namespace aerolith::ec2
