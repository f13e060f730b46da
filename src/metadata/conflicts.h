// What recent commits wrote, to tell whether something that a transaction read has changed since.
#pragma once

#include <cstdint>
#include <deque>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "metadata/store.h"

namespace aerolith::metadata {

// Key to value; nullopt erases.
using WriteSet = std::map<std::string, std::optional<std::string>, std::less<>>;

struct ReadSet {
  std::vector<std::string> keys;
  std::vector<KeyRange> ranges;
};

// Commits are numbered upwards from 1. Not thread-safe.
class RecentWrites {
 public:
  // At most about this many bytes are kept; transactions that began before what had to be forgotten conflict.
  explicit RecentWrites(size_t limit_bytes = size_t{64} << 20) : limit_bytes_(limit_bytes) {}

  // Some commit after `start` wrote what was read, or may have.
  bool changed_since(uint64_t start, const ReadSet& reads) const;
  // `commit` is greater than all before.
  void add(uint64_t commit, const WriteSet& writes);
  // Nobody will ask about a start before `start` again.
  void forget_up_to(uint64_t start);
  size_t size() const { return latest_.size(); }

 private:
  using Latest = std::map<std::string, uint64_t, std::less<>>;

  Latest latest_;  // the last commit that wrote a key
  std::deque<std::pair<uint64_t, Latest::iterator>> order_;
  size_t limit_bytes_;
  size_t bytes_ = 0;
  uint64_t known_after_ = 0;
};

}  // namespace aerolith::metadata
