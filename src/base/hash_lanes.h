// Hashes the pieces of several threads together; block_hash.h says why.
#pragma once

#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <mutex>
#include <vector>

#include "base/lane_kernels.h"

namespace aerolith {

// Whole 64-byte blocks of one stream.
struct HashBlocks {
  uint32_t* state;
  const char* data;
  size_t count;
};

// How one hash function is run over one stream, 8 and 16 of them. The latter are null where the processor can't.
struct LaneRuns {
  size_t state_words;
  lanes::Run of_1;
  lanes::Run of_8;
  lanes::Run of_16;
  size_t worth_from;  // fewer streams are faster one after the other
};

// Safe from any thread. The thread that comes first leads: it hashes the pieces of all that wait, a lane each, until
// its own is done, and then hands the rest to the next.
class HashLanes {
 public:
  explicit HashLanes(const LaneRuns& runs);
  // Returns when the blocks are hashed.
  void hash(HashBlocks blocks);
  // How many streams go together; 1 where the processor has no vectors for it.
  size_t count() const { return count_; }

 private:
  struct Piece {
    HashBlocks blocks;
    std::condition_variable turn{};
    bool done = false;
    bool leads = false;
  };

  void lead(std::unique_lock<std::mutex>& lock, const Piece& own);
  void hash_some(const std::vector<Piece*>& pieces, size_t block_count) const;
  void hash_alone(const HashBlocks& blocks, size_t block_count) const {
    runs_.of_1(blocks.state, &blocks.data, block_count);
  }

  const LaneRuns runs_;
  const size_t count_;
  std::mutex mutex_;
  std::deque<Piece*> waiting_;
  std::vector<Piece*> active_;  // the leader's
  bool is_led_ = false;
};

}  // namespace aerolith
