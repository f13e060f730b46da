// A large extent's file, byte for byte (docs/formats/objects.md). All integers little-endian.
//
//   header   48  "AEROEXT1", u32 version = 1, u32 block size, 16 bytes id, 8 zero bytes, u64 CRC of the 40 before
//   data         the extent's bytes
//   table        u64 CRC of each block of the data; the last block may be short
//   trailer  40  "AEROEND1", u64 size, u64 CRC of the data, u64 CRC of the table, u64 CRC of the 32 before
//
// Every CRC is CRC-64/NVME. No byte of the file is outside of one.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "objects/extent.h"
#include "objects/object_store.h"
#include "os/file_system.h"

namespace aerolith::objects {

inline constexpr uint64_t kHeaderBytes = 48;
inline constexpr uint64_t kTrailerBytes = 40;

// 32 lower-case hex digits.
bool is_extent_id(std::string_view text);
ExtentId make_extent_id();

// Writes the file from its first byte to its last. One thread at a time. Dropped before finish(), the file is left:
// whoever started it removes it.
class ExtentFileWriter {
 public:
  // The file must not be there yet. Room for `size_hint_bytes` is taken at once.
  static Result<std::unique_ptr<ExtentFileWriter>> create(os::FileSystem& files, const std::string& path,
                                                          const ExtentId& id, uint64_t size_hint_bytes);
  Result<> append(std::string_view bytes);
  // Size and CRC are known, and bytes (not the name) durable, on return of a value.
  Result<Extent> finish();
  uint64_t size_bytes() const { return size_ + block_.size(); }

 private:
  ExtentFileWriter(std::unique_ptr<os::File> file, ExtentId id, bool preallocated)
      : file_(std::move(file)), id_(std::move(id)), preallocated_(preallocated) {}
  Result<> write_blocks(std::string_view bytes);  // whole blocks, or at the end the last one

  std::unique_ptr<os::File> file_;
  ExtentId id_;
  bool preallocated_;
  uint64_t size_ = 0;  // of what was written
  uint64_t crc_ = 0;
  std::string block_;  // what has not filled a block yet
  std::string table_;
};

// An open extent file. One thread at a time.
class ExtentFile {
 public:
  // Checks header and trailer, and that it is the file of this extent.
  static Result<ExtentFile> open(std::unique_ptr<os::File> file, const Extent& extent);
  // Prepares for reading blocks first <= b < end: loads their checksums.
  Result<> load_checksums(uint64_t first_block, uint64_t end_block);
  // The bytes of some blocks within what was loaded, each checked.
  Result<std::string> read_blocks(uint64_t first_block, uint64_t end_block) const;
  // Checks the whole table, which reading in parts can't.
  Result<> check_table() const;

 private:
  ExtentFile(std::unique_ptr<os::File> file, Extent extent, uint64_t table_crc)
      : file_(std::move(file)), extent_(std::move(extent)), table_crc_(table_crc) {}
  std::unexpected<Error> damaged(std::string_view what) const;

  std::unique_ptr<os::File> file_;
  Extent extent_;
  uint64_t table_crc_;
  uint64_t first_loaded_ = 0;
  std::vector<uint64_t> checksums_;
};

}  // namespace aerolith::objects
