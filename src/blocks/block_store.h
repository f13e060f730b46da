// Snapshots in blocks of 512 KiB, each stored once whatever snapshots have it: by its SHA-256, compressed, verified on
// every read, kept for as long as a manifest names it. A snapshot that follows another one of the same volume costs
// what changed, and a manifest.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <vector>

#include "blocks/block_keys.h"
#include "blocks/manifest.h"
#include "os/file_system.h"

namespace aerolith::blocks {

struct DamagedBlock {
  std::string hash;
  Place place;
  std::vector<std::string> snapshots;  // that have it
  std::string why;
};
struct ScrubReport {
  uint64_t blocks = 0;
  uint64_t bytes = 0;  // as stored
  std::vector<DamagedBlock> damaged;
  std::vector<std::string> damaged_manifests;  // a sentence each
};

// Safe from any thread; what it is opened with outlives it, and it outlives its writers.
class BlockStore {
 public:
  class Writer;

  // What an earlier process didn't finish is removed. A snapshot whose manifest is damaged can't be read (`corrupt`),
  // and until it is removed, no bytes are given back that may be its own.
  // `sealing`: for keys of encrypted ones.
  static Result<std::unique_ptr<BlockStore>> open(os::FileSystem& files, std::string folder, Sealing sealing = {});
  // To look at only: nothing is removed, and nothing can be written.
  static Result<std::unique_ptr<BlockStore>> open_to_read(os::FileSystem& files, std::string folder,
                                                          Sealing sealing = {});

  // A new snapshot, not there until its writer commits; `in_use` where one is there already, `corrupt` where what is
  // there of it, or of the base, is damaged. `base`: one whose blocks it has where none is put; may be empty. `key`:
  // the name of what its blocks are encrypted with, the same as the base's; empty: they aren't.
  Result<std::unique_ptr<Writer>> begin(std::string_view snapshot, uint64_t size_bytes, std::string_view base,
                                        std::string_view key = {});
  // Durable on return. Fine where it isn't there. Bytes that no other snapshot has are given back.
  Result<> remove(std::string_view snapshot);

  Result<std::string> read(std::string_view snapshot, uint64_t index) const;  // zeros where nothing was put
  Result<uint64_t> size_bytes(std::string_view snapshot) const;
  // Indexes whose bytes aren't the same, rising. `before` may be empty: then all that aren't zeros.
  Result<std::vector<uint64_t>> changed_blocks(std::string_view before, std::string_view after) const;
  // A process of its own reads it (stored_snapshot.h): it isn't to be removed.
  bool is_read_elsewhere(std::string_view snapshot) const;
  // Of snapshots, and of what is on its way to be one.
  BlockKeys& keys() { return keys_; }
  bool contains(std::string_view snapshot) const;
  // The name of what its blocks are encrypted with; empty: they aren't, or it isn't there.
  std::string key_of(std::string_view snapshot) const;
  // Never changes.
  Result<std::shared_ptr<const Manifest>> manifest(std::string_view snapshot) const { return find(snapshot); }
  std::vector<std::string> list() const;
  uint64_t stored_bytes() const;  // of blocks, each once

  // Reads all blocks. `go_on` is told how many bytes were read last, may wait, and says whether to go on.
  ScrubReport scrub(const std::function<bool(uint64_t bytes)>& go_on) const;

 private:
  struct Stored {
    std::string hash;
    uint64_t uses = 0;  // by manifests and writers
  };
  struct Pack {
    uint64_t uses = 0;  // blocks in use, and 1 for a writer
    std::string key;    // of all its blocks: the name; empty: they aren't encrypted
  };
  using Snapshots = std::map<std::string, std::shared_ptr<const Manifest>, std::less<>>;

  BlockStore(os::FileSystem& files, std::string folder, Sealing sealing)
      : files_(files), folder_(std::move(folder)), keys_(files, folder_ + "/keys", std::move(sealing)) {}
  Result<> load_manifests();
  Result<> tidy_packs();
  std::string pack_file(std::string_view pack) const;
  std::string manifest_file(std::string_view snapshot) const;
  Result<std::shared_ptr<const Manifest>> find(std::string_view snapshot) const;
  // What can't be read is believed no more: the same bytes, put again, are stored again.
  Result<std::string> read_at(const BlockEntry& entry) const;
  void use(const BlockEntry& entry, const std::string& key);
  // Those whose last use it was.
  std::vector<Place> release(const std::vector<BlockEntry>& entries);
  void give_back(const std::vector<Place>& places);

  os::FileSystem& files_;
  const std::string folder_;
  BlockKeys keys_;
  bool is_read_only_ = false;
  mutable std::mutex mutex_;  // never held over I/O
  Snapshots snapshots_;
  std::map<std::string, std::string, std::less<>> damaged_;  // manifests, and why
  std::map<Place, Stored> stored_;
  mutable std::map<std::string, Place, std::less<>> by_hash_;  // of those that can be read, as far as is known
  std::map<std::string, Pack, std::less<>> packs_;
};

// One snapshot on its way in. Used by one thread. Gone without commit(), nothing of it stays.
class BlockStore::Writer {
 public:
  ~Writer();
  Writer(const Writer&) = delete;
  Writer& operator=(const Writer&) = delete;

  // kBlockBytes of them; a volume's last ones filled up with zeros.
  Result<> put(uint64_t index, std::string_view block);
  // As it is now: what was put, or the base's.
  Result<std::string> read(uint64_t index) const;
  // Blocks first, then the manifest: on return it is there and durable, or an error and it is not.
  Result<> commit();
  uint64_t written_bytes() const { return end_; }
  bool has_base() const { return has_base_; }

 private:
  friend class BlockStore;
  Writer(BlockStore& store, std::string snapshot) : store_(store), snapshot_(std::move(snapshot)) {}
  Result<BlockEntry> write(const std::string& hash, std::string_view block);
  void take_out(uint64_t index);
  bool is_believed(const BlockEntry& entry) const;
  bool has_left_no_manifest();

  BlockStore& store_;
  const std::string snapshot_;
  Manifest manifest_;
  std::shared_ptr<const BlockKey> key_;            // null: it isn't encrypted
  std::map<std::string, Place, std::less<>> own_;  // in its own pack, by hash
  std::unique_ptr<os::File> pack_;                 // null until a block is new
  uint64_t end_ = 0;
  bool has_base_ = false;
  bool is_committed_ = false;
};

}  // namespace aerolith::blocks
