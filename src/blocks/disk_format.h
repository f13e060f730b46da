// Files of disks as others write them, and what is refused of them before any program opens one: QEMU's drivers open
// what a VMDK names as its extents or its parent, whatever that is on this host.
//
//   raw   the disk's bytes
//   vmdk  VMware's, of the form that is one file: stream-optimized
//         (VMware Virtual Disk Format 5.0, "Hosted Sparse Extent", "Stream-Optimized Compressed Sparse Extents")
//   vhd   Microsoft's, fixed or dynamic (Virtual Hard Disk Image Format Specification 1.0)
//   vhdx  its successor ([MS-VHDX]); QEMU itself refuses those with a parent
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

namespace aerolith::blocks {

enum class DiskFormat : uint8_t { raw, vmdk, vhd, vhdx };

enum class DiskFault : uint8_t {
  none,
  other_format,     // it isn't of that format, or of a kind of it that isn't taken
  names_others,     // its bytes lie in another file, or a part of them
  can_not_be_read,  // it begins right and goes on wrong
};

// As much of a file's beginning and of its end as find_fault looks at; all of a shorter file.
inline constexpr size_t kDiskBeginBytes = size_t{16} << 10;
inline constexpr size_t kDiskEndBytes = 512;

DiskFault find_fault(DiskFormat format, std::string_view begin, std::string_view end);

}  // namespace aerolith::blocks
