// Volumes of a virtual machine that come and go while it runs, over its control socket.
#pragma once

#include <vector>

#include "compute/driver.h"
#include "compute/qmp.h"

namespace aerolith::compute {

// The guest sees a new device on return.
Result<> plug_disk(QmpClient& control, const Disk& disk, const SecretOf& secret_of);
// Its file is closed on return. By force, where the guest doesn't let go of the device: it keeps one that answers
// everything with an error, and with it its place, until it lets go or stops. Fine where it isn't there.
Result<> unplug_disk(QmpClient& control, const Disk& disk, Detach how);

// begin_copies, into files that QEMU's user can't open by itself: opened here, and given to it.
Result<> begin_disk_copies(QmpClient& control, std::vector<DiskCopy> copies, const SecretOf& secret_of);

}  // namespace aerolith::compute
