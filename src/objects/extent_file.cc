#include "objects/extent_file.h"

#include <algorithm>
#include <chrono>

#include "base/digest.h"
#include "base/encoding.h"
#include "base/random.h"

namespace aerolith::objects {

namespace {

constexpr std::string_view kHeaderMagic = "AEROEXT1";
constexpr std::string_view kTrailerMagic = "AEROEND1";
constexpr uint32_t kVersion = 1;
constexpr uint64_t kChecksumBytes = 8;
// Below this, taking the room beforehand costs more than it saves.
constexpr uint64_t kPreallocateFromBytes = uint64_t{1} << 20;

void append_uint(std::string& out, uint64_t value, size_t width) {
  for (size_t i = 0; i < width; ++i) out += static_cast<char>(value >> (8 * i));
}

uint64_t read_uint(std::string_view in, size_t at, size_t width) {
  uint64_t value = 0;
  for (size_t i = 0; i < width; ++i) value |= uint64_t{static_cast<unsigned char>(in[at + i])} << (8 * i);
  return value;
}

uint64_t blocks_of(uint64_t size) { return (size + kBlockBytes - 1) / kBlockBytes; }

std::string make_header(const ExtentId& id) {
  std::string header(kHeaderMagic);
  append_uint(header, kVersion, 4);
  append_uint(header, kBlockBytes, 4);
  header += hex_decode(id.view()).value_or(std::string(16, '\0'));
  append_uint(header, 0, 8);
  append_uint(header, crc64nvme(header), 8);
  return header;
}

std::string make_trailer(uint64_t size, uint64_t crc, uint64_t table_crc) {
  std::string trailer(kTrailerMagic);
  append_uint(trailer, size, 8);
  append_uint(trailer, crc, 8);
  append_uint(trailer, table_crc, 8);
  append_uint(trailer, crc64nvme(trailer), 8);
  return trailer;
}

// Exactly `size` bytes; fewer are damage.
Result<std::string> read_exactly(const os::File& file, uint64_t offset, uint64_t size) {
  std::string bytes;
  std::optional<os::Error> error;
  // Not the lambda's own size: libstdc++ 12.2 passes the capacity for some.
  bytes.resize_and_overwrite(size, [&](char* data, size_t) -> size_t {
    os::Result<size_t> n = file.read_at(offset, std::span(data, size));
    if (n) return *n;
    error = n.error();
    return 0;
  });
  if (error) return std::unexpected(Error(*error));
  return bytes;
}

}  // namespace

bool is_extent_id(std::string_view text) {
  return text.size() == 32 && text.find_first_not_of("0123456789abcdef") == std::string_view::npos;
}

ExtentId make_extent_id() {
  auto now = std::chrono::duration_cast<std::chrono::milliseconds>(std::chrono::system_clock::now().time_since_epoch());
  std::string bytes;
  for (int shift = 40; shift >= 0; shift -= 8) bytes += static_cast<char>(now.count() >> shift);
  return ExtentId(hex_encode(bytes + random_bytes(10)));
}

Result<std::unique_ptr<ExtentFileWriter>> ExtentFileWriter::create(os::FileSystem& files, const std::string& path,
                                                                   const ExtentId& id, uint64_t size_hint_bytes) {
  std::unique_ptr<os::File> file = TRY(files.open(path, os::OpenMode::create, 0600));
  bool preallocates = size_hint_bytes >= kPreallocateFromBytes;
  if (preallocates) {
    TRY(file->preallocate(kHeaderBytes + size_hint_bytes + kChecksumBytes * blocks_of(size_hint_bytes) +
                          kTrailerBytes));
  }
  TRY(file->write_at(0, make_header(id)));
  return std::unique_ptr<ExtentFileWriter>(new ExtentFileWriter(std::move(file), id, preallocates));
}

Result<> ExtentFileWriter::append(std::string_view bytes) {
  if (!block_.empty()) {
    size_t taken = std::min<size_t>(kBlockBytes - block_.size(), bytes.size());
    block_ += bytes.substr(0, taken);
    bytes.remove_prefix(taken);
    if (block_.size() < kBlockBytes) return {};
    TRY(write_blocks(block_));
    block_.clear();
  }
  size_t whole = bytes.size() / kBlockBytes * kBlockBytes;
  TRY(write_blocks(bytes.substr(0, whole)));
  block_ += bytes.substr(whole);
  return {};
}

Result<> ExtentFileWriter::write_blocks(std::string_view bytes) {
  if (bytes.empty()) return {};
  TRY(file_->write_at(kHeaderBytes + size_, bytes));
  size_ += bytes.size();
  crc_ = crc64nvme(bytes, crc_);
  for (; !bytes.empty(); bytes.remove_prefix(std::min<size_t>(kBlockBytes, bytes.size()))) {
    append_uint(table_, crc64nvme(bytes.substr(0, kBlockBytes)), kChecksumBytes);
  }
  return {};
}

Result<Extent> ExtentFileWriter::finish() {
  TRY(write_blocks(block_));
  block_.clear();
  std::string end = table_ + make_trailer(size_, crc_, crc64nvme(table_));
  TRY(file_->write_at(kHeaderBytes + size_, end));
  // Gives back what a wrong hint has taken too much.
  if (preallocated_) TRY(file_->truncate(kHeaderBytes + size_ + end.size()));
  TRY(file_->sync_data());
  return Extent{.id = id_, .size_bytes = size_, .kind = ExtentKind::file, .crc64nvme = crc_};
}

std::unexpected<Error> ExtentFile::damaged(std::string_view what) const {
  return std::unexpected(Error(ErrorCode::corrupt, "extent " + extent_.id.str() + ": " + std::string(what)));
}

Result<ExtentFile> ExtentFile::open(std::unique_ptr<os::File> open_file, const Extent& extent) {
  ExtentFile opened(std::move(open_file), extent, 0);
  const os::File& file = *opened.file_;
  uint64_t trailer_at = kHeaderBytes + extent.size_bytes + kChecksumBytes * blocks_of(extent.size_bytes);
  if (TRY(file.size()) != trailer_at + kTrailerBytes) return opened.damaged("the file has another size");
  std::string header = TRY(read_exactly(file, 0, kHeaderBytes));
  if (header != make_header(extent.id)) {
    // A newer version is only believed with a sound checksum.
    bool sound = header.size() == kHeaderBytes && header.starts_with(kHeaderMagic) &&
                 crc64nvme(std::string_view(header).substr(0, 40)) == read_uint(header, 40, 8);
    if (sound && read_uint(header, 8, 4) > kVersion) return opened.damaged("written by a newer version");
    return opened.damaged("the header is damaged or of another extent");
  }
  std::string trailer = TRY(read_exactly(file, trailer_at, kTrailerBytes));
  if (trailer.size() < kTrailerBytes) return opened.damaged("the file ended early");
  opened.table_crc_ = read_uint(trailer, 24, 8);
  if (trailer != make_trailer(extent.size_bytes, extent.crc64nvme, opened.table_crc_)) {
    return opened.damaged("the trailer is damaged or of other bytes");
  }
  return opened;
}

Result<> ExtentFile::load_checksums(uint64_t first_block, uint64_t end_block) {
  uint64_t at = kHeaderBytes + extent_.size_bytes + kChecksumBytes * first_block;
  uint64_t count = end_block - first_block;
  std::string bytes = TRY(read_exactly(*file_, at, kChecksumBytes * count));
  if (bytes.size() < kChecksumBytes * count) return damaged("the file ended early");
  first_loaded_ = first_block;
  checksums_.resize(count);
  for (uint64_t i = 0; i < count; ++i) checksums_[i] = read_uint(bytes, kChecksumBytes * i, kChecksumBytes);
  return {};
}

Result<std::string> ExtentFile::read_blocks(uint64_t first_block, uint64_t end_block) const {
  uint64_t begin = first_block * kBlockBytes;
  uint64_t end = std::min(end_block * kBlockBytes, extent_.size_bytes);
  std::string bytes = TRY(read_exactly(*file_, kHeaderBytes + begin, end - begin));
  if (bytes.size() < end - begin) return damaged("the file ended early");
  for (uint64_t block = first_block; block < end_block; ++block) {
    std::string_view content = std::string_view(bytes).substr((block - first_block) * kBlockBytes, kBlockBytes);
    if (crc64nvme(content) != checksums_[block - first_loaded_]) {
      return damaged("block " + std::to_string(block) + " is damaged");
    }
  }
  return bytes;
}

Result<> ExtentFile::check_table() const {
  uint64_t blocks = blocks_of(extent_.size_bytes);
  std::string table = TRY(read_exactly(*file_, kHeaderBytes + extent_.size_bytes, kChecksumBytes * blocks));
  if (crc64nvme(table) != table_crc_) return damaged("the table of checksums is damaged");
  return {};
}

}  // namespace aerolith::objects
