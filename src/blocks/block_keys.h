// Keys that blocks of encrypted snapshots are stored with: all snapshots of one key share their blocks, as those that
// aren't encrypted do among themselves. Each is 512 random bits, sealed, in a file of its name.
#pragma once

#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>

#include "base/aes_gcm.h"
#include "blocks/sealing.h"
#include "blocks/volumes.h"
#include "os/file_system.h"

namespace aerolith::blocks {

// Safe from any thread.
class BlockKey {
 public:
  explicit BlockKey(std::string bytes) : bytes_(std::move(bytes)) {}

  // What a block is known by: it tells nothing to who hasn't the key, not even that it is a certain block.
  std::string hash_of(std::string_view block) const;  // kHashBytes of HMAC-SHA-256
  // As base/aes_gcm.h; the context is a hash.
  std::string seal(std::string_view context, std::string_view bytes) const;
  std::optional<std::string> open(std::string_view context, std::string_view sealed) const;

  // For a process of ours that is given it (snapshot_server.h).
  const std::string& bytes() const { return bytes_; }

  static constexpr size_t kBytes = 64;
  static constexpr size_t kSealBytes = kAesGcmSealBytes;  // that seal() adds

 private:
  const std::string bytes_;  // the cipher's key, then the hash's
};

// Safe from any thread. `files` outlives it.
class BlockKeys {
 public:
  BlockKeys(os::FileSystem& files, std::string folder, Sealing sealing)
      : files_(files), folder_(std::move(folder)), sealing_(std::move(sealing)) {}

  // Durable on return. Fine where it is there.
  Result<std::shared_ptr<const BlockKey>> make(std::string_view name);
  // `not_found`; `corrupt` where it was changed, or sealed by another installation.
  Result<std::shared_ptr<const BlockKey>> find(std::string_view name) const;

 private:
  std::string path_of(std::string_view name) const;
  Result<std::shared_ptr<const BlockKey>> load(std::string_view name) const;

  os::FileSystem& files_;
  const std::string folder_;
  const Sealing sealing_;
  mutable std::mutex mutex_;  // held while a key is read or made: that is once
  mutable std::map<std::string, std::shared_ptr<const BlockKey>, std::less<>> known_;
};

}  // namespace aerolith::blocks
