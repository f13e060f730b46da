// An extent: the bytes of one object (or part), written once, never changed, shared by reference count.
#pragma once

#include <cstdint>
#include <string>

#include "base/strong_string.h"

namespace aerolith::objects {

// 32 lower-case hex digits: 48 bits of milliseconds since 1970, then 80 random bits.
using ExtentId = StrongString<struct ExtentIdTag>;

enum class ExtentKind : uint8_t {
  inline_bytes = 0,  // in the metadata store, beside the records
  file = 1,          // a file of its own under objects/
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

}  // namespace aerolith::objects
