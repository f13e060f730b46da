#include "blocks/disk_format.h"

#include <utility>

#include "blocks/big_endian.h"

namespace aerolith::blocks {

namespace {

constexpr size_t kVhdSectorBytes = 512;

uint64_t little_endian(std::string_view bytes) {
  uint64_t value = 0;
  for (size_t index = bytes.size(); index-- > 0;) value = value << 8 | static_cast<uint8_t>(bytes[index]);
  return value;
}

// The header's fields: magic, version, flags, capacity, grain size, descriptor's offset and size, entries of a grain
// table, two offsets of the grain directory, overhead, unclean shutdown, four line ends, algorithm of compression.
DiskFault find_fault_of_vmdk(std::string_view begin) {
  constexpr uint64_t kCompressed = 1U << 16;
  constexpr uint64_t kDeflate = 1;
  // Where QEMU looks for the name of a parent, wherever the header has the descriptor.
  constexpr size_t kDescriptorBytes = 20 * kVhdSectorBytes;
  if (begin.size() < kVhdSectorBytes + kDescriptorBytes || !begin.starts_with("KDMV")) return DiskFault::other_format;
  if ((little_endian(begin.substr(8, 4)) & kCompressed) == 0 || little_endian(begin.substr(77, 2)) != kDeflate) {
    return DiskFault::other_format;
  }
  // Without a capacity of its own QEMU takes the descriptor's word for where the extents are.
  if (little_endian(begin.substr(12, 8)) == 0) return DiskFault::names_others;
  const std::string_view descriptor = begin.substr(kVhdSectorBytes, kDescriptorBytes);
  if (descriptor.find("parentFileNameHint") != std::string_view::npos) return DiskFault::names_others;
  return DiskFault::none;
}

// The footer: cookie, features, version, offset of the dynamic header, time stamp, creator, its version and system,
// original and current size, geometry, type. A dynamic disk has a copy of it at its beginning.
DiskFault find_fault_of_vhd(std::string_view begin, std::string_view end) {
  constexpr uint64_t kFixed = 2;
  constexpr uint64_t kDynamic = 3;
  if (end.size() < kDiskEndBytes || !end.starts_with("conectix")) return DiskFault::other_format;
  const uint64_t type = big_endian(end.substr(60, 4));
  if (type == kFixed) return DiskFault::none;
  if (type != kDynamic) return DiskFault::names_others;
  return begin.starts_with(end) ? DiskFault::none : DiskFault::can_not_be_read;
}

}  // namespace

DiskFault find_fault(DiskFormat format, std::string_view begin, std::string_view end) {
  switch (format) {
    case DiskFormat::raw:
      return DiskFault::none;
    case DiskFormat::vmdk:
      return find_fault_of_vmdk(begin);
    case DiskFormat::vhd:
      return find_fault_of_vhd(begin, end);
    case DiskFormat::vhdx:
      return begin.starts_with("vhdxfile") ? DiskFault::none : DiskFault::other_format;
  }
  std::unreachable();
}

}  // namespace aerolith::blocks
