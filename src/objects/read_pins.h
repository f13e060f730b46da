// Which extents are being read and which are being removed: never both.
#pragma once

#include <array>
#include <cstddef>
#include <functional>
#include <memory>
#include <mutex>
#include <unordered_map>
#include <unordered_set>

#include "objects/extent.h"

namespace aerolith::objects {

// Safe from any thread. Must outlive its pins.
class ReadPins {
 public:
  // The extent's bytes stay while the pin lives; null when they are being removed.
  std::shared_ptr<const void> pin(const ExtentId& id);
  // Nobody reads it, and until pardon() nobody will begin to. False when somebody does.
  bool condemn(const ExtentId& id);
  void pardon(const ExtentId& id);

 private:
  struct Shard {
    std::mutex mutex;
    std::unordered_map<ExtentId, size_t> readers;
    std::unordered_set<ExtentId> condemned;
  };
  Shard& shard_of(const ExtentId& id) { return shards_[std::hash<ExtentId>()(id) % shards_.size()]; }

  std::array<Shard, 16> shards_;
};

}  // namespace aerolith::objects
