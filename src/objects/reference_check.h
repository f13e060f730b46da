// Whether the extents that records name are there, as often as they are named: for fsck, while nothing is written.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "metadata/store.h"
#include "objects/extent.h"
#include "objects/object_store.h"

namespace aerolith::objects {

struct ReferenceReport {
  uint64_t named = 0;                 // how often an extent was named
  std::vector<std::string> problems;  // a line each
  uint64_t unnamed = 0;               // extents that no record names: lost room, but no lost bytes
};

// One thread.
class ReferenceCheck {
 public:
  explicit ReferenceCheck(metadata::Store& metadata) : txn_(metadata.begin_read()) {}
  // A record, told as `where`, names it.
  Result<> add(const Extent& extent, std::string_view where);
  Result<ReferenceReport> finish();

 private:
  std::unique_ptr<metadata::ReadTransaction> txn_;
  std::unordered_map<ExtentId, uint64_t> counts_;  // of those that are shared by counting
  uint64_t inline_count_ = 0;
  ReferenceReport report_;
};

}  // namespace aerolith::objects
