// The store of record: ordered byte keys, serializable transactions, commits that are durable on return.
//
// Nothing here promises that this process is the only one behind the store: any read, scan or commit may answer
// `conflict`, and the whole transaction is then run again (run_transaction does it). The engine of one machine is
// RocksDB (docs/adr/0003-metadata-transactions.md); its types never leave this room's .cc files.
//
// A transaction sees the store as it was at its first read, and its own writes. Transactions are strictly
// serializable: each commit takes effect at one point between its call and its return, in one order for everybody.
// What a transaction read (keys, also absent ones, and the ranges that its cursors walked over) must be unchanged
// when it commits, else commit answers `conflict`. Writes that read nothing never conflict.
#pragma once

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>

#include "base/result.h"

namespace aerolith::metadata {

enum class ErrorCode : uint8_t {
  conflict,      // another transaction won: run this one again, from its first read
  no_space,      // the disk is full (or below its reserve); nothing was written
  io,            // the store can't be read or written; after a failed commit every later one answers this
  corrupt,       // bytes on disk are not what was written
  newer_format,  // written by a newer version of the program
  busy,          // another process has the store open
  invalid,       // a misuse: not a store or a backup, a target that isn't empty, a key or value over the limit
};
using Error = Failure<ErrorCode>;

template <typename T = void>
using Result = aerolith::Result<T, Error>;

inline constexpr size_t kMaxKeyBytes = size_t{64} << 10;
inline constexpr size_t kMaxValueBytes = size_t{64} << 20;

// Keys k with begin <= k < end, by bytes; an empty end is beyond the last key.
struct KeyRange {
  std::string begin;
  std::string end;
};

// The smallest key that is greater than every key that starts with `prefix`; empty when there is none.
std::string prefix_end(std::string_view prefix);
// All keys that start with `prefix`.
KeyRange prefix_range(std::string_view prefix);

enum class Direction : uint8_t { forward, backward };

// Walks a range of keys. Lives no longer than its transaction; one thread at a time.
// Starts before the first entry: `while (TRY(cursor->next())) use(cursor->key(), cursor->value());`
class Cursor {
 public:
  virtual ~Cursor() = default;
  // Steps to the next entry (the previous one for Direction::backward). False at the end, then and ever after.
  virtual Result<bool> next() = 0;
  // Positions before the first entry at or after `key` (backward: the last entry *before* `key`), within the range.
  // The next call of next() steps onto it. May go either way.
  virtual void seek(std::string_view key) = 0;
  // Valid until the next call of next() or seek().
  virtual std::string_view key() const = 0;
  virtual std::string_view value() const = 0;
};

// A snapshot to read from. Not thread-safe; a thread at a time. Never blocks writers.
class ReadTransaction {
 public:
  virtual ~ReadTransaction() = default;
  virtual Result<std::optional<std::string>> get(std::string_view key) = 0;
  // Only what the cursor walks over counts as read. Writes made in this transaction while a cursor is open may or
  // may not be seen by it; it stays valid.
  virtual std::unique_ptr<Cursor> scan(KeyRange range, Direction direction = Direction::forward) = 0;
};

// Dropped without commit, it leaves no trace. Must not outlive its Store.
class Transaction : public ReadTransaction {
 public:
  virtual void put(std::string_view key, std::string_view value) = 0;
  virtual void erase(std::string_view key) = 0;
  // Durable on return of a value. After `conflict`, `no_space` and `invalid` nothing was written. After `io` the
  // writes may or may not be there when the store is opened again. The transaction can't be used afterwards.
  virtual Result<> commit() = 0;
  // Some operation of this transaction answered `conflict`.
  virtual bool conflicted() const = 0;
};

struct StoreStatistics {
  uint64_t commits = 0;
  uint64_t conflicts = 0;
  uint64_t groups = 0;  // synced writes; commits / groups is how well group commit does
};

// Safe from any thread. All transactions must be gone before it is.
class Store {
 public:
  virtual ~Store() = default;
  // For what only reads: no bookkeeping, never conflicts on this engine.
  virtual std::unique_ptr<ReadTransaction> begin_read() = 0;
  virtual std::unique_ptr<Transaction> begin_write() = 0;
  // The value committed last; nullopt when there is none. One read by itself, cheaper than a transaction for it.
  virtual Result<std::optional<std::string>> newest(std::string_view key) = 0;
  // A consistent, checksummed copy into a folder that doesn't exist yet or is empty, while the store is in use.
  virtual Result<> backup(const std::string& directory) = 0;
  // For quiet times: empties the log into its place, and gives back the room of what was overwritten or erased where
  // that is worth it. Reads and commits go on meanwhile. Ends early once `stop` is true.
  virtual Result<> tidy(std::atomic<bool>& stop) = 0;
  // Checks the checksums of all files on the disk; `corrupt` with what was found first.
  virtual Result<> verify() = 0;
  virtual StoreStatistics statistics() const = 0;
  // Held by transactions of this process that met conflicts again and again, so that they go one after the other and
  // each gets through. Only run_transaction takes it; correctness doesn't depend on it.
  std::mutex& contended_turn() { return contended_turn_; }

 private:
  std::mutex contended_turn_;
};

struct StoreOptions {
  std::string directory;  // made when it isn't there; its parent must be there
  size_t block_cache_bytes = size_t{32} << 20;
  size_t hot_value_bytes = size_t{16} << 20;     // of small values read lately, beside the blocks
  size_t write_buffer_bytes = size_t{16} << 20;  // at least 64 KiB
  // Values of at least this size are kept apart in blob files, so that compaction doesn't rewrite them.
  size_t blob_threshold_bytes = size_t{2} << 10;
  // Commits answer `no_space` while the file system has less than this free.
  uint64_t reserve_bytes = uint64_t{64} << 20;
};

// `newer_format` when a newer program wrote it; an older format is migrated before this returns.
Result<std::unique_ptr<Store>> open_store(const StoreOptions& options);

// Checks every file of a backup against its checksum.
Result<> verify_backup(const std::string& backup_directory);
// Checks the backup, then makes a store of it in `directory`, which must not exist yet or be empty.
Result<> restore_store(const std::string& backup_directory, const std::string& directory);

namespace detail {
inline constexpr int kMaxTries = 256;
// Conflicts met before a transaction queues for its turn: rare ones cost less than waiting.
inline constexpr int kFreeTries = 3;
// Sleeps a random time that grows with the number of tries so far.
void back_off(int tries);
}  // namespace detail

// Runs body(Transaction&), which answers a Result<T, E>, and commits when that is a value. Tries again, a bounded
// number of times and with back-off, when the transaction met a conflict; so the body may run several times and must
// have no effect outside the transaction. E must be constructible from metadata::Error.
template <typename Body>
auto run_transaction(Store& store, Body&& body) -> std::invoke_result_t<Body&, Transaction&> {
  std::unique_lock turn(store.contended_turn(), std::defer_lock);
  for (int tries = 1;; ++tries) {
    if (tries == detail::kFreeTries + 1) turn.lock();
    std::unique_ptr<Transaction> txn = store.begin_write();
    auto answer = body(*txn);
    if (!answer.has_value() && !txn->conflicted()) return answer;
    if (answer.has_value()) {
      Result<> committed = txn->commit();
      if (committed.has_value()) return answer;
      if (committed.error().code != ErrorCode::conflict) return std::unexpected(std::move(committed).error());
    }
    if (tries == detail::kMaxTries) return fail(ErrorCode::conflict, "gave up after conflicts with other transactions");
    txn.reset();
    // A commit of the same keys may be on its way to the disk: whoever has the turn asks again soon.
    detail::back_off(std::min(tries, detail::kFreeTries));
  }
}

}  // namespace aerolith::metadata
