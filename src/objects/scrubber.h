// Reads all stored bytes again and again, slowly, so that a disk that forgets is found out while there is a copy to go
// back to.
#pragma once

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <functional>
#include <mutex>
#include <optional>
#include <thread>

#include "base/time.h"
#include "metadata/store.h"
#include "objects/object_store.h"

namespace aerolith::objects {

struct ScrubSettings {
  std::chrono::milliseconds every{};  // from the end of one to the start of the next; 0: never
  uint64_t bytes_per_second = 0;      // 0: as fast as it goes
};

// What the last scrub found; kept in the metadata store.
struct ScrubResult {
  Timestamp finished;
  uint64_t extents = 0;
  uint64_t bytes = 0;
  uint64_t bad = 0;
};

// Safe from any thread.
class Scrubber {
 public:
  // All references must outlive it. Starts its thread.
  Scrubber(ObjectStore& objects, metadata::Store& metadata, const Clock& clock, const ScrubSettings& settings);
  // Ends a scrub that runs; it begins anew after the next start.
  ~Scrubber();
  std::optional<ScrubResult> last() const;

 private:
  void loop();
  bool sleep_until_due();
  Result<> scrub();

  ObjectStore& objects_;
  metadata::Store& metadata_;
  const Clock& clock_;
  const ScrubSettings settings_;

  std::atomic<bool> stops_ = false;
  mutable std::mutex mutex_;
  std::condition_variable changed_;
  std::optional<ScrubResult> last_;
  std::thread thread_;
};

}  // namespace aerolith::objects
