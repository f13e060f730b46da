// One fdatasync for all who wait for the same file.
#pragma once

#include <condition_variable>
#include <cstdint>
#include <mutex>
#include <optional>

#include "os/file_system.h"

namespace aerolith::objects {

// Safe from any thread. The file must outlive it.
class SyncGroup {
 public:
  explicit SyncGroup(os::File& file) : file_(file) {}
  // What was written before the call is durable on return of a value. After a failure every call fails: what the
  // kernel dropped then, no later sync brings back.
  os::Result<> sync();

 private:
  os::File& file_;
  std::mutex mutex_;
  std::condition_variable ended_;
  uint64_t wanted_ = 0;  // calls so far
  uint64_t synced_ = 0;  // calls whose bytes are durable
  bool is_syncing_ = false;
  std::optional<os::Error> failure_;
};

}  // namespace aerolith::objects
