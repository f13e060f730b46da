// One snapshot's blocks, for a process beside the server that reads nothing else of the store.
#pragma once

#include <cstdint>
#include <list>
#include <memory>
#include <mutex>
#include <span>
#include <string>
#include <string_view>
#include <utility>

#include "blocks/block_keys.h"
#include "blocks/manifest.h"
#include "os/file_system.h"

namespace aerolith::blocks {

// Safe from any thread. While it is there the store keeps the snapshot (BlockStore::is_read_elsewhere).
class StoredSnapshot {
 public:
  // `folder`: the store's. `key`: of an encrypted one; null: it isn't. `files` outlives it.
  static Result<std::unique_ptr<StoredSnapshot>> open(os::FileSystem& files, std::string folder,
                                                      std::string_view snapshot, std::shared_ptr<const BlockKey> key);

  uint64_t size_bytes() const { return manifest_.size_bytes; }
  // Zeros behind its end. `corrupt` where a block is damaged: nothing of it is in the buffer.
  Result<> read(uint64_t offset, std::span<char> buffer);

 private:
  using Block = std::shared_ptr<const std::string>;
  struct Source {
    std::string folder;
    std::unique_ptr<os::File> lock;  // the manifest's file
    Manifest manifest;
    std::shared_ptr<const BlockKey> key;
  };
  StoredSnapshot(os::FileSystem& files, Source source)
      : files_(files), source_(std::move(source)), manifest_(source_.manifest) {}
  Result<Block> block(uint64_t index);  // null: zeros

  os::FileSystem& files_;
  const Source source_;
  const Manifest& manifest_;
  std::mutex mutex_;                              // not held over I/O
  std::list<std::pair<uint64_t, Block>> recent_;  // the one that was read last first: guests read less than a block
};

}  // namespace aerolith::blocks
