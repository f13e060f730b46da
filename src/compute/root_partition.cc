#include "compute/root_partition.h"

#include <array>
#include <string>
#include <string_view>

namespace aerolith::compute {

namespace {

constexpr uint64_t kSectorBytes = 512;
constexpr uint64_t kMostEntries = 1024;
constexpr uint64_t kMostEntryBytes = 4096;
// As they lie on the disk: the first three groups of a GUID are little-endian.
constexpr std::string_view kRootOfX86{"\xe3\xbc\x68\x4f\xcd\xe8\xb1\x4d\x96\xe7\xfb\xca\xf9\x84\xb7\x09", 16};
constexpr std::string_view kLinuxData{"\xaf\x3d\xc6\x0f\x83\x84\x72\x47\x8e\x79\x3d\x69\xd8\x47\x7d\xe4", 16};
constexpr uint8_t kLinuxInMbr = 0x83;
constexpr size_t kMbrEntries = 446;
constexpr size_t kMbrEntryBytes = 16;

uint64_t little_endian(std::string_view bytes) {
  uint64_t value = 0;
  for (size_t index = bytes.size(); index-- > 0;) value = value << 8 | static_cast<uint8_t>(bytes[index]);
  return value;
}

os::Result<Extent> find_in_gpt(const os::File& disk, std::string_view header) {
  const uint64_t at = little_endian(header.substr(72, 8)) * kSectorBytes;
  const uint64_t count = little_endian(header.substr(80, 4));
  const uint64_t entry_bytes = little_endian(header.substr(84, 4));
  if (count > kMostEntries || entry_bytes < 128 || entry_bytes > kMostEntryBytes) {
    return fail(os::ErrorCode::io, "the disk's table of partitions can't be read");
  }
  std::string entries(static_cast<size_t>(count * entry_bytes), '\0');
  entries.resize(TRY(disk.read_at(at, entries)));
  Extent best;
  for (size_t index = 0; index + entry_bytes <= entries.size(); index += entry_bytes) {
    const std::string_view entry = std::string_view(entries).substr(index, 128);
    const uint64_t first = little_endian(entry.substr(32, 8));
    const uint64_t last = little_endian(entry.substr(40, 8));
    if (last < first || last > (uint64_t{1} << 50)) continue;
    const Extent extent{first * kSectorBytes, (last - first + 1) * kSectorBytes};
    if (entry.starts_with(kRootOfX86)) return extent;
    if (entry.starts_with(kLinuxData) && extent.size > best.size) best = extent;
  }
  if (best.size == 0) return fail(os::ErrorCode::not_found, "the disk has no partition of Linux");
  return best;
}

// Nothing found is no error: without a partition of Linux the two bytes at the end were no table.
Extent find_in_mbr(std::string_view sector) {
  Extent best;
  for (size_t index = 0; index < 4; ++index) {
    const std::string_view entry = sector.substr(kMbrEntries + index * kMbrEntryBytes, kMbrEntryBytes);
    const Extent extent{little_endian(entry.substr(8, 4)) * kSectorBytes,
                        little_endian(entry.substr(12, 4)) * kSectorBytes};
    if (static_cast<uint8_t>(entry[4]) == kLinuxInMbr && extent.size > best.size) best = extent;
  }
  return best;
}

}  // namespace

os::Result<Extent> find_root_partition(const os::File& disk) {
  std::array<char, 2 * kSectorBytes> buffer{};
  const std::string_view start(buffer.data(), TRY(disk.read_at(0, buffer)));
  if (start.size() < buffer.size()) return Extent{};
  if (start.substr(kSectorBytes).starts_with("EFI PART")) return find_in_gpt(disk, start.substr(kSectorBytes));
  if (start.substr(510, 2) == "\x55\xaa") return find_in_mbr(start);
  return Extent{};
}

}  // namespace aerolith::compute
