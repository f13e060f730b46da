// An extent: the bytes of one object (or part), written once, never changed.
#pragma once

#include <cstdint>
#include <string>

#include "base/strong_string.h"

namespace aerolith::objects {

// 32 lower-case hex digits. Of an extent in a segment: the segment's id and the offset in it, 16 digits each; so the
// extents of a segment are neighbours in a table. Of others: 48 bits of milliseconds since 1970, then 80 random bits.
using ExtentId = StrongString<struct ExtentIdTag>;

enum class ExtentKind : uint8_t {
  counted_inline = 0,  // as inline_bytes, but shared by a count of references; read, no longer written
  file = 1,            // a file of its own; read, no longer written
  segment = 2,         // a stretch of a segment file, shared by a count of references
  inline_bytes = 3,    // in the metadata store, beside the records; one record names it
};

// What a record keeps of an extent: a field of it (metadata/record.h).
struct Extent {
  ExtentId id;
  uint64_t size_bytes = 0;
  ExtentKind kind = ExtentKind::inline_bytes;
  uint64_t crc64nvme = 0;  // of all bytes
  bool operator==(const Extent&) const = default;
};

template <class Archive>
void fields(Archive& archive, Extent& e) {
  archive(e.id, e.size_bytes, e.kind, e.crc64nvme);
}

// 32 lower-case hex digits.
bool is_extent_id(const ExtentId& id);
// For an extent that is in no segment.
ExtentId make_extent_id();

}  // namespace aerolith::objects
