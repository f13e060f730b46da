// A snapshot's bytes, or a closed volume's, for who reads the folder beside the server, or without one: blocks, or a
// file of those that are files still. Nothing in the folder is changed.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "blocks/block_store.h"
#include "blocks/qcow2_layer.h"
#include "os/file_system.h"

namespace aerolith::blocks {

// Used by one thread. A snapshot that is removed meanwhile can't be read to its end.
class SnapshotReader {
 public:
  // `folder`: as for Volumes::open. `files` outlives it. `not_found` also of one that isn't complete.
  static Result<std::unique_ptr<SnapshotReader>> open(os::FileSystem& files, const std::string& folder,
                                                      std::string_view snapshot, const Sealing& sealing = {});

  // A volume's, of a file that no program has open to write (`in_use`): none gets it open until this one goes.
  static Result<std::unique_ptr<SnapshotReader>> open_volume(os::FileSystem& files, const std::string& folder,
                                                             std::string_view volume, const Sealing& sealing = {});

  uint64_t size_bytes() const { return size_bytes_; }
  bool is_encrypted() const { return is_encrypted_; }  // where it lies
  // Indexes of blocks that may have something, rising: all others are zeros.
  Result<std::vector<uint64_t>> find_blocks();
  // kBlockBytes of them, filled up with zeros behind the end. `corrupt` where it is damaged.
  Result<std::string> read(uint64_t index);

 private:
  Result<> open_file(os::FileSystem& files, const std::string& path, const Sealing& sealing);
  explicit SnapshotReader(std::string snapshot) : snapshot_(std::move(snapshot)) {}

  const std::string snapshot_;
  uint64_t size_bytes_ = 0;
  bool is_encrypted_ = false;
  std::unique_ptr<os::File> kept_closed_;            // of a volume
  std::unique_ptr<BlockStore> store_;                // or
  std::vector<std::unique_ptr<Qcow2Layer>> layers_;  // the top one first
};

// As a new file, sparse, of the snapshot's size; durable on return, and gone after an error. `told` as everywhere.
Result<> export_raw(os::FileSystem& files, SnapshotReader& snapshot, const std::string& path, const Told& told);
// The same as a qcow2 file without a backing file.
Result<> export_qcow2(os::FileSystem& files, SnapshotReader& snapshot, const std::string& path, const Told& told);
// All bytes one after another, zeros too, to a pipe or a file that is open there.
Result<> stream_raw(SnapshotReader& snapshot, int descriptor, const Told& told);

}  // namespace aerolith::blocks
