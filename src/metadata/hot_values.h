// Small values that are read again and again (the records of buckets and objects), ready without a walk through the
// engine's levels. A bounded number of bytes, least recently used out first.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <list>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>

namespace aerolith::metadata {

// Safe from any thread. `sequence` is the engine's number of a state: a snapshot sees all writes up to its own.
class HotValues {
 public:
  explicit HotValues(size_t budget_bytes);

  // What a snapshot of `sequence` would read, where that is known.
  std::optional<std::string> find(std::string_view key, uint64_t sequence);
  // A snapshot of `sequence` read this.
  void note(std::string_view key, std::string_view value, uint64_t sequence);
  // To be called before the write that makes state `sequence` is applied. Writes come one after the other.
  void forget(std::string_view key, uint64_t sequence);

 private:
  static constexpr size_t kShards = 8;
  static constexpr size_t kWriteSlots = 512;

  struct Entry {
    std::string key;
    std::string value;
    uint64_t since;  // this state and all later ones have this value
  };
  using Recent = std::list<Entry>;  // the last used first

  struct Shard {
    std::mutex mutex;
    Recent recent;
    std::unordered_map<std::string_view, Recent::iterator> by_key;
    size_t bytes = 0;
    // The last write of any key that falls into a slot: a snapshot from before it may hold an old value.
    std::array<uint64_t, kWriteSlots> last_write{};
  };

  Shard& shard_of(size_t hash) { return shards_[hash % kShards]; }
  static uint64_t& last_write(Shard& shard, size_t hash) { return shard.last_write[hash / kShards % kWriteSlots]; }
  static void remove(Shard& shard, Recent::iterator entry);

  const size_t shard_budget_bytes_;
  std::array<Shard, kShards> shards_;
};

}  // namespace aerolith::metadata
