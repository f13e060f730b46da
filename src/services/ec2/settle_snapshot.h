// Removes a snapshot that no image names and no volume was made of: the work behind a key of the snapshots' queue.
#pragma once

#include <string_view>

#include "reconcile/queue.h"
#include "services/ec2/cloud.h"

namespace aerolith::ec2 {

reconcile::Outcome settle_snapshot(const Cloud& cloud, std::string_view key);

}  // namespace aerolith::ec2
