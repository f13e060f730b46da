#include "objects/reference_check.h"

#include <fmt/format.h>

#include <utility>

#include "objects/records.h"

namespace aerolith::objects {

Result<> ReferenceCheck::add(const Extent& extent, std::string_view where) {
  ++report_.named;
  if (extent.kind != ExtentKind::inline_bytes) {
    ++counts_[extent.id];
    const auto record = TRY(kExtents.get(*txn_, {extent.id}));
    if (!record || record->extent != extent)
      report_.problems.push_back(fmt::format("{}: its extent {} is not there", where, extent.id.view()));
    return {};
  }
  ++inline_count_;
  const auto record = TRY(kBytes.get(*txn_, {extent.id}));
  if (!record || record->bytes.size() != extent.size_bytes || record->crc64nvme != extent.crc64nvme)
    report_.problems.push_back(fmt::format("{}: its bytes {} are not there", where, extent.id.view()));
  return {};
}

Result<ReferenceReport> ReferenceCheck::finish() {
  auto extents = kExtents.scan(*txn_, metadata::Direction::forward);
  while (TRY(extents.next())) {
    const ExtentRecord record = TRY(extents.record());
    const auto found = counts_.find(record.extent.id);
    const uint64_t named = found == counts_.end() ? 0 : found->second;
    if (named == 0) ++report_.unnamed;
    if (named != 0 && named != record.references) {
      report_.problems.push_back(fmt::format("extent {}: {} records name it, counted are {}", record.extent.id.view(),
                                             named, record.references));
    }
  }
  uint64_t inline_rows = 0;
  auto bytes = kBytes.scan(*txn_, metadata::Direction::forward);
  while (TRY(bytes.next())) {
    if (TRY(bytes.record()).has_crc) ++inline_rows;
  }
  if (inline_rows > inline_count_) report_.unnamed += inline_rows - inline_count_;
  return std::move(report_);
}

}  // namespace aerolith::objects
