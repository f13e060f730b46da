#include "objects/image_reader.h"

#include <algorithm>
#include <utility>

#include "base/digest.h"

namespace aerolith::objects {

namespace {

Result<std::string> read_exactly(const os::File& file, uint64_t offset, uint64_t size) {
  std::string bytes(size, '\0');
  bytes.resize(TRY(file.read_at(offset, bytes)));
  return bytes;
}

}  // namespace

std::unexpected<Error> ImageReader::damaged(std::string_view what) const {
  return std::unexpected(Error(ErrorCode::corrupt, "extent " + extent_.id.str() + ": " + std::string(what)));
}

Result<ImageReader> ImageReader::open(std::shared_ptr<const os::File> file, const Extent& extent) {
  const bool is_file = extent.kind == ExtentKind::file;
  ImageReader opened(std::move(file), extent, is_file ? kFileHeaderBytes : place_of(extent.id).offset);
  TRY(is_file ? opened.read_file_frame() : opened.read_segment_frame());
  return opened;
}

Result<> ImageReader::take_table(std::string_view table, uint64_t table_crc) {
  if (crc64nvme(table) != table_crc) return damaged("the table of checksums is damaged");
  checksums_.resize(table.size() / kChecksumBytes);
  for (size_t i = 0; i < checksums_.size(); ++i) checksums_[i] = read_uint64(table, kChecksumBytes * i);
  return {};
}

Result<> ImageReader::read_segment_frame() {
  const uint64_t table_bytes = kChecksumBytes * blocks_of(extent_.size_bytes);
  const std::string end = TRY(read_exactly(*file_, data_offset_ + extent_.size_bytes, table_bytes + kTrailerBytes));
  if (end.size() < table_bytes + kTrailerBytes) return damaged("the file ended early");
  const std::string_view trailer = std::string_view(end).substr(table_bytes);
  const uint64_t table_crc = read_uint64(trailer, 40);
  if (trailer != make_trailer(extent_, table_crc)) return damaged("the trailer is damaged or of other bytes");
  return take_table(std::string_view(end).substr(0, table_bytes), table_crc);
}

Result<> ImageReader::read_file_frame() {
  const uint64_t table_bytes = kChecksumBytes * blocks_of(extent_.size_bytes);
  const uint64_t end_at = kFileHeaderBytes + extent_.size_bytes;
  if (TRY(file_->size()) != end_at + table_bytes + kFileTrailerBytes) return damaged("the file has another size");
  if (TRY(read_exactly(*file_, 0, kFileHeaderBytes)) != make_file_header(extent_.id))
    return damaged("the header is damaged or of another extent");
  const std::string end = TRY(read_exactly(*file_, end_at, table_bytes + kFileTrailerBytes));
  if (end.size() < table_bytes + kFileTrailerBytes) return damaged("the file ended early");
  const std::string_view trailer = std::string_view(end).substr(table_bytes);
  const uint64_t table_crc = read_uint64(trailer, 24);
  if (trailer != make_file_trailer(extent_, table_crc)) return damaged("the trailer is damaged or of other bytes");
  return take_table(std::string_view(end).substr(0, table_bytes), table_crc);
}

uint64_t ImageReader::block_size(uint64_t block) const {
  return std::min(kBlockBytes, extent_.size_bytes - block * kBlockBytes);
}

Result<> ImageReader::read_block(uint64_t block, std::span<char> into) const {
  const size_t count = TRY(file_->read_at(data_offset_ + block * kBlockBytes, into));
  if (count < into.size()) return damaged("the file ended early");
  if (crc64nvme({into.data(), into.size()}) != checksums_[block])
    return damaged("block " + std::to_string(block) + " is damaged");
  return {};
}

Result<std::string> ImageReader::read_blocks(uint64_t first_block, uint64_t end_block) const {
  uint64_t size = 0;
  for (uint64_t block = first_block; block < end_block; ++block) size += block_size(block);
  std::string bytes;
  std::optional<Error> error;
  // Not the lambda's own size: libstdc++ 12.2 passes the capacity for some.
  bytes.resize_and_overwrite(size, [&](char* data, size_t) -> size_t {
    for (uint64_t block = first_block; block < end_block && !error; ++block) {
      const std::span<char> into(data + (block - first_block) * kBlockBytes, block_size(block));
      if (Result<> read = read_block(block, into); !read) error = read.error();
    }
    return size;
  });
  if (error) return std::unexpected(*std::move(error));
  return bytes;
}

Result<> ImageReader::check_blocks(uint64_t first_block, uint64_t end_block) const {
  // Small enough for the processor's cache.
  constexpr uint64_t kPieceBytes = uint64_t{64} << 10;
  thread_local const std::unique_ptr<char[]> buffer = std::make_unique_for_overwrite<char[]>(kPieceBytes);
  for (uint64_t block = first_block; block < end_block; ++block) {
    uint64_t crc = 0;
    for (uint64_t at = 0; at < block_size(block); at += kPieceBytes) {
      const std::span<char> piece(buffer.get(), std::min(kPieceBytes, block_size(block) - at));
      const size_t count = TRY(file_->read_at(data_offset_ + block * kBlockBytes + at, piece));
      if (count < piece.size()) return damaged("the file ended early");
      crc = crc64nvme({piece.data(), piece.size()}, crc);
    }
    if (crc != checksums_[block]) return damaged("block " + std::to_string(block) + " is damaged");
  }
  return {};
}

}  // namespace aerolith::objects
