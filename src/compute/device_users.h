// Who in a container has a block device, under whatever name.
#pragma once

#include <sys/types.h>

#include <vector>

#include "compute/driver.h"
#include "os/process.h"

namespace aerolith::compute {

// Processes of its, which are in the namespace of `init`, that have it open or mapped.
std::vector<os::ProcessIdentity> users_of_device(pid_t init, dev_t device);

// Takes every node of it out of the container's /dev, also those that the guest has given other names: it can make
// none itself, and elsewhere none is a device.
Result<> remove_device_nodes(pid_t init, dev_t device);

}  // namespace aerolith::compute
