// Writes one extent's image into its place in a segment file, whole pages at a time.
#pragma once

#include <cstdint>
#include <span>
#include <string>

#include "objects/object_store.h"
#include "objects/page_buffer.h"
#include "objects/segment_format.h"
#include "os/file_system.h"

namespace aerolith::objects {

// One thread at a time. `file` must outlive it.
class ImageWriter {
 public:
  // For at most `limit_bytes` of data.
  ImageWriter(os::File& file, SegmentPlace place, uint64_t limit_bytes);

  // Where the next bytes go, at least one; filled() takes the first `count` of them.
  std::span<char> room() { return {buffer_.get() + buffered_, capacity_ - buffered_}; }
  Result<> filled(size_t count);
  // Once. Written, but not durable on return.
  Result<Extent> finish();
  uint64_t size_bytes() const { return written_ + buffered_; }

 private:
  void sum_blocks(std::string_view bytes);
  Result<> write_buffer();

  os::File& file_;
  SegmentPlace place_;
  uint64_t limit_bytes_;
  size_t capacity_;  // whole blocks; a page more is there for the end of a short image
  PageBuffer buffer_;
  size_t buffered_ = 0;
  uint64_t written_ = 0;
  uint64_t crc_ = 0;
  std::string table_;
};

}  // namespace aerolith::objects
