// A kernel for guests that boot directly, with the modules that they need before they have a root volume.
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "os/file_system.h"

namespace aerolith::compute {

struct GuestKernel {
  std::string file;                                          // bzImage
  std::string modules_folder;                                // …/lib/modules/<release>
  std::vector<std::pair<std::string, std::string>> modules;  // file name and content, in the order of loading
};

// Takes a kernel package that lies unpacked in `folder` (boot/ and lib/modules/ under a folder of its name), else the
// host's own (/boot, /lib/modules), else, where it may, has apt download Debian's cloud kernel there: the one step that
// needs a network.
os::Result<GuestKernel> find_guest_kernel(const std::string& folder, bool may_download);

// Writes the vmlinux that a bzImage unpacks when it starts, which is slow on an emulated processor; QEMU boots it as it
// is. False, and perhaps a file of no use, where it has no PVH entry or its packer's program isn't here.
bool unpack_kernel(std::string_view image, const std::string& to);
// A module without the signature at its end: checking one takes an emulated processor longer than all else about it,
// and nobody else can put modules beside these.
std::string_view without_signature(std::string_view module);

}  // namespace aerolith::compute
