// The bytes of objects: written once, durable before they are named, checked on every read, shared by reference count.
//
// Storing:
//   ExtentWriter writer = store.begin_write(size_hint);
//   TRY(writer.append(bytes));                       // again and again
//   StagedExtent staged = TRY(writer.finish());      // large bytes are durable now
//   run_transaction(metadata, [&](Transaction& txn) -> ... {
//     Extent extent = TRY(store.commit(txn, staged));  // small bytes go with the transaction
//     record.body = extent; kObjects.put(txn, key, record); ... });
//
// Reading: `ExtentReader reader = TRY(store.open(txn, record.body, offset, length));` then next() until empty.
// Sharing: add_reference() and release() beside the records that gain and lose the extent, in the same transaction.
//
// Extents of at most kInlineLimitBytes are rows of the metadata store; others are files (docs/formats/objects.md).
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "metadata/store.h"
#include "objects/extent.h"
#include "os/file_system.h"

namespace aerolith::objects {

enum class ErrorCode : uint8_t {
  no_space,  // the disk is full; the writer's bytes are gone again
  io,        // the disk or the metadata store failed
  corrupt,   // the bytes on disk are not those that were written; none of them were handed out
  gone,      // the extent was released: read the record again
  conflict,  // of the metadata store: run the transaction again
  invalid,   // a misuse: a range beyond the extent, a staged extent that has expired
};

// Also made from the errors of the rooms below, so that TRY passes those on.
struct Error : Failure<ErrorCode> {
  Error(ErrorCode error_code, std::string text) : Failure{error_code, std::move(text)} {}
  Error(Failure<ErrorCode> failure) : Failure(std::move(failure)) {}
  Error(const os::Error& error);
  Error(const metadata::Error& error);
};

template <typename T = void>
using Result = aerolith::Result<T, Error>;

inline constexpr uint64_t kInlineLimitBytes = uint64_t{64} << 10;
inline constexpr uint64_t kBlockBytes = uint64_t{256} << 10;  // each has a checksum of its own

class ObjectStore;

// Bytes that are written, but that no committed record names yet. Dropped without ObjectStore::commit(), its bytes are
// removed. After commit() it may be dropped at any time: when the transaction didn't commit, the sweep of the next
// start finds the bytes. Movable; must not outlive its store.
class StagedExtent {
 public:
  StagedExtent(StagedExtent&&) noexcept;
  StagedExtent& operator=(StagedExtent&&) noexcept;
  ~StagedExtent();
  // Its size and checksum are final.
  const Extent& extent() const { return extent_; }
  // Removes the bytes of an extent whose transaction has failed for good, even after ObjectStore::commit().
  void discard();

 private:
  friend class ObjectStore;
  friend class ExtentWriter;
  StagedExtent(ObjectStore* store, Extent extent, std::string inline_bytes);

  ObjectStore* store_;
  Extent extent_;
  std::string inline_bytes_;
  mutable bool offered_ = false;  // a transaction may have named it
};

// One thread at a time. Dropped without finish(), or after an error, it leaves nothing behind.
class ExtentWriter {
 public:
  ExtentWriter(ExtentWriter&&) noexcept;
  ExtentWriter& operator=(ExtentWriter&&) noexcept;
  ~ExtentWriter();
  Result<> append(std::string_view bytes);
  // Once, at the end. A large extent's bytes and name are durable on return of a value.
  Result<StagedExtent> finish();
  uint64_t size_bytes() const;

 private:
  friend class ObjectStore;
  struct State;
  explicit ExtentWriter(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

// Keeps working when the extent is released while it is open, and when its transaction has ended. One thread at a time.
class ExtentReader {
 public:
  ExtentReader(ExtentReader&&) noexcept;
  ExtentReader& operator=(ExtentReader&&) noexcept;
  ~ExtentReader();
  // The next piece, of at most 1 MiB and checked before it is returned; empty at the end of the range.
  Result<std::string> next();

 private:
  friend class ObjectStore;
  struct State;
  explicit ExtentReader(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

struct BadExtent {
  ExtentId id;
  ErrorCode code;
  std::string detail;
};
struct VerifyReport {
  uint64_t extents = 0;
  uint64_t bytes = 0;
  std::vector<BadExtent> bad;
};

inline constexpr uint64_t kToTheEnd = UINT64_MAX;

// Safe from any thread.
class ObjectStore {
 public:
  // `directory` is <data>/objects, made when it isn't there. Both references must outlive the store. No threads yet.
  static Result<std::unique_ptr<ObjectStore>> open(os::FileSystem& files, metadata::Store& metadata,
                                                   const std::string& directory);
  // Stops the collector. Writers, readers and staged extents must be gone.
  ~ObjectStore();

  // Starts the thread that sweeps what a crash left behind, once, and then collects garbage. It delays nobody.
  void start_collector();

  // `size_hint_bytes`: what is known of the size (0: nothing); only a hint.
  ExtentWriter begin_write(uint64_t size_hint_bytes = 0);

  // In the transaction: the extent exists, with one reference. Once for each run of the transaction; the returned
  // extent is what the record keeps.
  Result<Extent> commit(metadata::Transaction& txn, const StagedExtent& staged);
  // One more record names it. `gone` when there is no such extent.
  Result<> add_reference(metadata::Transaction& txn, const Extent& extent);
  // One record fewer. With the last, the bytes are removed some time after the transaction has committed.
  Result<> release(metadata::Transaction& txn, const Extent& extent);

  // A range of the extent's bytes; `txn` is the one that read the record. `gone` means that the extent was released
  // since: read the record again. `invalid` for a range that reaches beyond the extent.
  Result<ExtentReader> open(metadata::ReadTransaction& txn, const Extent& extent, uint64_t offset_bytes = 0,
                            uint64_t length_bytes = kToTheEnd);

  // Removes the bytes of released extents; how many. The collector's thread calls it by itself.
  Result<uint64_t> collect();
  // Removes files that no extent names and no writer of this process made; how many.
  Result<uint64_t> sweep_orphans();
  // What was no garbage when it began stays while it lives: for a backup, which copies the metadata first and the files
  // then, and for a reader of many extents (begin the hold, then the read transaction).
  std::shared_ptr<const void> hold_collection();

  // Reads every extent whole and checks it. `stop`, where given and true, ends it early.
  Result<VerifyReport> verify(const std::atomic<bool>* stop = nullptr);

 private:
  friend class ExtentWriter;
  friend class StagedExtent;
  struct State;
  explicit ObjectStore(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

}  // namespace aerolith::objects
