// Reads an extent's image, each block checked before a byte of it is handed out.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "objects/object_store.h"
#include "objects/segment_format.h"
#include "os/file_system.h"

namespace aerolith::objects {

// One thread at a time.
class ImageReader {
 public:
  // Checks that the image of this extent is in the file: `corrupt` when it is not.
  static Result<ImageReader> open(std::shared_ptr<const os::File> file, const Extent& extent);
  // The bytes of some blocks, each checked; all within one call's buffer.
  Result<std::string> read_blocks(uint64_t first_block, uint64_t end_block) const;
  // The same without handing them out: they are in `file`, from data_offset() on.
  Result<> check_blocks(uint64_t first_block, uint64_t end_block) const;

  const std::shared_ptr<const os::File>& file() const { return file_; }
  uint64_t data_offset() const { return data_offset_; }

 private:
  ImageReader(std::shared_ptr<const os::File> file, Extent extent, uint64_t data_offset)
      : file_(std::move(file)), extent_(std::move(extent)), data_offset_(data_offset) {}
  std::unexpected<Error> damaged(std::string_view what) const;
  Result<> read_file_frame();
  Result<> read_segment_frame();
  Result<> take_table(std::string_view table, uint64_t table_crc);
  Result<> read_block(uint64_t block, std::span<char> into) const;
  uint64_t block_size(uint64_t block) const;

  std::shared_ptr<const os::File> file_;
  Extent extent_;
  uint64_t data_offset_;
  std::vector<uint64_t> checksums_;
};

}  // namespace aerolith::objects
