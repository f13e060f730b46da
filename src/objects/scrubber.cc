#include "objects/scrubber.h"

#include <string>
#include <utility>

#include "base/log.h"
#include "metadata/table.h"

namespace aerolith::objects {

namespace {

// The one row is that of the empty name.
struct ScrubRecord {
  static constexpr uint32_t kVersion = 1;
  Timestamp finished;
  uint64_t extents = 0;
  uint64_t bytes = 0;
  uint64_t bad = 0;
};
template <class Archive>
void fields(Archive& archive, ScrubRecord& r) {
  archive(r.finished, r.extents, r.bytes, r.bad);
}
const metadata::Table<ScrubRecord, std::string> kScrubs{"objects.scrub"};

// After a failure that isn't damage.
constexpr auto kTryAgain = std::chrono::minutes(10);

}  // namespace

Scrubber::Scrubber(ObjectStore& objects, metadata::Store& metadata, const Clock& clock, const ScrubSettings& settings)
    : objects_(objects), metadata_(metadata), clock_(clock), settings_(settings) {
  auto txn = metadata_.begin_read();
  if (const auto record = kScrubs.get(*txn, {""}); record && *record)
    last_ = ScrubResult{(*record)->finished, (*record)->extents, (*record)->bytes, (*record)->bad};
  if (settings_.every.count() > 0) thread_ = std::thread([this] { loop(); });
}

Scrubber::~Scrubber() {
  {
    const std::lock_guard lock(mutex_);
    stops_ = true;
    changed_.notify_all();
  }
  if (thread_.joinable()) thread_.join();
}

std::optional<ScrubResult> Scrubber::last() const {
  const std::lock_guard lock(mutex_);
  return last_;
}

bool Scrubber::sleep_until_due() {
  std::unique_lock lock(mutex_);
  const Timestamp due = (last_ ? last_->finished : clock_.now()) + settings_.every;
  while (!stops_ && clock_.now() < due)
    changed_.wait_for(lock, std::min<std::chrono::nanoseconds>(due - clock_.now(), std::chrono::minutes(1)));
  return !stops_;
}

void Scrubber::loop() {
  while (sleep_until_due()) {
    if (const Result<> done = scrub(); !done) {
      log_error("the scrub of stored bytes failed", {{"error", done.error().detail}});
      std::unique_lock lock(mutex_);
      changed_.wait_for(lock, kTryAgain, [&] { return stops_.load(); });
    }
  }
}

Result<> Scrubber::scrub() {
  const VerifyReport report = TRY(objects_.verify({.stop = &stops_, .bytes_per_second = settings_.bytes_per_second}));
  if (stops_) return {};
  for (const BadExtent& bad : report.bad) {
    log_error("stored bytes are damaged", {{"extent", bad.id.view()}, {"what", bad.detail}});
  }
  const ScrubResult result{clock_.now(), report.extents, report.bytes, report.bad.size()};
  log_info("stored bytes checked", {{"extents", std::to_string(result.extents)},
                                    {"bytes", std::to_string(result.bytes)},
                                    {"damaged", std::to_string(result.bad)}});
  TRY(metadata::run_transaction(metadata_, [&](metadata::Transaction& txn) -> metadata::Result<> {
    kScrubs.put(txn, {""}, {result.finished, result.extents, result.bytes, result.bad});
    return {};
  }));
  const std::lock_guard lock(mutex_);
  last_ = result;
  return {};
}

}  // namespace aerolith::objects
