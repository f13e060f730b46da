#include "services/s3/object_body.h"

#include <algorithm>

#include "base/log.h"

namespace aerolith::s3 {
namespace {

constexpr uint64_t kStringBodyBytes = uint64_t{64} << 10;

// Gives the segments' bytes in order.
class SegmentSource final : public http::BodySource {
 public:
  SegmentSource(objects::ObjectStore& objects, ReadHold hold, std::vector<Segment> segments)
      : objects_(objects), hold_(std::move(hold)), segments_(std::move(segments)) {}

  // Opens the next segment. The first one is opened before the answer's head goes out.
  objects::Result<bool> advance() {
    if (next_ == segments_.size()) return false;
    const Segment& segment = segments_[next_++];
    reader_.emplace(TRY(objects_.open(*hold_.txn, segment.extent, segment.offset_bytes, segment.size_bytes)));
    // An open extent needs no hold any more, and the last one is open now.
    if (next_ == segments_.size()) hold_ = {};
    return true;
  }

  objects::Result<std::string> read() {
    while (true) {
      if (!reader_ && !TRY(advance())) return std::string();
      std::string bytes = TRY(reader_->next());
      if (!bytes.empty()) return bytes;
      reader_.reset();
    }
  }

  aerolith::Result<http::BodyPiece, http::SourceError> next() override {
    auto piece = next_piece();
    if (!piece.has_value()) {
      log_error("s3: an object's bytes can't be read to their end", {{"detail", piece.error().detail}});
      return fail(http::SourceErrorCode::failed, piece.error().detail);
    }
    return *std::move(piece);
  }

 private:
  // Bytes that lie in a file go out from there.
  objects::Result<http::BodyPiece> next_piece() {
    while (true) {
      if (!reader_ && !TRY(advance())) return http::BodyPiece();
      if (reader_->is_inline()) return http::BodyPiece(TRY(read()));
      if (auto bytes = TRY(reader_->next_in_file())) {
        return http::BodyPiece(
            http::FileRange{std::move(bytes->owner), bytes->descriptor, bytes->offset_bytes, bytes->size_bytes});
      }
      reader_.reset();
    }
  }

  objects::ObjectStore& objects_;
  ReadHold hold_;
  std::vector<Segment> segments_;
  size_t next_ = 0;
  std::optional<objects::ExtentReader> reader_;
};

void add_overlap(std::vector<Segment>& segments, const objects::Extent& extent, uint64_t extent_offset_bytes,
                 const ByteRange& range) {
  uint64_t begin = std::max(extent_offset_bytes, range.offset_bytes);
  uint64_t end = std::min(extent_offset_bytes + extent.size_bytes, range.offset_bytes + range.size_bytes);
  if (begin < end) segments.push_back({extent, begin - extent_offset_bytes, end - begin});
}

}  // namespace

Result<std::vector<Segment>> locate(metadata::ReadTransaction& txn, const ObjectRecord& object,
                                    const ByteRange& range) {
  std::vector<Segment> segments;
  if (object.extent) add_overlap(segments, *object.extent, 0, range);
  if (!object.layout || range.size_bytes == 0) return segments;
  // The part that the range begins in is the last one that begins at or before it.
  uint64_t start = 0;
  auto back = kLayouts.scan(txn, metadata::Direction::backward, *object.layout);
  back.seek(*object.layout, range.offset_bytes);
  if (TRY(back.next())) start = std::get<1>(back.key());
  auto rows = kLayouts.scan(txn, metadata::Direction::forward, *object.layout);
  rows.seek(*object.layout, start);
  while (TRY(rows.next())) {
    uint64_t offset = std::get<1>(rows.key());
    if (offset >= range.offset_bytes + range.size_bytes) break;
    LayoutRecord part = TRY(rows.record());
    add_overlap(segments, part.extent, offset, range);
  }
  return segments;
}

Result<std::optional<http::ResponseBody>> open_body(const Call& call, ReadHold hold, std::vector<Segment> segments) {
  uint64_t size_bytes = 0;
  for (const Segment& segment : segments) size_bytes += segment.size_bytes;
  auto source = std::make_unique<SegmentSource>(call.objects, std::move(hold), std::move(segments));
  auto opened = source->advance();
  if (!opened.has_value()) {
    if (opened.error().code == objects::ErrorCode::gone) return std::optional<http::ResponseBody>();
    return std::unexpected(CallError(opened.error()));
  }
  if (size_bytes > kStringBodyBytes) {
    return std::optional<http::ResponseBody>(http::StreamedBody{std::move(source), size_bytes});
  }
  std::string whole;
  while (true) {
    std::string bytes = TRY(source->read());
    if (bytes.empty()) break;
    whole += whole.empty() ? std::move(bytes) : bytes;
  }
  return std::optional<http::ResponseBody>(std::move(whole));
}

}  // namespace aerolith::s3
