#include <algorithm>
#include <optional>
#include <utility>

#include "base/digest.h"
#include "objects/extent_file.h"
#include "objects/object_store_state.h"
#include "objects/records.h"

namespace aerolith::objects {

namespace {
constexpr uint64_t kBlocksPerPiece = 4;
}  // namespace

struct ExtentReader::State {
  Extent extent;
  uint64_t at;                     // the next byte
  uint64_t end;                    // of the range
  std::string bytes;               // inline: all of them, checked
  std::optional<ExtentFile> file;  // else

  Result<std::string> next() {
    if (at == end) return std::string();
    if (!file) {
      std::string piece = at == 0 && end == bytes.size() ? std::move(bytes) : bytes.substr(at, end - at);
      at = end;
      return piece;
    }
    uint64_t first = at / kBlockBytes;
    uint64_t last = std::min(first + kBlocksPerPiece, (end + kBlockBytes - 1) / kBlockBytes);
    std::string piece = TRY(file->read_blocks(first, last));
    uint64_t piece_end = first * kBlockBytes + piece.size();
    if (piece_end > end) piece.resize(piece.size() - (piece_end - end));
    piece.erase(0, at - first * kBlockBytes);
    at = std::min(piece_end, end);
    return piece;
  }
};

ExtentReader::ExtentReader(std::unique_ptr<State> state) : state_(std::move(state)) {}
ExtentReader::ExtentReader(ExtentReader&&) noexcept = default;
ExtentReader& ExtentReader::operator=(ExtentReader&&) noexcept = default;
ExtentReader::~ExtentReader() = default;

Result<std::string> ExtentReader::next() { return state_->next(); }

Result<ExtentReader> ObjectStore::open(metadata::ReadTransaction& txn, const Extent& extent, uint64_t offset_bytes,
                                       uint64_t length_bytes) {
  if (offset_bytes > extent.size_bytes) return fail(ErrorCode::invalid, "a range that begins beyond the extent");
  uint64_t rest = extent.size_bytes - offset_bytes;
  if (length_bytes == kToTheEnd) length_bytes = rest;
  if (length_bytes > rest) return fail(ErrorCode::invalid, "a range that ends beyond the extent");
  auto state = std::make_unique<ExtentReader::State>();
  state->extent = extent;
  state->at = offset_bytes;
  state->end = offset_bytes + length_bytes;

  // Nobody finds the bytes: either the extent was released since the record was read, or they are lost.
  auto missing = [&]() -> Result<ExtentReader> {
    auto now = state_->metadata.begin_read();
    if (!TRY(kExtents.contains(*now, {extent.id}))) return fail(ErrorCode::gone, "extent " + extent.id.str());
    return fail(ErrorCode::corrupt, "extent " + extent.id.str() + ": its bytes are missing");
  };

  if (extent.kind == ExtentKind::inline_bytes) {
    std::optional<BytesRecord> record = TRY(kBytes.get(txn, {extent.id}));
    if (!record) return missing();
    if (record->bytes.size() != extent.size_bytes || crc64nvme(record->bytes) != extent.crc64nvme) {
      return fail(ErrorCode::corrupt, "extent " + extent.id.str() + ": its checksum is another");
    }
    state->bytes = std::move(record->bytes);
    return ExtentReader(std::move(state));
  }

  if (!is_extent_id(extent.id.view())) return fail(ErrorCode::corrupt, "a record with a damaged extent id");
  auto file = state_->files.open(state_->path_of(extent.id), os::OpenMode::read);
  if (!file && file.error().code == os::ErrorCode::not_found) return missing();
  if (!file) return std::unexpected(std::move(file).error());
  state->file = TRY(ExtentFile::open(std::move(*file), extent));
  if (length_bytes > 0) {
    TRY(state->file->load_checksums(offset_bytes / kBlockBytes, (state->end + kBlockBytes - 1) / kBlockBytes));
  }
  // A reader of all bytes checks the table as well. Together with header and trailer, which are checked against the
  // record, and the blocks, that leaves no byte of the file out.
  if (length_bytes == extent.size_bytes) TRY(state->file->check_table());
  return ExtentReader(std::move(state));
}

}  // namespace aerolith::objects
