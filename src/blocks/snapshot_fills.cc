#include "blocks/snapshot_fills.h"

#include <algorithm>

#include "base/log.h"

namespace aerolith::blocks {

namespace {

using namespace std::chrono_literals;

constexpr size_t kMostWorkers = 4;
constexpr auto kTryAgain = 30s;
constexpr auto kLookAgain = 100ms;

}  // namespace

SnapshotFills::~SnapshotFills() {
  {
    const std::lock_guard lock(mutex_);
    ends_ = true;
    changed_.notify_all();
  }
  for (std::thread& worker : workers_) worker.join();
}

void SnapshotFills::add(std::string_view snapshot, uint64_t bytes_per_second) {
  const std::lock_guard lock(mutex_);
  Fill& fill = fills_[std::string(snapshot)];
  fill.is_dropped = false;
  fill.shown.bytes_per_second = std::max({fill.shown.bytes_per_second, bytes_per_second, bytes_per_second_});
  if (workers_.size() < std::min(kMostWorkers, fills_.size())) workers_.emplace_back([this] { work(); });
  changed_.notify_all();
}

void SnapshotFills::drop(std::string_view snapshot) {
  {
    const std::lock_guard lock(mutex_);
    const auto fill = fills_.find(snapshot);
    if (fill == fills_.end()) return;
    fill->second.is_dropped = true;
    changed_.notify_all();
    if (fill->second.is_running) return;  // who makes it gives it up
    fills_.erase(fill);
  }
  files_.drop_half(snapshot);
}

std::optional<Filling> SnapshotFills::find(std::string_view snapshot) const {
  const std::lock_guard lock(mutex_);
  const auto fill = fills_.find(snapshot);
  return fill == fills_.end() ? std::nullopt : std::optional(fill->second.shown);
}

std::optional<std::string> SnapshotFills::next() {
  std::unique_lock lock(mutex_);
  while (!ends_) {
    const auto now = std::chrono::steady_clock::now();
    for (auto& [snapshot, fill] : fills_) {
      if (fill.is_running || fill.due > now) continue;
      fill.is_running = true;
      return snapshot;
    }
    changed_.wait_for(lock, 1s);
  }
  return std::nullopt;
}

void SnapshotFills::work() {
  while (const auto snapshot = next()) run(*snapshot);
}

Result<> SnapshotFills::make(const std::string& snapshot, Time started) {
  std::optional<uint64_t> begun_bytes;  // what was there already takes no time
  const SnapshotFiles::Use use(files_, snapshot, SnapshotFiles::Use::For::making);
  if (!use.is_allowed()) return fail(VolumeErrorCode::in_use, snapshot + " is being removed");
  return files_.make(snapshot, [&](uint64_t done_bytes, uint64_t of_bytes) {
    if (!begun_bytes) begun_bytes = done_bytes;
    return wait(snapshot, {.done_bytes = done_bytes, .of_bytes = of_bytes}, *begun_bytes, started);
  });
}

void SnapshotFills::run(const std::string& snapshot) {
  const auto started = std::chrono::steady_clock::now();
  const Result<> made = make(snapshot, started);
  if (end(snapshot, made, started, Half::is_there) == Next::done) return;
  files_.drop_half(snapshot);
  (void)end(snapshot, made, started, Half::is_gone);
}

SnapshotFills::Next SnapshotFills::end(const std::string& snapshot, const Result<>& made, Time started, Half half) {
  const std::lock_guard lock(mutex_);
  const auto fill = fills_.find(snapshot);
  if (!made.has_value() && fill->second.is_dropped && half == Half::is_there) return Next::drop_half;
  fill->second.is_running = false;
  if (made.has_value()) {
    const std::chrono::duration<double> took = std::chrono::steady_clock::now() - started;
    log_info("a snapshot's file is there for its volumes",
             {{"snapshot", snapshot}, {"seconds", std::to_string(took.count())}});
    fills_.erase(fill);
    return Next::done;
  }
  if (fill->second.is_dropped) {
    fills_.erase(fill);
    return Next::done;
  }
  if (ends_) return Next::done;
  if (made.error().code == VolumeErrorCode::in_use) {  // dropped, and added again, or being removed
    fill->second.due = std::chrono::steady_clock::now() + kLookAgain;
    return Next::done;
  }
  log_error("volumes can't be filled from a snapshot", {{"snapshot", snapshot}, {"why", made.error().detail}});
  fill->second.shown.failure = made.error().detail;
  fill->second.due = std::chrono::steady_clock::now() + kTryAgain;
  return Next::done;
}

bool SnapshotFills::wait(const std::string& snapshot, const Filling& now_at, uint64_t begun_bytes, Time started) {
  std::unique_lock lock(mutex_);
  Fill& fill = fills_.at(snapshot);  // not erased while it runs
  fill.shown.done_bytes = now_at.done_bytes;
  fill.shown.of_bytes = now_at.of_bytes;
  while (!ends_ && !fill.is_dropped) {
    if (files_.is_waited_for(snapshot)) return true;
    const std::chrono::duration<double> due(
        static_cast<double>(std::max(now_at.done_bytes, begun_bytes) - begun_bytes) /
        static_cast<double>(fill.shown.bytes_per_second));
    const auto at = started + std::chrono::duration_cast<std::chrono::steady_clock::duration>(due);
    const auto now = std::chrono::steady_clock::now();
    if (at <= now) return true;
    changed_.wait_for(lock, std::min<std::chrono::steady_clock::duration>(at - now, 100ms));
  }
  return false;
}

}  // namespace aerolith::blocks
