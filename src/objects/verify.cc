#include <optional>
#include <utility>
#include <vector>

#include "base/digest.h"
#include "objects/object_store_state.h"
#include "objects/records.h"

namespace aerolith::objects {

namespace {

constexpr size_t kBatch = 256;
constexpr uint64_t kUnreadable = UINT64_MAX;  // a mark, no real size

// Extents after `after`, a batch of them: a snapshot that is held for hours keeps old data from being removed.
metadata::Result<std::vector<Extent>> next_batch(metadata::Store& metadata, const std::optional<ExtentId>& after,
                                                 VerifyReport& report) {
  auto txn = metadata.begin_read();
  auto rows = kExtents.scan(*txn, metadata::Direction::forward);
  if (after) rows.seek_past(*after);
  std::vector<Extent> batch;
  while (batch.size() < kBatch && TRY(rows.next())) {
    const ExtentId& id = std::get<0>(rows.key());
    auto record = rows.record();
    if (!record || record->extent.id != id) {
      report.bad.push_back({id, ErrorCode::corrupt, record ? "a row of another extent" : record.error().detail});
      // Keeps the place for the next batch.
      batch.push_back({.id = id, .size_bytes = kUnreadable});
      continue;
    }
    batch.push_back(std::move(record->extent));
  }
  return batch;
}

}  // namespace

Result<VerifyReport> ObjectStore::verify(const std::atomic<bool>* stop) {
  VerifyReport report;
  std::optional<ExtentId> after;
  auto read_whole = [&](const Extent& extent) -> Result<> {
    auto txn = state_->metadata.begin_read();
    ExtentReader reader = TRY(open(*txn, extent));
    txn.reset();
    uint64_t crc = 0;
    while (true) {
      std::string piece = TRY(reader.next());
      if (piece.empty()) break;
      crc = crc64nvme(piece, crc);
      report.bytes += piece.size();
    }
    // The blocks say that the bytes are those of the file; this, that they are those of the record.
    if (crc == extent.crc64nvme) return {};
    return fail(ErrorCode::corrupt, "extent " + extent.id.str() + ": its checksum is another");
  };
  while (true) {
    std::vector<Extent> batch = TRY(next_batch(state_->metadata, after, report));
    for (const Extent& extent : batch) {
      if (stop != nullptr && *stop) return report;
      if (extent.size_bytes == kUnreadable) {
        ++report.extents;
        continue;
      }
      Result<> read = read_whole(extent);
      if (!read && read.error().code == ErrorCode::gone) continue;  // released meanwhile
      ++report.extents;
      if (!read) report.bad.push_back({extent.id, read.error().code, read.error().detail});
    }
    if (batch.size() < kBatch) return report;
    after = batch.back().id;
  }
}

}  // namespace aerolith::objects
