// Loop devices: a file as a block device.
#pragma once

#include <string>

#include "compute/driver.h"
#include "compute/root_partition.h"

namespace aerolith::compute {

// `extent` of the file -> "/dev/loop7". The device lets go of the file by itself when it isn't open or mounted any
// more, so keep `holder` (close-on-exec, the caller's to close) until it is; with `stays` it lasts until
// detach_loops().
struct LoopDevice {
  std::string path;
  int holder = -1;
};
Result<LoopDevice> attach_loop(const std::string& file, const Extent& extent, bool stays);

// Those whose file lies in `folder`, or is it.
Result<> detach_loops(const std::string& folder);

}  // namespace aerolith::compute
