#include <algorithm>
#include <optional>
#include <utility>

#include "base/digest.h"
#include "objects/image_reader.h"
#include "objects/object_store_state.h"
#include "objects/records.h"

namespace aerolith::objects {

namespace {
constexpr uint64_t kBlocksPerPiece = 4;
}  // namespace

struct ExtentReader::State {
  uint64_t at;                       // the next byte
  uint64_t end;                      // of the range
  std::string bytes;                 // inline: all of them, checked
  std::optional<ImageReader> image;  // else
  std::shared_ptr<const void> pin;   // of the image

  // The blocks of the next piece, and how much of them belongs to it.
  struct Piece {
    uint64_t first_block;
    uint64_t end_block;
    uint64_t skip_bytes;
    uint64_t size_bytes;
  };
  Piece take_piece() {
    const uint64_t first = at / kBlockBytes;
    const uint64_t last = std::min(first + kBlocksPerPiece, blocks_of(end));
    const uint64_t piece_end = std::min(last * kBlockBytes, end);
    Piece piece{first, last, at - first * kBlockBytes, piece_end - at};
    at = piece_end;
    return piece;
  }

  Result<std::string> next() {
    if (at == end) return std::string();
    if (!image) {
      std::string piece = at == 0 && end == bytes.size() ? std::move(bytes) : bytes.substr(at, end - at);
      at = end;
      return piece;
    }
    const Piece piece = take_piece();
    std::string out = TRY(image->read_blocks(piece.first_block, piece.end_block));
    out.resize(piece.skip_bytes + piece.size_bytes);
    out.erase(0, piece.skip_bytes);
    return out;
  }

  Result<std::optional<FileBytes>> next_in_file() {
    if (at == end || !image) return std::optional<FileBytes>();
    const uint64_t offset = image->data_offset() + at;
    const Piece piece = take_piece();
    TRY(image->check_blocks(piece.first_block, piece.end_block));
    auto owner =
        std::make_shared<std::pair<std::shared_ptr<const os::File>, std::shared_ptr<const void>>>(image->file(), pin);
    return std::optional(FileBytes{.owner = std::move(owner),
                                   .descriptor = image->file()->descriptor(),
                                   .offset_bytes = offset,
                                   .size_bytes = piece.size_bytes});
  }
};

ExtentReader::ExtentReader(std::unique_ptr<State> state) : state_(std::move(state)) {}
ExtentReader::ExtentReader(ExtentReader&&) noexcept = default;
ExtentReader& ExtentReader::operator=(ExtentReader&&) noexcept = default;
ExtentReader::~ExtentReader() = default;

Result<std::string> ExtentReader::next() { return state_->next(); }
Result<std::optional<FileBytes>> ExtentReader::next_in_file() { return state_->next_in_file(); }
bool ExtentReader::is_inline() const { return !state_->image.has_value(); }

Result<std::string> ObjectStore::State::read_inline(metadata::ReadTransaction& txn, const Extent& extent) {
  std::optional<BytesRecord> record = TRY(kBytes.get(txn, {extent.id}));
  if (!record) return missing(extent);
  if (record->bytes.size() == extent.size_bytes && crc64nvme(record->bytes) == extent.crc64nvme)
    return std::move(record->bytes);
  return fail(ErrorCode::corrupt, "extent " + extent.id.str() + ": its checksum is another");
}

// Nobody finds the bytes: either the extent was released since the record was read, or they are lost.
std::unexpected<Error> ObjectStore::State::missing(const Extent& extent) {
  const bool is_inline = extent.kind == ExtentKind::inline_bytes;
  auto now = metadata.begin_read();
  auto is_named = is_inline ? kBytes.contains(*now, {extent.id}) : kExtents.contains(*now, {extent.id});
  if (!is_named) return std::unexpected(Error(is_named.error()));
  if (!*is_named) return std::unexpected(Error(ErrorCode::gone, "extent " + extent.id.str()));
  return std::unexpected(Error(ErrorCode::corrupt, "extent " + extent.id.str() + ": its bytes are missing"));
}

Result<ExtentReader> ObjectStore::open(metadata::ReadTransaction& txn, const Extent& extent, uint64_t offset_bytes,
                                       uint64_t length_bytes) {
  if (offset_bytes > extent.size_bytes) return fail(ErrorCode::invalid, "a range that begins beyond the extent");
  uint64_t rest = extent.size_bytes - offset_bytes;
  if (length_bytes == kToTheEnd) length_bytes = rest;
  if (length_bytes > rest) return fail(ErrorCode::invalid, "a range that ends beyond the extent");
  auto state = std::make_unique<ExtentReader::State>();
  state->at = offset_bytes;
  state->end = offset_bytes + length_bytes;
  if (extent.kind == ExtentKind::inline_bytes || extent.kind == ExtentKind::counted_inline) {
    state->bytes = TRY(state_->read_inline(txn, extent));
    return ExtentReader(std::move(state));
  }
  state->pin = state_->pins.pin(extent.id);
  if (!state->pin) return state_->missing(extent);
  std::shared_ptr<const os::File> file = TRY(state_->open_file_of(extent));
  if (!file) return state_->missing(extent);
  Result<ImageReader> image = ImageReader::open(std::move(file), extent);
  if (!image && image.error().code == ErrorCode::corrupt) {
    // A hole: it was released, and removed before it was pinned.
    auto now = state_->metadata.begin_read();
    if (!TRY(kExtents.contains(*now, {extent.id}))) return fail(ErrorCode::gone, "extent " + extent.id.str());
  }
  state->image = TRY(std::move(image));
  return ExtentReader(std::move(state));
}

}  // namespace aerolith::objects
