#include "metadata/hot_values.h"

#include <functional>

namespace aerolith::metadata {
namespace {

// Records are; the bytes of objects would drive them out, and the page cache has those.
constexpr size_t kMaxHotValueBytes = size_t{1} << 10;
constexpr size_t kValueEntryBytes = 160;  // of the list, the map and two strings

size_t hash_of(std::string_view key) { return std::hash<std::string_view>{}(key); }

}  // namespace

HotValues::HotValues(size_t budget_bytes) : shard_budget_bytes_(budget_bytes / kShards) {}

std::optional<std::string> HotValues::find(std::string_view key, uint64_t sequence) {
  Shard& shard = shard_of(hash_of(key));
  const std::lock_guard lock(shard.mutex);
  const auto found = shard.by_key.find(key);
  if (found == shard.by_key.end() || found->second->since > sequence) return std::nullopt;
  shard.recent.splice(shard.recent.begin(), shard.recent, found->second);
  return found->second->value;
}

void HotValues::note(std::string_view key, std::string_view value, uint64_t sequence) {
  if (value.size() > kMaxHotValueBytes) return;
  const size_t hash = hash_of(key);
  Shard& shard = shard_of(hash);
  const std::lock_guard lock(shard.mutex);
  if (last_write(shard, hash) > sequence || shard.by_key.contains(key)) return;
  shard.recent.push_front({std::string(key), std::string(value), sequence});
  shard.by_key.emplace(shard.recent.front().key, shard.recent.begin());
  shard.bytes += key.size() + value.size() + kValueEntryBytes;
  while (shard.bytes > shard_budget_bytes_) remove(shard, std::prev(shard.recent.end()));
}

void HotValues::forget(std::string_view key, uint64_t sequence) {
  const size_t hash = hash_of(key);
  Shard& shard = shard_of(hash);
  const std::lock_guard lock(shard.mutex);
  last_write(shard, hash) = sequence;
  if (const auto found = shard.by_key.find(key); found != shard.by_key.end()) remove(shard, found->second);
}

void HotValues::remove(Shard& shard, Recent::iterator entry) {
  shard.bytes -= entry->key.size() + entry->value.size() + kValueEntryBytes;
  shard.by_key.erase(entry->key);
  shard.recent.erase(entry);
}

}  // namespace aerolith::metadata
