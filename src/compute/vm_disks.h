// Volumes of a virtual machine that come and go while it runs, over its control socket.
#pragma once

#include <string>
#include <vector>

#include "compute/driver.h"
#include "compute/encrypted_files.h"
#include "compute/qmp.h"

namespace aerolith::compute {

// The guest sees a new device on return. `chain`: look_at_chain's.
Result<> plug_disk(QmpClient& control, const Disk& disk, std::vector<ImageFile> chain);
// The same with one that others have too: `file` shows it to all of them (shared_disks.h).
Result<> plug_shared_disk(QmpClient& control, const Disk& disk, const std::string& file);
// put_files_behind, of a disk that was served: the snapshot's file is there.
Result<> put_file_behind_disk(QmpClient& control, std::string_view volume, const std::vector<ImageFile>& files);
// Its file is closed on return. By force, where the guest doesn't let go of the device: it keeps one that answers
// everything with an error, and with it its place, until it lets go or stops. Fine where it isn't there.
Result<> unplug_disk(QmpClient& control, const Disk& disk, Detach how);

// begin_copies, into files that QEMU's user can't open by itself: opened here, and given to it.
Result<> begin_disk_copies(QmpClient& control, std::vector<DiskCopy> copies, const SecretOf& secret_of);

}  // namespace aerolith::compute
