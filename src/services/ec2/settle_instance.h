// Makes an instance what the record says, a step at a time: the work behind a key of the instances' queue. Each step
// may be the last of this process: the next one finds by the record and by what the host has where to go on.
#pragma once

#include <string_view>

#include "base/time.h"
#include "network/fabric.h"
#include "reconcile/queue.h"
#include "services/ec2/cloud.h"
#include "services/ec2/turns.h"

namespace aerolith::ec2 {

struct InstanceTools {
  const Cloud& cloud;
  network::Fabric& fabric;
  const Clock& clock;
  Turns& turns;  // of VPCs
};

reconcile::Outcome settle_instance(const InstanceTools& tools, std::string_view key);

}  // namespace aerolith::ec2
