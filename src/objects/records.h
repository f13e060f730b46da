// The rows that the object store keeps (docs/formats/metadata.md).
#pragma once

#include <cstdint>
#include <string>

#include "metadata/table.h"
#include "objects/extent.h"
#include "objects/segment_format.h"

namespace aerolith::objects {

// An extent in a segment that at least one record names. (And of version-1 stores: every extent.)
struct ExtentRecord {
  static constexpr uint32_t kVersion = 1;
  Extent extent;
  uint64_t references = 0;
};
template <class Archive>
void fields(Archive& archive, ExtentRecord& r) {
  archive(r.extent, r.references);
}

// The bytes of an inline extent.
struct BytesRecord {
  static constexpr uint32_t kVersion = 2;
  std::string bytes;
  uint64_t crc64nvme = 0;  // since version 2
  bool has_crc = false;    // since version 2
};
template <class Archive>
void fields(Archive& archive, BytesRecord& r) {
  archive(r.bytes, r.crc64nvme, r.has_crc);
}

// Bytes that are to be removed: nothing names the extent, and nothing ever will again.
struct GarbageRecord {
  static constexpr uint32_t kVersion = 2;
  uint64_t image_bytes = 0;  // since version 2: in a segment; 0: a file
};
template <class Archive>
void fields(Archive& archive, GarbageRecord& r) {
  archive(r.image_bytes);
}

enum class SegmentState : uint8_t {
  open = 0,    // some process writes it, or died doing so
  sealed = 1,  // all of it is named by rows, garbage, or holes
};

struct SegmentRecord {
  static constexpr uint32_t kVersion = 1;
  SegmentState state = SegmentState::open;
};
template <class Archive>
void fields(Archive& archive, SegmentRecord& r) {
  archive(r.state);
}

inline const metadata::Table<ExtentRecord, ExtentId> kExtents{"objects.extent"};
inline const metadata::Table<BytesRecord, ExtentId> kBytes{"objects.bytes"};
inline const metadata::Table<GarbageRecord, ExtentId> kGarbage{"objects.garbage"};
inline const metadata::Table<SegmentRecord, SegmentId> kSegments{"objects.segment"};

}  // namespace aerolith::objects
