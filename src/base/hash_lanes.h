// Hashes the pieces of several threads together; block_hash.h says why.
#pragma once

#include <array>
#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <mutex>
#include <span>
#include <vector>

#include "base/lane_kernels.h"

namespace aerolith {

inline constexpr size_t kLaneHashes = 2;  // MD5 and SHA-256: a BlockHashKind is an index

// Whole 64-byte blocks of one stream, and the states that take them in: of one hash function, or of both.
struct HashBlocks {
  const char* data;
  size_t count;
  std::array<uint32_t*, kLaneHashes> states;
};

// How one hash function is run over one stream, 8 and 16 of them. The latter are null where the processor can't.
struct LaneRuns {
  size_t state_words;
  lanes::Run of_1;
  lanes::Run of_8;
  lanes::Run of_16;
  size_t worth_from;  // fewer streams are faster one after the other

  // How many streams go together; 1 where the processor has no vectors for it.
  size_t count() const { return of_16 != nullptr ? 16 : of_8 != nullptr ? 8 : 1; }
};

// Safe from any thread. The thread that comes first leads: it hashes the pieces of all that wait, a lane each, until
// its own is done, and then hands the rest to the next. A piece is hashed by both functions in one go, so that its
// thread waits, and is woken, once.
class HashLanes {
 public:
  explicit HashLanes(const std::array<LaneRuns, kLaneHashes>& runs);
  // Returns when the blocks are hashed.
  void hash(const HashBlocks& blocks);
  bool has(size_t hash) const { return runs_[hash].count() > 1; }

 private:
  struct Piece {
    HashBlocks blocks;
    std::condition_variable turn{};
    bool done = false;
    bool leads = false;
  };

  void lead(std::unique_lock<std::mutex>& lock, const Piece& own);
  // One function over the pieces that want it.
  void hash_some(size_t hash, const std::vector<Piece*>& pieces, size_t block_count) const;
  void hash_in_lanes(size_t hash, std::span<const Piece*> pieces, size_t block_count) const;

  const std::array<LaneRuns, kLaneHashes> runs_;
  std::mutex mutex_;
  std::deque<Piece*> waiting_;
  std::vector<Piece*> active_;  // the leader's
  bool is_led_ = false;
};

}  // namespace aerolith
