#include "metadata/conflicts.h"

#include <algorithm>

namespace aerolith::metadata {

namespace {
// A node of the map and an entry of the queue, beside the key.
constexpr size_t kEntryBytes = 112;
}  // namespace

bool RecentWrites::changed_since(uint64_t start, const ReadSet& reads) const {
  if (reads.keys.empty() && reads.ranges.empty()) return false;
  if (start < known_after_) return true;
  if (order_.empty() || order_.back().first <= start) return false;
  for (const std::string& key : reads.keys) {
    auto found = latest_.find(key);
    if (found != latest_.end() && found->second > start) return true;
  }
  for (const KeyRange& range : reads.ranges) {
    if (!range.end.empty() && range.begin >= range.end) continue;
    auto end = range.end.empty() ? latest_.end() : latest_.lower_bound(range.end);
    for (auto at = latest_.lower_bound(range.begin); at != latest_.end() && at != end; ++at) {
      if (at->second > start) return true;
    }
  }
  return false;
}

void RecentWrites::add(uint64_t commit, const WriteSet& writes) {
  for (const auto& [key, value] : writes) {
    auto [at, is_new] = latest_.insert_or_assign(key, commit);
    if (is_new) bytes_ += key.size() + kEntryBytes;
    order_.emplace_back(commit, at);
  }
  if (bytes_ > limit_bytes_) forget_up_to(order_[order_.size() / 2].first);
}

void RecentWrites::forget_up_to(uint64_t start) {
  while (!order_.empty() && order_.front().first <= start) {
    auto [commit, at] = order_.front();
    order_.pop_front();
    if (at->second != commit) continue;  // written again since: a later entry of the queue erases it
    bytes_ -= at->first.size() + kEntryBytes;
    latest_.erase(at);
  }
  known_after_ = std::max(known_after_, start);
}

}  // namespace aerolith::metadata
