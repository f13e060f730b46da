// The image `tiny`: busybox, dropbear and a first-boot agent of ours, made in seconds of programs that are on the host.
// It boots in a container and, with the kernel and the first file system that are made with it, in a virtual machine.
#pragma once

#include <cstdint>
#include <string>

#include "compute/driver.h"

namespace aerolith::compute {

struct TinyImageSettings {
  std::string folder;         // where the files are made; made if missing
  std::string kernel_folder;  // where a downloaded kernel is kept between builds; empty: none is looked for
  bool may_download = true;   // a kernel, where the host has none
  uint64_t root_bytes = uint64_t{256} << 20;
};

struct TinyImage {
  std::string root;  // raw, one ext4 file system, sparse: for blocks::Volumes::import_file
  // For Spec. Empty where no kernel was to be had: it boots in containers only, and `without_kernel` says why.
  std::string kernel;
  std::string initramfs;
  std::string kernel_arguments;
  std::string without_kernel;
};

// Needs root (files of the image belong to it). The files are whole and synced on return.
Result<TinyImage> build_tiny_image(const TinyImageSettings& settings);

}  // namespace aerolith::compute
