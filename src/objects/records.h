// The rows that the object store keeps (docs/formats/metadata.md).
#pragma once

#include <cstdint>
#include <string>

#include "metadata/table.h"
#include "objects/extent.h"

namespace aerolith::objects {

// An extent that at least one record names.
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
  static constexpr uint32_t kVersion = 1;
  std::string bytes;
};
template <class Archive>
void fields(Archive& archive, BytesRecord& r) {
  archive(r.bytes);
}

// A file that is to be removed: nothing names its extent, and nothing ever will again.
struct GarbageRecord {
  static constexpr uint32_t kVersion = 1;
};
template <class Archive>
void fields(Archive& archive, GarbageRecord&) {
  archive();
}

inline const metadata::Table<ExtentRecord, ExtentId> kExtents{"objects.extent"};
inline const metadata::Table<BytesRecord, ExtentId> kBytes{"objects.bytes"};
inline const metadata::Table<GarbageRecord, ExtentId> kGarbage{"objects.garbage"};

}  // namespace aerolith::objects
