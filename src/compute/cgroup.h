// What a container's control group uses, whichever of the kernel's layouts the host has: v1 (a folder for each
// controller), v2 or both.
#pragma once

#include <string>

#include "compute/driver.h"
#include "os/process.h"

namespace aerolith::compute {

// The named hierarchy in which systemd keeps its units on hosts with v1, "/sys/fs/cgroup/systemd"; empty where the host
// has v2 alone; `unavailable` where it has v1 without that hierarchy, so that no systemd can run.
Result<std::string> find_systemd_hierarchy();

// Zeros where it isn't there. `cgroup`: as in OciSettings.
os::ProcessUse use_of_cgroup(const std::string& cgroup);

// What a killed runtime left of it, with the processes in it, and the parent's folders where they are empty now.
void remove_cgroup(const std::string& cgroup);

}  // namespace aerolith::compute
