#include "base/hash_lanes.h"

#include <algorithm>
#include <array>
#include <span>

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

HashLanes::HashLanes(const std::array<LaneRuns, kLaneHashes>& runs) : runs_(runs) {}

void HashLanes::hash(const HashBlocks& blocks) {
  HashBlocks together = blocks;
  for (size_t hash = 0; hash < kLaneHashes; ++hash) {
    if (blocks.states[hash] == nullptr || (has(hash) && blocks.count >= kSharedFromBlocks)) continue;
    runs_[hash].of_1(blocks.states[hash], &blocks.data, blocks.count);
    together.states[hash] = nullptr;
  }
  if (std::ranges::count(together.states, nullptr) == kLaneHashes) return;
  Piece own{.blocks = together};
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
    while (active_.size() < kMostLanes && !waiting_.empty()) {
      active_.push_back(waiting_.front());
      waiting_.pop_front();
    }
    size_t step = kStepBlocks;
    for (const Piece* piece : active_) step = std::min(step, piece->blocks.count);
    lock.unlock();
    for (size_t hash = 0; hash < kLaneHashes; ++hash) hash_some(hash, active_, step);
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

void HashLanes::hash_some(size_t hash, const std::vector<Piece*>& pieces, size_t block_count) const {
  const LaneRuns& runs = runs_[hash];
  const size_t lanes = runs.count();
  std::array<const Piece*, kMostLanes> chosen;
  size_t count = 0;
  for (const Piece* piece : pieces) {
    if (piece->blocks.states[hash] != nullptr) chosen[count++] = piece;
  }
  for (size_t first = 0; first < count; first += lanes) {
    const std::span<const Piece*> group(&chosen[first], std::min(lanes, count - first));
    if (group.size() >= runs.worth_from) {
      hash_in_lanes(hash, group, block_count);
    } else {
      for (const Piece* piece : group) runs.of_1(piece->blocks.states[hash], &piece->blocks.data, block_count);
    }
  }
}

void HashLanes::hash_in_lanes(size_t hash, std::span<const Piece*> pieces, size_t block_count) const {
  const LaneRuns& runs = runs_[hash];
  const size_t lanes = runs.count();
  std::array<uint32_t, kMostWords * kMostLanes> state{};
  std::array<const char*, kMostLanes> data;
  // Lanes without a piece hash the first one's bytes, for nothing.
  data.fill(pieces.front()->blocks.data);
  for (size_t lane = 0; lane < pieces.size(); ++lane) {
    data[lane] = pieces[lane]->blocks.data;
    for (size_t word = 0; word < runs.state_words; ++word) {
      state[word * lanes + lane] = pieces[lane]->blocks.states[hash][word];
    }
  }
  (runs.of_16 != nullptr ? runs.of_16 : runs.of_8)(state.data(), data.data(), block_count);
  for (size_t lane = 0; lane < pieces.size(); ++lane) {
    for (size_t word = 0; word < runs.state_words; ++word) {
      pieces[lane]->blocks.states[hash][word] = state[word * lanes + lane];
    }
  }
}

}  // namespace aerolith
