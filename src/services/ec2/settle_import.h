// Takes disks in from S3 and makes snapshots and images of them: the work behind a key of the imports' queue. A task
// gets on by small steps, so that others have their turn and one that is cancelled ends soon; only the bytes of a
// snapshot are made in one go. What is received and converted lies in files that no restart of the server outlives
// (blocks/disk_imports.h): then it is done again, but for disks that are snapshots already.
#pragma once

#include <atomic>
#include <string_view>

#include "reconcile/queue.h"
#include "services/ec2/cloud.h"

namespace aerolith::ec2 {

struct ImportTools {
  const Cloud& cloud;
  const Clock& clock;
  const std::atomic<bool>& is_ending;  // the service is: what takes long leaves off
};

reconcile::Outcome settle_import(const ImportTools& tools, std::string_view key);

}  // namespace aerolith::ec2
