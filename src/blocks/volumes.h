// Volumes as QEMU's block layer keeps them, and what they are made of: a volume is a qcow2 file, a volume made from a
// snapshot is a copy-on-write child of a read-only file with the snapshot's bytes. A snapshot is a manifest of blocks
// (block_store.h); its file is made when the first volume needs it. Of images that come with the installation, and of
// snapshots that were made before there were blocks, the file is all there is.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace aerolith::blocks {

enum class VolumeErrorCode { unavailable, not_found, no_space, corrupt, in_use, command };
using VolumeError = Failure<VolumeErrorCode>;
template <typename T = void>
using Result = aerolith::Result<T, VolumeError>;

class BlockStore;
struct Sealing;

// Hears, now and then, how much of the work is done; may be empty.
using Told = std::function<void(int percent)>;

// That nothing has open.
struct ClosedVolume {
  std::string id;
  std::string base{};  // the snapshot that it was made of: a file that names another one is `corrupt`
};

struct NewVolume {
  std::string volume;
  uint64_t size_bytes = 0;
  std::string snapshot{};  // its child, grown; empty: zeros
  // Of the account: it is encrypted, with a secret of its own, and the blocks of its snapshots with this key, a name
  // (block_keys.h). Empty: it isn't encrypted.
  std::string key{};
  // How fast it is to be filled, at least; 0: as usual. See `filling`.
  uint64_t fill_bytes_per_second = 0;
};
// Of a volume that reads its snapshot's blocks: the file is being made that it is a child of.
struct Filling {
  uint64_t done_bytes = 0;
  uint64_t of_bytes = 0;  // 0: it hasn't begun
  uint64_t bytes_per_second = 0;
  std::string failure{};  // why it couldn't be done; it is tried again
};
struct FillSettings {
  // False: a volume is made when its snapshot's file is there. Else whoever opens a volume has to find
  // the blocks by itself (compute/served_disks.h).
  bool is_later = false;
  uint64_t bytes_per_second = uint64_t{100} << 20;
  uint64_t at_once_bytes = uint64_t{128} << 20;  // fewer are there in a moment: it isn't worth to be later
};
// What becomes of other bytes.
struct NewSnapshot {
  std::string snapshot;
  std::string key{};  // as above
};
struct NewCopy {
  std::string volume;
  std::string snapshot;
  std::string base{};                    // the snapshot whose bytes it has where it is given none; empty: zeros
  std::optional<uint64_t> most_bytes{};  // that it can come to have; nullopt: as many as the volume has
};

// Safe from any thread. Each change is durable on return. What is made of an encrypted volume or snapshot is encrypted;
// where that can't be, it is an error.
class Volumes {
 public:
  // `folder`: volumes/, snapshots/ and store/ lie in it. `sealing`: for what encrypted ones are opened with.
  static Result<std::unique_ptr<Volumes>> open(std::string folder, const Sealing& sealing,
                                               const FillSettings& fills = {});
  static Result<std::unique_ptr<Volumes>> open(std::string folder);  // none is encrypted
  virtual ~Volumes() = default;

  // Sparse. Where the snapshot's file isn't there, and would take a while, it is made later (`filling`). `corrupt`
  // where a block of the snapshot is damaged that is read: then there is none.
  virtual Result<> create(const NewVolume& wanted) = 0;
  virtual Result<> remove(std::string_view volume) = 0;  // with its secret; fine where none is
  // Of volumes of that snapshot; nullopt: they are filled, or there are none.
  virtual std::optional<Filling> filling(std::string_view snapshot) const = 0;
  // No slower than that from now on, where it is being filled; forgotten when this process ends.
  virtual void fill_faster(std::string_view snapshot, uint64_t bytes_per_second) = 0;
  // `in_use` where something has it open. Fine where it is as large already, or larger.
  virtual Result<> grow(const ClosedVolume& volume, uint64_t size_bytes) = 0;
  // What the disk has left for all of them; volumes are sparse.
  virtual Result<uint64_t> free_bytes() const = 0;
  virtual std::string file_of(std::string_view volume) const = 0;
  virtual Result<std::vector<std::string>> list() = 0;

  // Where snapshots lie: what is committed there is a snapshot here, and what is here and no file is there. Writers of
  // others (EBS direct APIs) begin, put and commit in it; a snapshot is removed by `remove_snapshot`.
  virtual BlockStore& blocks() = 0;

  // Fine where it is there already, as all that makes one.
  virtual Result<> snapshot(const ClosedVolume& volume, std::string_view snapshot, const Told& told) = 0;
  // Of a raw or qcow2 file, which stays; `corrupt` where that names other files.
  virtual Result<> store_file(std::string_view path, const NewSnapshot& wanted, const Told& told) = 0;

  // A snapshot whose bytes others write first, of a volume that is open: an empty file of its size -> its path. It is
  // whole once it is kept, when it is closed, and a snapshot once it is stored; it outlives this process. `no_space`
  // where the disk hasn't room for it. Fine where it is begun, kept, stored, dropped already. `base`, as the record has
  // it, is the only snapshot that it may lie over; one that was begun without one lies over none.
  virtual Result<std::string> begin_copy(const NewCopy& wanted) = 0;
  virtual Result<> keep_copy(std::string_view snapshot) = 0;  // `not_found` where neither is there
  virtual bool is_kept(std::string_view snapshot) const = 0;  // and not stored, or not all of that
  virtual Result<> store_copy(std::string_view snapshot, std::string_view base, const Told& told) = 0;
  virtual Result<> drop_copy(std::string_view snapshot) = 0;

  // The same bytes, once, under one more name.
  virtual Result<> link_snapshot(std::string_view from, std::string_view to) = 0;
  // The same bytes, read and encrypted; as above where they are, with that key.
  virtual Result<> encrypt_snapshot(std::string_view from, const NewSnapshot& wanted, const Told& told) = 0;
  // Of a snapshot that is a file: from now on it is blocks, too. Fine where it is.
  virtual Result<> move_to_blocks(std::string_view snapshot, const Told& told) = 0;
  // Its file is there, and stays until it is let go of or this process ends: the first volume waits no longer for it
  // than the next. It can't be removed before. Fine where it is kept.
  virtual Result<> keep_file(std::string_view snapshot) = 0;
  virtual void let_file_go(std::string_view snapshot) = 0;
  // From now on it is blocks, and nothing else where no volume needs its file.
  virtual Result<> keep_blocks_alone(std::string_view snapshot, const Told& told) = 0;
  // As a file: what images of the installation are made of.
  virtual Result<> import_file(std::string_view path, std::string_view snapshot) = 0;
  virtual Result<std::vector<std::string>> list_snapshots() = 0;
  virtual Result<uint64_t> snapshot_size_bytes(std::string_view snapshot) = 0;
  // Its blocks go at once. `in_use` while a child is there, which needs its file.
  virtual Result<> remove_snapshot(std::string_view snapshot) = 0;
};

}  // namespace aerolith::blocks
