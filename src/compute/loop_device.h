// Loop devices: a file as a block device.
#pragma once

#include <chrono>
#include <string>
#include <vector>

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

// "loop7" of those whose file lies in `folder`, or is it.
std::vector<std::string> loops_over(const std::string& folder);
// Those that loops_over() names. One that is in use goes with its last user.
Result<> detach_loops(const std::string& folder);
// False where one of them is still there after `patience`.
bool wait_until_unlooped(const std::string& file, std::chrono::milliseconds patience);
// They become as large as their file is now.
Result<> refresh_loops(const std::string& file);

}  // namespace aerolith::compute
