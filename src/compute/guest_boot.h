// What a virtual machine boots beside its disk: a kernel, and a first file system that mounts /dev/vda and goes on
// there.
#pragma once

#include <string>
#include <vector>

#include "compute/driver.h"
#include "compute/guest_kernel.h"

namespace aerolith::compute {

struct GuestBoot {
  std::string kernel;
  std::string initramfs;
};

// Writes both into `folder`, which is there: vmlinuz and initramfs. Each is whole under its name, or not there.
Result<GuestBoot> make_guest_boot(const GuestKernel& kernel, const std::string& folder);

// The shared libraries of a program and its loader, by the paths that it asks for; none of a static one.
std::vector<std::string> libraries_of(const std::string& program);

}  // namespace aerolith::compute
