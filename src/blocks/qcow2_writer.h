// Writes a qcow2 file from blocks, each of kBlockBytes, without a program: what volumes of a snapshot are children of.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "blocks/volumes.h"
#include "os/file_system.h"

namespace aerolith::blocks {

// Used by one thread.
class Qcow2Writer {
 public:
  // `path` must not be there.
  static Result<std::unique_ptr<Qcow2Writer>> create(os::FileSystem& files, const std::string& path,
                                                     uint64_t size_bytes);
  // Indexes rise. What isn't put reads as zeros.
  Result<> put(uint64_t index, std::string_view block);
  // Its tables and its head: a qcow2 file on return, not synced.
  Result<> finish();

 private:
  Qcow2Writer(std::unique_ptr<os::File> file, uint64_t size_bytes) : file_(std::move(file)), size_bytes_(size_bytes) {}
  Result<> write_table();  // the one of the second level that is being filled
  Result<> append(std::string_view bytes);

  const std::unique_ptr<os::File> file_;
  const uint64_t size_bytes_;
  uint64_t end_ = 0;                   // clusters written
  std::vector<uint64_t> first_level_;  // places
  std::string table_;                  // empty: none is being filled
  uint64_t table_number_ = 0;
};

}  // namespace aerolith::blocks
