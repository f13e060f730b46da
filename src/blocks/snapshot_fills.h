// Files of snapshots that are made in the background, no faster than they should be: volumes are children of them
// already, and read the blocks meanwhile (ADR 18). What is to be made is known from the volumes alone; how far it is
// lies beside each (fill_progress.h).
#pragma once

#include <condition_variable>
#include <cstdint>
#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "blocks/snapshot_files.h"
#include "blocks/volumes.h"

namespace aerolith::blocks {

// Safe from any thread. What it is made with outlives it. Its end ends what is being made, which the
// next one goes on with.
class SnapshotFills {
 public:
  // `bytes_per_second`: of each, where nobody asked for more.
  SnapshotFills(SnapshotFiles& files, uint64_t bytes_per_second) : files_(files), bytes_per_second_(bytes_per_second) {}
  ~SnapshotFills();

  // `bytes_per_second`: 0 for the usual rate; the highest that anybody asked for counts.
  void add(std::string_view snapshot, uint64_t bytes_per_second);
  // No volume is its child any more. Fine where it isn't filled.
  void drop(std::string_view snapshot);
  std::optional<Filling> find(std::string_view snapshot) const;

 private:
  using Time = std::chrono::steady_clock::time_point;
  struct Fill {
    Filling shown;
    bool is_dropped = false;
    bool is_running = false;
    Time due{};  // after a failure
  };
  void work();
  // Nullopt: to end.
  std::optional<std::string> next();
  void run(const std::string& snapshot);
  Result<> make(const std::string& snapshot, Time started);
  // What nobody needs any more is known of until its half is gone.
  enum class Half : uint8_t { is_there, is_gone };
  enum class Next : uint8_t { done, drop_half };
  Next end(const std::string& snapshot, const Result<>& made, Time started, Half half);
  // False: it isn't to be made any more, or not now.
  bool wait(const std::string& snapshot, const Filling& now_at, uint64_t begun_bytes, Time started);

  SnapshotFiles& files_;
  const uint64_t bytes_per_second_;
  mutable std::mutex mutex_;  // guards what follows
  std::condition_variable changed_;
  std::map<std::string, Fill, std::less<>> fills_;
  bool ends_ = false;
  std::vector<std::thread> workers_;
};

}  // namespace aerolith::blocks
