// The root file system of a container: its root volume's, mounted on the host without its devices.
#pragma once

#include <string>

#include "compute/driver.h"

namespace aerolith::compute {

// `device` holds one file system. It is grown to the device's size where it is ext4.
Result<> mount_root(const std::string& device, const std::string& at);
// Fine where nothing is mounted.
Result<> unmount_root(const std::string& at);

// As /etc/resolv.conf says it.
std::string resolver_text(const Resolver& resolver);
// Into the image's /etc/resolv.conf. Where that leads to nothing yet, as a link into /run does, it stays as it is: the
// image has a way of its own.
Result<> write_resolver(const std::string& rootfs, const Resolver& resolver);

// Whether the image's init is systemd; `bad_image` where it has none.
Result<bool> runs_systemd(const std::string& rootfs);

// A folder of a running container as a descriptor, never led astray by links of the guest's; the caller's to close.
Result<int> open_inside(pid_t init, const std::string& path);

}  // namespace aerolith::compute
