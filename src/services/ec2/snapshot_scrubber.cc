#include "services/ec2/snapshot_scrubber.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <string>

#include "base/log.h"
#include "metadata/table.h"

namespace aerolith::ec2 {

namespace {

// The one row is that of the empty name.
struct ScrubRecord {
  static constexpr uint32_t kVersion = 1;
  Timestamp finished;
  uint64_t blocks = 0;
  uint64_t bytes = 0;
  uint64_t bad = 0;
};
template <class Archive>
void fields(Archive& archive, ScrubRecord& r) {
  archive(r.finished, r.blocks, r.bytes, r.bad);
}
const metadata::Table<ScrubRecord, std::string> kScrubs{"ec2.snapshot_scrub"};

// After a result that couldn't be kept.
constexpr auto kTryAgain = std::chrono::minutes(10);
// The host's clock may be set: it is looked at now and then.
constexpr auto kLookEvery = std::chrono::minutes(1);

void tell(const blocks::ScrubReport& report) {
  for (const blocks::DamagedBlock& each : report.damaged) {
    log_error("a stored block of snapshots is damaged",
              {{"snapshots", fmt::format("{}", fmt::join(each.snapshots, ", "))},
               {"pack", each.place.pack},
               {"offset", std::to_string(each.place.offset)},
               {"what", each.why}});
  }
  for (const std::string& manifest : report.damaged_manifests) {
    log_error("a snapshot's manifest is damaged", {{"what", manifest}});
  }
}

}  // namespace

SnapshotScrubber::SnapshotScrubber(const blocks::BlockStore& blocks, metadata::Store& metadata, const Clock& clock,
                                   const ScrubSettings& settings)
    : blocks_(blocks), metadata_(metadata), clock_(clock), settings_(settings) {
  auto txn = metadata_.begin_read();
  if (const auto record = kScrubs.get(*txn, {""}); record.has_value() && record->has_value())
    last_ = ScrubResult{(*record)->finished, (*record)->blocks, (*record)->bytes, (*record)->bad};
  if (settings_.every.count() > 0) thread_ = std::thread([this] { loop(); });
}

SnapshotScrubber::~SnapshotScrubber() {
  {
    const std::lock_guard lock(mutex_);
    stops_ = true;
    changed_.notify_all();
  }
  if (thread_.joinable()) thread_.join();
}

std::optional<ScrubResult> SnapshotScrubber::last() const {
  const std::lock_guard lock(mutex_);
  return last_;
}

bool SnapshotScrubber::sleep_until(Timestamp due) {
  std::unique_lock lock(mutex_);
  while (!stops_ && clock_.now() < due)
    changed_.wait_for(lock, std::min<std::chrono::nanoseconds>(due - clock_.now(), kLookEvery));
  return !stops_;
}

void SnapshotScrubber::loop() {
  const std::optional<ScrubResult> before = last();
  // Damage that an earlier process knew of is known again soon: what is snapshotted anew must not count on it.
  const bool is_soon = !before || before->bad > 0;
  Timestamp due =
      is_soon ? clock_.now() + std::min(settings_.every, settings_.first_after) : before->finished + settings_.every;
  while (sleep_until(due)) {
    const metadata::Result<> done = scrub();
    due = clock_.now() + settings_.every;
    if (done.has_value()) continue;
    log_error("what the scrub of snapshots found can't be kept", {{"error", done.error().detail}});
    due = clock_.now() + std::min<std::chrono::milliseconds>(settings_.every, kTryAgain);
  }
}

metadata::Result<> SnapshotScrubber::scrub() {
  const auto started = std::chrono::steady_clock::now();
  uint64_t read_bytes = 0;
  bool is_whole = true;
  const blocks::ScrubReport report = blocks_.scrub([&](uint64_t bytes) {
    read_bytes += bytes;
    const std::chrono::duration<double> due(settings_.bytes_per_second == 0
                                                ? 0.0
                                                : static_cast<double>(read_bytes) /
                                                      static_cast<double>(settings_.bytes_per_second));
    std::unique_lock lock(mutex_);
    is_whole = !changed_.wait_until(
        lock, started + std::chrono::duration_cast<std::chrono::steady_clock::duration>(due), [&] { return stops_; });
    return is_whole;
  });
  tell(report);
  if (!is_whole) return {};
  const ScrubResult result{clock_.now(), report.blocks, report.bytes,
                           report.damaged.size() + report.damaged_manifests.size()};
  log_info("stored blocks of snapshots checked", {{"blocks", std::to_string(result.blocks)},
                                                  {"bytes", std::to_string(result.bytes)},
                                                  {"damaged", std::to_string(result.bad)}});
  TRY(metadata::run_transaction(metadata_, [&](metadata::Transaction& txn) -> metadata::Result<> {
    kScrubs.put(txn, {""}, {result.finished, result.blocks, result.bytes, result.bad});
    return {};
  }));
  const std::lock_guard lock(mutex_);
  last_ = result;
  return {};
}

}  // namespace aerolith::ec2
