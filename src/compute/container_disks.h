// Volumes of a container beside its root: block devices that come and go while it runs.
#pragma once

#include "compute/driver.h"
#include "compute/instance_folder.h"

namespace aerolith::compute {

// As a device node of the container: by the API's name, and by the link that a virtual machine has.
Result<> show_disk(const InstanceFolder& folder, pid_t init, const Disk& disk, const DriverSettings& settings);
// Its file is closed on return. In order: an error while somebody in the container has it open; by force: what they do
// with it from now on fails. Fine where it isn't there.
Result<> hide_disk(const InstanceFolder& folder, pid_t init, const Disk& disk, Detach how);

}  // namespace aerolith::compute
