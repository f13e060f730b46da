// Reads everything and checks it: fsck, backups and the scrub.
#include <chrono>
#include <optional>
#include <thread>
#include <utility>
#include <vector>

#include "base/digest.h"
#include "objects/object_store_state.h"
#include "objects/records.h"

namespace aerolith::objects {

namespace {

// Rows for one snapshot: one that is held for hours keeps old data from being removed.
constexpr size_t kVerifiedAtOnce = 256;

class Verifier {
 public:
  Verifier(ObjectStore& store, metadata::Store& metadata, const VerifyOptions& options)
      : store_(store), metadata_(metadata), options_(options), started_(std::chrono::steady_clock::now()) {}

  Result<VerifyReport> run() {
    TRY(walk(kExtents, [&](const ExtentId& id, const metadata::Result<ExtentRecord>& record) { check(id, record); }));
    TRY(walk(kBytes, [&](const ExtentId& id, const metadata::Result<BytesRecord>& record) { check(id, record); }));
    return std::move(report_);
  }

 private:
  bool stops() const { return options_.stop != nullptr && *options_.stop; }

  // Calls check(id, record or what is wrong with it) for each row.
  template <typename Record, typename Check>
  metadata::Result<> walk(const metadata::Table<Record, ExtentId>& table, Check&& check_row) {
    std::optional<ExtentId> after;
    for (bool more = true; more;) {
      std::vector<std::pair<ExtentId, metadata::Result<Record>>> batch;
      {
        auto txn = metadata_.begin_read();
        auto rows = table.scan(*txn, metadata::Direction::forward);
        if (after) rows.seek_past(*after);
        while (batch.size() < kVerifiedAtOnce && TRY(rows.next()))
          batch.emplace_back(std::get<0>(rows.key()), rows.record());
      }
      for (const auto& [id, record] : batch) {
        if (stops()) return {};
        check_row(id, record);
        keep_to_the_rate();
      }
      more = batch.size() == kVerifiedAtOnce;
      if (more) after = batch.back().first;
    }
    return {};
  }

  void check(const ExtentId& id, const metadata::Result<ExtentRecord>& record) {
    if (!record) return note(id, fail(ErrorCode::corrupt, record.error().detail));
    if (record->extent.id != id) return note(id, fail(ErrorCode::corrupt, "a row of another extent"));
    note(id, read_whole(record->extent));
  }

  void check(const ExtentId& id, const metadata::Result<BytesRecord>& record) {
    if (!record) return note(id, fail(ErrorCode::corrupt, record.error().detail));
    if (!record->has_crc) return;  // of version 1: checked by the extent's row
    report_.bytes += record->bytes.size();
    if (crc64nvme(record->bytes) == record->crc64nvme) return note(id, {});
    note(id, fail(ErrorCode::corrupt, "extent " + id.str() + ": its checksum is another"));
  }

  void note(const ExtentId& id, Result<> found) {
    if (!found && found.error().code == ErrorCode::gone) return;  // released meanwhile
    ++report_.extents;
    if (!found) report_.bad.push_back({id, found.error().code, found.error().detail});
  }

  Result<> read_whole(const Extent& extent) {
    auto txn = metadata_.begin_read();
    ExtentReader reader = TRY(store_.open(*txn, extent));
    txn.reset();
    uint64_t crc = 0;
    while (true) {
      const std::string piece = TRY(reader.next());
      if (piece.empty()) break;
      crc = crc64nvme(piece, crc);
      report_.bytes += piece.size();
      keep_to_the_rate();
    }
    // The blocks say that the bytes are those of the image; this, that they are those of the record.
    if (crc == extent.crc64nvme) return {};
    return fail(ErrorCode::corrupt, "extent " + extent.id.str() + ": its checksum is another");
  }

  void keep_to_the_rate() const {
    if (options_.bytes_per_second == 0) return;
    const std::chrono::duration<double> due(static_cast<double>(report_.bytes) /
                                            static_cast<double>(options_.bytes_per_second));
    const auto at = started_ + std::chrono::duration_cast<std::chrono::steady_clock::duration>(due);
    constexpr auto kStep = std::chrono::milliseconds(100);
    for (auto now = std::chrono::steady_clock::now(); now < at && !stops(); now = std::chrono::steady_clock::now()) {
      std::this_thread::sleep_for(std::min<std::chrono::steady_clock::duration>(kStep, at - now));
    }
  }

  ObjectStore& store_;
  metadata::Store& metadata_;
  const VerifyOptions& options_;
  std::chrono::steady_clock::time_point started_;
  VerifyReport report_;
};

}  // namespace

Result<VerifyReport> ObjectStore::verify(const VerifyOptions& options) {
  return Verifier(*this, state_->metadata, options).run();
}

}  // namespace aerolith::objects
