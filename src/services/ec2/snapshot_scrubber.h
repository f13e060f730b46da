// Reads all stored blocks of snapshots again and again, slowly, so that a disk that forgets is found out while what was
// snapshotted is still there. objects/scrubber.h does it for objects.
#pragma once

#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <mutex>
#include <optional>
#include <thread>

#include "base/time.h"
#include "blocks/block_store.h"
#include "metadata/store.h"

namespace aerolith::ec2 {

struct ScrubSettings {
  std::chrono::milliseconds every{};  // from the end of one to the start of the next; 0: never
  uint64_t bytes_per_second = 0;      // as stored; 0: as fast as it goes
  std::chrono::milliseconds first_after = std::chrono::minutes(1);  // a start; where none has ended, or found damage
};

// What the last scrub found; kept in the store of record.
struct ScrubResult {
  Timestamp finished;
  uint64_t blocks = 0;
  uint64_t bytes = 0;
  uint64_t bad = 0;  // blocks and manifests
};

// Safe from any thread.
class SnapshotScrubber {
 public:
  // All references must outlive it. Starts its thread.
  SnapshotScrubber(const blocks::BlockStore& blocks, metadata::Store& metadata, const Clock& clock,
                   const ScrubSettings& settings);
  // Ends a scrub that runs; it begins anew after the next start.
  ~SnapshotScrubber();
  SnapshotScrubber(const SnapshotScrubber&) = delete;
  SnapshotScrubber& operator=(const SnapshotScrubber&) = delete;
  std::optional<ScrubResult> last() const;

 private:
  void loop();
  // False: it ends.
  bool sleep_until(Timestamp due);
  metadata::Result<> scrub();

  const blocks::BlockStore& blocks_;
  metadata::Store& metadata_;
  const Clock& clock_;
  const ScrubSettings settings_;

  mutable std::mutex mutex_;  // guards what follows, but for the thread
  std::condition_variable changed_;
  bool stops_ = false;
  std::optional<ScrubResult> last_;
  std::thread thread_;
};

}  // namespace aerolith::ec2
