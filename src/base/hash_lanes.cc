#include "base/hash_lanes.h"

#include <algorithm>
#include <array>

namespace aerolith {
namespace {

constexpr size_t kMostLanes = 16;
constexpr size_t kMostWords = 8;
constexpr size_t kBlockBytes = 64;
// Of each piece at a time: whoever comes meanwhile waits so long for a lane (about 100 µs).
constexpr size_t kStepBlocks = 512;
// Shorter pieces are done before another thread could be told of them.
constexpr size_t kSharedFromBlocks = 256;

}  // namespace

HashLanes::HashLanes(const LaneRuns& runs)
    : runs_(runs),
      count_(runs.of_16 != nullptr  ? 16
             : runs.of_8 != nullptr ? 8
                                    : 1) {}

void HashLanes::hash(HashBlocks blocks) {
  if (count_ == 1 || blocks.count < kSharedFromBlocks) return hash_alone(blocks, blocks.count);
  Piece own{.blocks = blocks};
  std::unique_lock lock(mutex_);
  waiting_.push_back(&own);
  if (is_led_) {
    own.turn.wait(lock, [&] { return own.done || own.leads; });
    if (own.done) return;
  }
  is_led_ = true;
  lead(lock, own);
}

void HashLanes::lead(std::unique_lock<std::mutex>& lock, const Piece& own) {
  while (!own.done) {
    while (active_.size() < count_ && !waiting_.empty()) {
      active_.push_back(waiting_.front());
      waiting_.pop_front();
    }
    size_t step = kStepBlocks;
    for (const Piece* piece : active_) step = std::min(step, piece->blocks.count);
    lock.unlock();
    hash_some(active_, step);
    lock.lock();
    for (Piece*& piece : active_) {
      piece->blocks.data += step * kBlockBytes;
      piece->blocks.count -= step;
      if (piece->blocks.count > 0) continue;
      piece->done = true;
      piece->turn.notify_one();  // under the mutex: the piece is gone as soon as its thread can run
      piece = nullptr;
    }
    std::erase(active_, nullptr);
  }
  Piece* next = !active_.empty() ? active_.front() : !waiting_.empty() ? waiting_.front() : nullptr;
  is_led_ = next != nullptr;
  if (next == nullptr) return;
  next->leads = true;
  next->turn.notify_one();
}

void HashLanes::hash_some(const std::vector<Piece*>& pieces, size_t block_count) const {
  if (pieces.size() < runs_.worth_from) {
    for (const Piece* piece : pieces) hash_alone(piece->blocks, block_count);
    return;
  }
  const size_t lanes = count_;
  std::array<uint32_t, kMostWords * kMostLanes> state{};
  std::array<const char*, kMostLanes> data;
  // Lanes without a piece hash the first one's bytes, for nothing.
  data.fill(pieces.front()->blocks.data);
  for (size_t lane = 0; lane < pieces.size(); ++lane) {
    data[lane] = pieces[lane]->blocks.data;
    for (size_t word = 0; word < runs_.state_words; ++word) {
      state[word * lanes + lane] = pieces[lane]->blocks.state[word];
    }
  }
  (runs_.of_16 != nullptr ? runs_.of_16 : runs_.of_8)(state.data(), data.data(), block_count);
  for (size_t lane = 0; lane < pieces.size(); ++lane) {
    for (size_t word = 0; word < runs_.state_words; ++word) {
      pieces[lane]->blocks.state[word] = state[word * lanes + lane];
    }
  }
}

}  // namespace aerolith
