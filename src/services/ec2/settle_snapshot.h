// Makes a snapshot's bytes what its record says, and removes those that no record, no image and no volume needs: the
// work behind a key of the snapshots' queue. Each step may be done again, by another process.
#pragma once

#include <string_view>

#include "reconcile/queue.h"
#include "services/ec2/cloud.h"

namespace aerolith::ec2 {

reconcile::Outcome settle_snapshot(const Cloud& cloud, const Clock& clock, std::string_view key);

}  // namespace aerolith::ec2
