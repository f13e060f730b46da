#include "objects/read_pins.h"

namespace aerolith::objects {

std::shared_ptr<const void> ReadPins::pin(const ExtentId& id) {
  Shard& shard = shard_of(id);
  {
    const std::lock_guard lock(shard.mutex);
    if (shard.condemned.contains(id)) return nullptr;
    ++shard.readers[id];
  }
  return {&shard, [id](Shard* of) {
            const std::lock_guard lock(of->mutex);
            const auto found = of->readers.find(id);
            if (--found->second == 0) of->readers.erase(found);
          }};
}

bool ReadPins::condemn(const ExtentId& id) {
  Shard& shard = shard_of(id);
  const std::lock_guard lock(shard.mutex);
  if (shard.readers.contains(id)) return false;
  shard.condemned.insert(id);
  return true;
}

void ReadPins::pardon(const ExtentId& id) {
  Shard& shard = shard_of(id);
  const std::lock_guard lock(shard.mutex);
  shard.condemned.erase(id);
}

}  // namespace aerolith::objects
