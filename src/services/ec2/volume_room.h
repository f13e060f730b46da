// Whether the host has room for one more volume.
#pragma once

#include "services/ec2/cloud.h"
#include "services/ec2/errors.h"

namespace aerolith::ec2 {

// Unsupported where there are no volumes at all, InsufficientVolumeCapacity where hardly anything is left of the disk.
Result<> check_room_for_volumes(const Cloud& cloud);

}  // namespace aerolith::ec2
