// Blocks of snapshots that come one by one, from outside and in any order, until all are there and the snapshot is
// committed to the store: one file a snapshot, its blocks one behind the other as they came. Which one is which, and
// which still counts, is known to whoever appends them.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <vector>

#include "blocks/stored_block.h"
#include "blocks/volumes.h"
#include "os/file_system.h"

namespace aerolith::blocks {

// Safe from any thread. `files` outlives it.
class Uploads {
 public:
  static Result<std::unique_ptr<Uploads>> open(os::FileSystem& files, std::string folder);

  // `block` has kBlockBytes, or is one that a key has sealed (block_keys.h): of a snapshot all are, or none -> its
  // place, the first of a snapshot's is 0. Durable on return.
  Result<uint64_t> append(std::string_view snapshot, std::string_view block);
  // As it was appended, or bytes that a power loss left of one whose append hadn't returned.
  Result<std::string> read(std::string_view snapshot, uint64_t place, size_t block_bytes = kBlockBytes) const;
  Result<> remove(std::string_view snapshot);  // fine where there is none
  Result<std::vector<std::string>> list() const;

 private:
  Uploads(os::FileSystem& files, std::string folder) : files_(files), folder_(std::move(folder)) {}
  std::string file_of(std::string_view snapshot) const;
  // Opened, and made where it isn't there.
  Result<std::unique_ptr<os::File>> open_file(std::string_view snapshot);
  Result<uint64_t> take_place(std::string_view snapshot, const os::File& file, size_t block_bytes);

  os::FileSystem& files_;
  const std::string folder_;
  std::mutex mutex_;  // never held over I/O
  std::map<std::string, uint64_t, std::less<>> next_places_;
};

}  // namespace aerolith::blocks
