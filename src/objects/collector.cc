// Removing bytes: the garbage that released extents leave, and the orphans that a crash leaves.
#include <algorithm>
#include <chrono>
#include <span>
#include <utility>
#include <vector>

#include "base/log.h"
#include "objects/extent_file.h"
#include "objects/object_store_state.h"
#include "objects/records.h"

namespace aerolith::objects {

namespace {
// Files removed for one transaction that takes their rows away.
constexpr size_t kBatch = 256;
constexpr size_t kMostCondemned = 65'536;
constexpr auto kPause = std::chrono::seconds(1);
// For how long a transaction that released something may take to commit; the collector looks again all that time.
constexpr int64_t kEagerMilliseconds = 10'000;
// Looks at least so often, for those that took longer.
constexpr int64_t kPassEveryMilliseconds = 60'000;

int64_t steady_milliseconds() {
  return std::chrono::duration_cast<std::chrono::milliseconds>(std::chrono::steady_clock::now().time_since_epoch())
      .count();
}
}  // namespace

Result<bool> ObjectStore::State::mark_orphan(const ExtentId& id) {
  auto mark = [&](metadata::Transaction& txn) -> metadata::Result<bool> {
    if (TRY(kExtents.contains(txn, {id}))) return false;
    kGarbage.put(txn, {id}, {});
    return true;
  };
  bool marked = TRY(metadata::run_transaction(metadata, mark));
  if (marked) note_release();
  return marked;
}

Result<> ObjectStore::State::condemn() {
  std::vector<ExtentId> found;
  {
    auto txn = metadata.begin_read();
    auto rows = kGarbage.scan(*txn, metadata::Direction::forward);
    while (found.size() < kMostCondemned && TRY(rows.next())) found.push_back(std::get<0>(rows.key()));
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

Result<uint64_t> ObjectStore::State::remove_batch(std::span<const ExtentId> batch) {
  std::vector<ExtentId> removed;
  for (const ExtentId& id : batch) {
    if (!is_extent_id(id.view())) return fail(ErrorCode::corrupt, "a garbage row with a damaged id");
    const os::Result<> done = files.remove(path_of(id));
    // Not there: a run before this one was cut off after it had removed the file.
    if (done || done.error().code == os::ErrorCode::not_found) {
      removed.push_back(id);
    } else {
      log_error("cannot remove a released extent", {{"id", id.view()}, {"error", done.error().detail}});
    }
  }
  // The removals aren't synced: a file that comes back after a power loss is an orphan, and is swept.
  TRY(metadata::run_transaction(metadata, [&](metadata::Transaction& txn) -> metadata::Result<> {
    for (const ExtentId& id : removed) kGarbage.erase(txn, {id});
    return {};
  }));
  return uint64_t{removed.size()};
}

Result<uint64_t> ObjectStore::collect() {
  State& s = *state_;
  const std::lock_guard one_at_a_time(s.collect_mutex);
  uint64_t removed = 0;
  while (true) {
    if (s.condemned.empty()) TRY(s.condemn());
    if (s.condemned.empty() || !s.may_remove_condemned()) return removed;
    const std::vector<ExtentId> condemned = std::exchange(s.condemned, {});
    uint64_t of_these = 0;
    for (std::span<const ExtentId> rest = condemned; !rest.empty();) {
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

Result<uint64_t> ObjectStore::sweep_orphans() {
  State& s = *state_;
  {
    // Without a single extent the metadata is new or lost, and then nothing here may be thrown away.
    auto txn = s.metadata.begin_read();
    if (!TRY(kExtents.scan(*txn, metadata::Direction::forward).next())) return uint64_t{0};
  }
  uint64_t found = 0;
  for (const os::DirectoryEntry& folder : TRY(s.files.list(s.directory))) {
    if (!folder.is_directory) continue;
    for (const os::DirectoryEntry& file : TRY(s.files.list(s.directory + "/" + folder.name))) {
      if (!is_extent_id(file.name) || !file.name.ends_with(folder.name)) continue;
      ExtentId id(file.name);
      // Before the row is looked for: a writer gives its protection up only after its transaction has ended.
      if (s.is_protected(id)) continue;
      auto txn = s.metadata.begin_read();
      if (TRY(kExtents.contains(*txn, {id})) || TRY(kGarbage.contains(*txn, {id}))) continue;
      if (TRY(s.mark_orphan(id))) ++found;
    }
    std::lock_guard lock(s.mutex);
    if (s.stops) break;
  }
  return found;
}

void ObjectStore::State::note_release() { last_release = steady_milliseconds(); }

void ObjectStore::State::collector_loop(ObjectStore& store) {
  if (Result<uint64_t> swept = store.sweep_orphans(); !swept) {
    log_error("the sweep of orphaned extents failed", {{"error", swept.error().detail}});
  } else if (*swept > 0) {
    log_info("orphaned extents found", {{"count", std::to_string(*swept)}});
  }
  int64_t last_pass = 0;
  while (true) {
    int64_t now = steady_milliseconds();
    if (now - last_release <= kEagerMilliseconds || now - last_pass >= kPassEveryMilliseconds || last_pass == 0) {
      last_pass = now;
      Result<uint64_t> collected = store.collect();
      if (!collected) log_error("collecting released extents failed", {{"error", collected.error().detail}});
    }
    std::unique_lock lock(mutex);
    if (changed.wait_for(lock, kPause, [&] { return stops; })) return;
  }
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
}

}  // namespace aerolith::objects
