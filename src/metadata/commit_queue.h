// Decides which transactions commit, in which order, and has many of them written with one sync.
//
// A commit is checked against all commits numbered after its transaction's start, also those still on their way to the
// disk, gets the next number and waits in line. The first in line writes the whole line as one batch. So the engine
// applies commits exactly in the order of their numbers, and a snapshot of the engine is always a prefix of that
// order: readers need no check at all. docs/adr/0003-metadata-transactions.md says why not otherwise.
#pragma once

#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <span>
#include <utility>
#include <vector>

#include "metadata/conflicts.h"
#include "metadata/signal.h"
#include "metadata/store.h"

namespace aerolith::metadata {

// Safe from any thread.
class CommitQueue {
 public:
  // Writes these sets in order, later ones over earlier ones, all or nothing, durably; visible to snapshots on return.
  // Never called twice at a time. `no_space` says that nothing was written, and that it may go well later; after any
  // other error nothing is written any more.
  using Apply = std::function<Result<>(std::span<const WriteSet* const>)>;

  explicit CommitQueue(Apply apply) : apply_(std::move(apply)) {}

  // Call before the transaction's snapshot is taken: all commits up to the answer are visible then. Each is ended once.
  uint64_t begin();
  void end(uint64_t start);

  // `start` is from begin(), not ended yet; without reads it doesn't matter.
  Result<> commit(uint64_t start, const ReadSet& reads, const WriteSet& writes);
  StoreStatistics statistics() const;

 private:
  struct Waiting {
    const WriteSet* writes;
    uint64_t number;
    size_t bytes;
    std::shared_ptr<Signal> signal;  // outlives this, for whoever sends it
    // Set before the signal is sent: written, or failed; neither means that it writes the line.
    bool written = false;
    std::optional<Error> failed;
  };

  // With the mutex held by `lock`, and released on return: writes the head of the line, among it `leader`, and sends
  // the others their signals.
  void write_group(std::unique_lock<std::mutex>& lock, const Waiting& leader);
  std::vector<Waiting*> take_group();

  Apply apply_;
  mutable std::mutex mutex_;
  RecentWrites recent_;
  std::map<uint64_t, size_t> active_;  // starts of running transactions
  std::deque<Waiting*> line_;
  bool writing_ = false;
  uint64_t last_number_ = 0;
  uint64_t applied_ = 0;
  std::optional<Error> poison_;  // a write failed: what is on disk is not known any more
  StoreStatistics statistics_;
};

}  // namespace aerolith::metadata
