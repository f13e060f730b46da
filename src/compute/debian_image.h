// The image `debian-12`: Debian with systemd, cloud-init and sshd, installed by mmdebstrap from Debian's archive. It
// boots in a container and, with the kernel and the first file system that are made with it, in a virtual machine.
#pragma once

#include <functional>
#include <string>
#include <string_view>

#include "compute/driver.h"

namespace aerolith::compute {

struct DebianImageSettings {
  std::string folder;          // where the files are made; made if missing
  std::string kernel_folder;   // as of TinyImageSettings
  std::string ca_certificate;  // PEM, trusted inside; empty: none
  // Told before each step what it is, for a person who waits. May be empty.
  std::function<void(std::string_view step)> on_step;
};

struct DebianImage {
  std::string root;  // raw, one ext4 file system, sparse: for blocks::Volumes::import_file
  // For Spec. Empty where no kernel was to be had: it boots in containers only, and `without_kernel` says why.
  std::string kernel;
  std::string initramfs;
  std::string kernel_arguments;
  std::string without_kernel;
};

// Needs root, mmdebstrap and Debian's archive; a minute or two. The files are whole and synced on return.
Result<DebianImage> build_debian_image(const DebianImageSettings& settings);

}  // namespace aerolith::compute
