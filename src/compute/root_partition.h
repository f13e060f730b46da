// Where on a disk the root file system lies.
#pragma once

#include <cstdint>

#include "os/file_system.h"

namespace aerolith::compute {

struct Extent {
  uint64_t offset = 0;
  uint64_t size = 0;  // 0: up to the disk's end
};

// Of a GPT or an MBR the root partition, else the largest one of Linux; the whole disk where it has no table.
os::Result<Extent> find_root_partition(const os::File& disk);

}  // namespace aerolith::compute
