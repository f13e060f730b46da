// A segment file, byte for byte (docs/formats/objects.md). All integers little-endian, every CRC is CRC-64/NVME.
//
//   header  4096  "AEROSEG1", u64 version = 1, u64 segment id, u64 CRC of the 24 before, zeros
//   image*        each begins at a multiple of 4096; between them may be holes
//
//   image = data              the extent's bytes
//           table             u64 CRC of each 256 KiB block of the data; the last block may be short
//           trailer     56    "AEROEXT2", u64 segment id, u64 offset of the image, u64 size of the data, u64 CRC of the
//                             data, u64 CRC of the table, u64 CRC of the 48 before
//           zeros             to a multiple of 4096
//
// Extents of version-1 stores are files of their own (ExtentKind::file): the same data and table between a header of 48
// bytes and a trailer of 40. They are read, and no longer written.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "objects/extent.h"

namespace aerolith::objects {

inline constexpr uint64_t kBlockBytes = uint64_t{256} << 10;  // each has a checksum of its own
inline constexpr uint64_t kPageBytes = 4096;
inline constexpr uint64_t kSegmentHeaderBytes = kPageBytes;
inline constexpr uint64_t kChecksumBytes = 8;
inline constexpr uint64_t kTrailerBytes = 56;
inline constexpr uint64_t kFileHeaderBytes = 48;
inline constexpr uint64_t kFileTrailerBytes = 40;

using SegmentId = uint64_t;

constexpr uint64_t round_up(uint64_t value, uint64_t unit) { return (value + unit - 1) / unit * unit; }
constexpr uint64_t blocks_of(uint64_t size_bytes) { return (size_bytes + kBlockBytes - 1) / kBlockBytes; }
// What an extent takes in a segment.
constexpr uint64_t image_bytes(uint64_t size_bytes) {
  return round_up(size_bytes + kChecksumBytes * blocks_of(size_bytes) + kTrailerBytes, kPageBytes);
}

struct SegmentPlace {
  SegmentId segment = 0;
  uint64_t offset = 0;
};

std::string segment_name(SegmentId id);  // 16 hex digits
std::optional<SegmentId> parse_segment_name(std::string_view name);
ExtentId extent_id(const SegmentPlace& place);
// Of an id that is_extent_id().
SegmentPlace place_of(const ExtentId& id);

std::string make_segment_header(SegmentId id);
std::string make_trailer(const Extent& extent, uint64_t table_crc);
// Version 1's.
std::string make_file_header(const ExtentId& id);
std::string make_file_trailer(const Extent& extent, uint64_t table_crc);

// Of one block, or of a table.
void append_uint64(std::string& out, uint64_t value);
uint64_t read_uint64(std::string_view in, uint64_t at);

}  // namespace aerolith::objects
