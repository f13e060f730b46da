// Removing bytes: the garbage that released extents leave, and the rest of segments that nobody writes any more.
#include <algorithm>
#include <chrono>
#include <span>
#include <utility>
#include <vector>

#include "base/log.h"
#include "objects/object_store_state.h"
#include "objects/records.h"

namespace aerolith::objects {

namespace {
// Files removed for one transaction that takes their rows away.
constexpr size_t kBatch = 256;
constexpr size_t kMostCondemned = 65'536;
constexpr auto kPause = std::chrono::seconds(1);
// Without a commit, until the store of record is tidied.
constexpr int kQuietPasses = 5;
// For how long a transaction that released something may take to commit; the collector looks again all that time.
constexpr int64_t kEagerMilliseconds = 10'000;
// Looks at least so often, for those that took longer.
constexpr int64_t kPassEveryMilliseconds = 60'000;

int64_t steady_milliseconds() {
  return std::chrono::duration_cast<std::chrono::milliseconds>(std::chrono::steady_clock::now().time_since_epoch())
      .count();
}
}  // namespace

Result<> ObjectStore::State::condemn() {
  std::vector<Condemned> found;
  {
    auto txn = metadata.begin_read();
    auto rows = kGarbage.scan(*txn, metadata::Direction::forward);
    while (found.size() < kMostCondemned && TRY(rows.next())) {
      found.push_back({std::get<0>(rows.key()), TRY(rows.record()).image_bytes});
    }
  }
  const std::lock_guard lock(mutex);
  condemned = std::move(found);
  condemned_before = next_hold;
  return {};
}

bool ObjectStore::State::may_remove_condemned() {
  const std::lock_guard lock(mutex);
  return holds.empty() || *holds.begin() >= condemned_before;
}

Result<> ObjectStore::State::remove_one(const Condemned& garbage) {
  if (garbage.image_bytes > 0) return segments.punch(place_of(garbage.id), garbage.image_bytes);
  const os::Result<> removed = files.remove(file_path_of(garbage.id));
  // Not there: a run before this one was cut off after it had removed the file.
  if (removed || removed.error().code == os::ErrorCode::not_found) return {};
  return std::unexpected(Error(removed.error()));
}

// Removals aren't synced: what a power loss undoes stays garbage by its row, or is cut off with its segment.
Result<uint64_t> ObjectStore::State::remove_batch(std::span<const Condemned> batch) {
  std::vector<ExtentId> removed;
  std::set<SegmentId> touched;
  for (const Condemned& garbage : batch) {
    if (!is_extent_id(garbage.id)) return fail(ErrorCode::corrupt, "a garbage row with a damaged id");
    if (!pins.condemn(garbage.id)) continue;  // is being read
    removed.push_back(garbage.id);
    if (const Result<> done = remove_one(garbage); !done) {
      log_error("cannot remove a released extent", {{"id", garbage.id.view()}, {"error", done.error().detail}});
      pins.pardon(garbage.id);
      removed.pop_back();
    } else if (garbage.image_bytes > 0) {
      touched.insert(place_of(garbage.id).segment);
    }
  }
  const auto erased = metadata::run_transaction(metadata, [&](metadata::Transaction& txn) -> metadata::Result<> {
    for (const ExtentId& id : removed) kGarbage.erase(txn, {id});
    return {};
  });
  for (const ExtentId& id : removed) pins.pardon(id);
  TRY(erased);
  for (const SegmentId id : touched) TRY(segments.remove_if_empty(id));
  return uint64_t{removed.size()};
}

Result<uint64_t> ObjectStore::collect() {
  State& s = *state_;
  const std::lock_guard one_at_a_time(s.collect_mutex);
  uint64_t removed = 0;
  while (true) {
    if (s.condemned.empty()) TRY(s.condemn());
    if (s.condemned.empty() || !s.may_remove_condemned()) return removed;
    const std::vector<Condemned> condemned = std::exchange(s.condemned, {});
    uint64_t of_these = 0;
    for (std::span<const Condemned> rest = condemned; !rest.empty();) {
      const auto batch = rest.first(std::min(rest.size(), kBatch));
      of_these += TRY(s.remove_batch(batch));
      rest = rest.subspan(batch.size());
    }
    removed += of_these;
    if (of_these == 0) return removed;  // what is left can't be removed now
  }
}

std::shared_ptr<const void> ObjectStore::hold_collection() {
  State& s = *state_;
  const std::lock_guard lock(s.mutex);
  const uint64_t number = s.next_hold++;
  s.holds.insert(number);
  return {state_.get(), [number](State* state) {
            const std::lock_guard held(state->mutex);
            state->holds.erase(number);
          }};
}

Result<uint64_t> ObjectStore::recover() { return state_->segments.recover(); }

Result<> ObjectStore::seal(SealWhich which) { return state_->segments.seal(which); }

void ObjectStore::State::note_release() { last_release = steady_milliseconds(); }

void ObjectStore::State::collector_loop(ObjectStore& store) {
  if (const Result<uint64_t> recovered = store.recover(); !recovered) {
    log_error("giving back what a crash left behind failed", {{"error", recovered.error().detail}});
  } else if (*recovered > 0) {
    log_info("segments of a former run sealed", {{"count", std::to_string(*recovered)}});
  }
  int64_t last_pass = 0;
  while (true) {
    int64_t now = steady_milliseconds();
    if (now - last_release <= kEagerMilliseconds || now - last_pass >= kPassEveryMilliseconds || last_pass == 0) {
      last_pass = now;
      Result<uint64_t> collected = store.collect();
      if (!collected) log_error("collecting released extents failed", {{"error", collected.error().detail}});
    }
    if (const Result<> sealed = store.seal(SealWhich::full); !sealed) {
      log_error("sealing segments failed", {{"error", sealed.error().detail}});
    }
    tidy_when_quiet();
    std::unique_lock lock(mutex);
    if (changed.wait_for(lock, kPause, [&] { return stops.load(); })) return;
  }
}

void ObjectStore::State::tidy_when_quiet() {
  const uint64_t commits = metadata.statistics().commits;
  quiet_passes = commits == commits_seen ? quiet_passes + 1 : 0;
  commits_seen = commits;
  if (quiet_passes < kQuietPasses || commits == commits_tidied) return;
  commits_tidied = commits;
  if (const auto tidied = metadata.tidy(stops); !tidied)
    log_error("tidying the store of record failed", {{"error", tidied.error().detail}});
}

void ObjectStore::start_collector() {
  state_->collector = std::thread([this] { state_->collector_loop(*this); });
}

ObjectStore::~ObjectStore() {
  {
    std::lock_guard lock(state_->mutex);
    state_->stops = true;
    state_->changed.notify_all();
  }
  if (state_->collector.joinable()) state_->collector.join();
  // So that nothing is left to recover.
  if (const Result<> sealed = seal(SealWhich::all); !sealed) {
    log_warning("segments stay open until the next start", {{"error", sealed.error().detail}});
  }
}

}  // namespace aerolith::objects
