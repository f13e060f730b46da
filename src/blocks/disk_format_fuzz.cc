// A disk from outside: looked at, and refused or not.
#include <algorithm>
#include <cstdint>
#include <string_view>

#include "blocks/disk_format.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace aerolith::blocks;
  const std::string_view file(reinterpret_cast<const char*>(data), size);
  const std::string_view begin = file.substr(0, kDiskBeginBytes);
  const std::string_view end = file.substr(size - std::min(size, kDiskEndBytes));
  for (const DiskFormat format : {DiskFormat::raw, DiskFormat::vmdk, DiskFormat::vhd, DiskFormat::vhdx}) {
    find_fault(format, begin, end);
  }
  return 0;
}
