// Hashes the pieces of several threads together; md5.h says why.
#pragma once

#include <array>
#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <mutex>
#include <vector>

namespace aerolith {

// Whole 64-byte blocks of one stream.
struct Md5Blocks {
  std::array<uint32_t, 4>& state;
  const char* data;
  size_t count;
};

// By this thread alone.
void hash_alone(Md5Blocks blocks);

// Safe from any thread. The thread that comes first leads: it hashes the pieces of all that wait, a lane each, until
// its own is done, and then hands the rest to the next.
class Md5Lanes {
 public:
  Md5Lanes();
  // Returns when the blocks are hashed.
  void hash(Md5Blocks blocks);
  // How many streams go together; 1 where the processor has no vectors for it.
  size_t count() const { return count_; }

 private:
  struct Piece {
    Md5Blocks blocks;
    std::condition_variable turn{};
    bool done = false;
    bool leads = false;
  };

  void lead(std::unique_lock<std::mutex>& lock, const Piece& own);
  void hash_some(const std::vector<Piece*>& pieces, size_t block_count) const;

  size_t count_;
  std::mutex mutex_;
  std::deque<Piece*> waiting_;
  std::vector<Piece*> active_;  // the leader's
  bool is_led_ = false;
};

}  // namespace aerolith
