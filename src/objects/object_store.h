// The bytes of objects: written once, durable before they are named, checked on every read, shared without copying.
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
// Sharing: share() and release() beside the records that gain and lose the extent, in the same transaction.
//
// Extents of at most kInlineLimitBytes are rows of the metadata store; others lie in segment files, many in one,
// written past the page cache and made durable by syncs that their writers share (docs/formats/objects.md,
// docs/adr/0005-extents.md).
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
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
  io,        // the disk or the metadata store failed; after a failed sync every later write answers this
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

inline constexpr uint64_t kInlineLimitBytes = uint64_t{8} << 10;

class ObjectStore;

class Place;  // objects/segments.h

// Bytes that are written, but that no committed record names yet. Keep it until the transaction that names it has
// ended; when none has, its bytes are given back. Movable; must not outlive its store.
class StagedExtent {
 public:
  StagedExtent(StagedExtent&&) noexcept;
  StagedExtent& operator=(StagedExtent&&) noexcept;
  ~StagedExtent();
  // Its size and checksum are final.
  const Extent& extent() const { return extent_; }

 private:
  friend class ObjectStore;
  friend class ExtentWriter;
  StagedExtent(Extent extent, std::string inline_bytes, std::unique_ptr<Place> place);

  Extent extent_;
  std::string inline_bytes_;
  std::unique_ptr<Place> place_;  // of an extent in a segment
};

// One thread at a time. Dropped without finish(), or after an error, it leaves nothing behind.
class ExtentWriter {
 public:
  ExtentWriter(ExtentWriter&&) noexcept;
  ExtentWriter& operator=(ExtentWriter&&) noexcept;
  ~ExtentWriter();
  // `invalid` for more bytes than were announced.
  Result<> append(std::string_view bytes);
  // The same without copying: where the next bytes may be put (at least one), and how many of them were.
  Result<std::span<char>> room();
  Result<> filled(size_t count);
  // Once, at the end. A large extent's bytes are durable on return of a value.
  Result<StagedExtent> finish();
  uint64_t size_bytes() const;

 private:
  friend class ObjectStore;
  struct State;
  explicit ExtentWriter(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

// Checked bytes in an open file. They stay what they are while `owner` lives.
struct FileBytes {
  std::shared_ptr<const void> owner;
  int descriptor = -1;
  uint64_t offset_bytes = 0;
  uint64_t size_bytes = 0;
};

// Keeps working when the extent is released while it is open, and when its transaction has ended. One thread at a time.
class ExtentReader {
 public:
  ExtentReader(ExtentReader&&) noexcept;
  ExtentReader& operator=(ExtentReader&&) noexcept;
  ~ExtentReader();
  // The next piece, of at most 1 MiB and checked before it is returned; empty at the end of the range.
  Result<std::string> next();
  // The same, but left where it is, in a file. Nothing at the end, and for inline extents.
  Result<std::optional<FileBytes>> next_in_file();
  bool is_inline() const;

 private:
  friend class ObjectStore;
  struct State;
  explicit ExtentReader(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

// Segments that are full, or also those that would take more extents.
enum class SealWhich : uint8_t { full, all };

struct VerifyOptions {
  const std::atomic<bool>* stop = nullptr;  // where given and true, ends it early
  uint64_t bytes_per_second = 0;            // 0: as fast as it goes
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

// Room in segment files. The first one that a process makes is small, so that a little data takes little room; each
// next one is twice as large.
struct SegmentSizes {
  uint64_t first_bytes = uint64_t{32} << 20;
  uint64_t most_bytes = uint64_t{256} << 20;
  // Extents that may be larger have a segment of their own.
  uint64_t shared_limit_bytes = uint64_t{32} << 20;
};

inline constexpr uint64_t kToTheEnd = UINT64_MAX;
inline constexpr uint64_t kUnknownSize = UINT64_MAX;

// Safe from any thread.
class ObjectStore {
 public:
  // `directory` is <data>/objects, made when it isn't there. Both references must outlive the store. No threads yet.
  static Result<std::unique_ptr<ObjectStore>> open(os::FileSystem& files, metadata::Store& metadata,
                                                   const std::string& directory, const SegmentSizes& sizes = {});
  // Stops the collector. Writers, readers and staged extents must be gone.
  ~ObjectStore();

  // Starts the thread that gives back what a crash left behind, once, and then seals segments and collects garbage. It
  // delays nobody.
  void start_collector();

  // `limit_bytes`: no more than that will come; kUnknownSize costs a file.
  ExtentWriter begin_write(uint64_t limit_bytes = kUnknownSize);

  // In the transaction: the extent exists, and one record names it. Once for each run of the transaction; the returned
  // extent is what the record keeps.
  Result<Extent> commit(metadata::Transaction& txn, const StagedExtent& staged);
  // For one more record: what that record keeps. Large extents aren't copied. `gone` when there is no such extent.
  Result<Extent> share(metadata::Transaction& txn, const Extent& extent);
  // One record fewer. With the last, the bytes are removed some time after the transaction has committed.
  Result<> release(metadata::Transaction& txn, const Extent& extent);

  // A range of the extent's bytes; `txn` is the one that read the record. `gone` means that the extent was released
  // since: read the record again. `invalid` for a range that reaches beyond the extent.
  Result<ExtentReader> open(metadata::ReadTransaction& txn, const Extent& extent, uint64_t offset_bytes = 0,
                            uint64_t length_bytes = kToTheEnd);

  // Removes the bytes of released extents that nobody reads; how many. The collector's thread calls it by itself.
  Result<uint64_t> collect();
  // Gives back what no row names of segments that nobody writes any more.
  Result<> seal(SealWhich which);
  // The same, once, of segments that a former process left open; how many there were.
  Result<uint64_t> recover();
  // What was no garbage when it began stays while it lives: for a backup, which copies the metadata first and the files
  // then, and for a reader of many extents (begin the hold, then the read transaction).
  std::shared_ptr<const void> hold_collection();

  // Reads every extent whole and checks it.
  Result<VerifyReport> verify(const VerifyOptions& options = {});

 private:
  friend class ExtentWriter;
  friend class StagedExtent;
  struct State;
  explicit ObjectStore(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

}  // namespace aerolith::objects
