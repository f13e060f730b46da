#include "objects/sync_group.h"

namespace aerolith::objects {

os::Result<> SyncGroup::sync() {
  std::unique_lock lock(mutex_);
  const uint64_t mine = ++wanted_;
  while (!failure_ && synced_ < mine) {
    if (is_syncing_) {
      ended_.wait(lock);
      continue;
    }
    is_syncing_ = true;
    const uint64_t up_to = wanted_;
    lock.unlock();
    os::Result<> synced = file_.sync_data();
    lock.lock();
    is_syncing_ = false;
    if (synced) {
      synced_ = up_to;
    } else {
      failure_ = std::move(synced).error();
    }
    ended_.notify_all();
  }
  if (synced_ >= mine) return {};
  return std::unexpected(*failure_);
}

}  // namespace aerolith::objects
