#include "objects/image_writer.h"

#include <algorithm>
#include <cstring>

#include "base/crc_combine.h"
#include "base/digest.h"

namespace aerolith::objects {

namespace {

constexpr uint64_t kBufferBytes = uint64_t{1} << 20;
constexpr uint64_t kBlockShift = crc_shift(kCrc64Nvme, kBlockBytes);

}  // namespace

ImageWriter::ImageWriter(os::File& file, SegmentPlace place, uint64_t limit_bytes)
    : file_(file),
      place_(place),
      limit_bytes_(limit_bytes),
      capacity_(round_up(std::clamp<uint64_t>(limit_bytes, 1, kBufferBytes), kBlockBytes)),
      buffer_(make_page_buffer(capacity_ + kPageBytes)) {}

void ImageWriter::sum_blocks(std::string_view bytes) {
  for (; !bytes.empty(); bytes.remove_prefix(std::min<size_t>(kBlockBytes, bytes.size()))) {
    const std::string_view block = bytes.substr(0, kBlockBytes);
    const uint64_t crc = crc64nvme(block);
    append_uint64(table_, crc);
    const uint64_t shift = block.size() == kBlockBytes ? kBlockShift : crc_shift(kCrc64Nvme, block.size());
    crc_ = multiply_crc(kCrc64Nvme, crc_, shift) ^ crc;
  }
}

Result<> ImageWriter::write_buffer() {
  const std::string_view bytes(buffer_.get(), buffered_);
  sum_blocks(bytes);
  TRY(file_.write_at(place_.offset + written_, bytes));
  written_ += buffered_;
  buffered_ = 0;
  return {};
}

Result<> ImageWriter::filled(size_t count) {
  if (count > limit_bytes_ - size_bytes()) return fail(ErrorCode::invalid, "more bytes than were announced");
  buffered_ += count;
  if (buffered_ == capacity_) TRY(write_buffer());
  return {};
}

Result<Extent> ImageWriter::finish() {
  sum_blocks({buffer_.get(), buffered_});
  const Extent extent{
      .id = extent_id(place_), .size_bytes = size_bytes(), .kind = ExtentKind::segment, .crc64nvme = crc_};
  const std::string end = table_ + make_trailer(extent, crc64nvme(table_));
  const uint64_t rest = image_bytes(extent.size_bytes) - written_;
  if (rest > capacity_ + kPageBytes) {
    PageBuffer larger = make_page_buffer(rest);
    std::memcpy(larger.get(), buffer_.get(), buffered_);
    buffer_ = std::move(larger);
  }
  char* const at = buffer_.get() + buffered_;
  std::memcpy(at, end.data(), end.size());
  std::memset(at + end.size(), 0, rest - buffered_ - end.size());
  TRY(file_.write_at(place_.offset + written_, {buffer_.get(), rest}));
  return extent;
}

}  // namespace aerolith::objects
