#include "objects/segments.h"

#include <algorithm>
#include <chrono>
#include <utility>

#include "base/log.h"
#include "base/random.h"
#include "objects/page_buffer.h"
#include "objects/records.h"
#include "os/free_space.h"

namespace aerolith::objects {

namespace {

// So that one segment's writers go on while another one syncs (docs/dev/perf-log.md).
constexpr size_t kActiveSegments = 2;
constexpr size_t kReaderFiles = 128;
// How far beyond what is written the disk's blocks are taken: a sixteenth of it, within these bounds. So a write seldom
// waits for the file system's allocator, and little is taken that isn't used.
constexpr uint64_t kLeastAheadBytes = uint64_t{1} << 20;
constexpr uint64_t kMostAheadBytes = uint64_t{16} << 20;
// As metadata::StoreOptions has it: small objects are refused from there on, too.
constexpr uint64_t kReserveBytes = uint64_t{64} << 20;

// 48 bits of milliseconds since 1970 and 16 random bits: no two processes of a store ever make the same.
SegmentId make_segment_id() {
  const auto now =
      std::chrono::duration_cast<std::chrono::milliseconds>(std::chrono::system_clock::now().time_since_epoch());
  const std::string random = random_bytes(2);
  return static_cast<SegmentId>(now.count()) << 16 | SegmentId{static_cast<unsigned char>(random[0])} << 8 |
         SegmentId{static_cast<unsigned char>(random[1])};
}

}  // namespace

Segments::Segments(os::FileSystem& files, metadata::Store& metadata, std::string directory, const SegmentSizes& sizes)
    : files_(files),
      metadata_(metadata),
      directory_(std::move(directory)),
      sizes_(sizes),
      next_room_bytes_(sizes.first_bytes) {}

Result<std::shared_ptr<OpenSegment>> Segments::create(uint64_t room_bytes) {
  const SegmentId id = make_segment_id();
  {
    // Before anybody can see its row: what a former process left is recovered at the same time.
    const std::lock_guard lock(mutex_);
    open_.emplace(id, nullptr);
  }
  Result<std::shared_ptr<OpenSegment>> made = make_file(id, room_bytes);
  const std::lock_guard lock(mutex_);
  if (made) {
    open_[id] = *made;
  } else {
    open_.erase(id);
  }
  return made;
}

Result<std::shared_ptr<OpenSegment>> Segments::make_file(SegmentId id, uint64_t room_bytes) {
  // The row first: a file without one would be nobody's.
  TRY(set_state(id, SegmentState::open));
  auto make = [&]() -> Result<std::shared_ptr<OpenSegment>> {
    auto segment = std::make_shared<OpenSegment>(
        id, std::unique_ptr<os::File>(TRY(files_.open(path_of(id), os::OpenMode::create_direct, 0600))));
    const uint64_t size = kSegmentHeaderBytes + (room_bytes == kUnknownSize ? 0 : room_bytes);
    TRY(segment->file->preallocate(0, kSegmentHeaderBytes));
    TRY(segment->file->truncate(size));
    const std::string header = make_segment_header(id);
    const PageBuffer page = make_page_buffer(header.size());
    header.copy(page.get(), header.size());
    TRY(segment->file->write_at(0, {page.get(), header.size()}));
    TRY(segment->file->sync_data());
    TRY(files_.sync_directory(directory_));
    segment->allocated_offset = kSegmentHeaderBytes;
    segment->end_offset = room_bytes == kUnknownSize ? kUnknownSize : size;
    return segment;
  };
  Result<std::shared_ptr<OpenSegment>> made = make();
  if (!made) {
    (void)files_.remove(path_of(id));
    TRY(metadata::run_transaction(metadata_, [&](metadata::Transaction& txn) -> metadata::Result<> {
      kSegments.erase(txn, {id});
      return {};
    }));
  }
  return made;
}

std::shared_ptr<OpenSegment> Segments::find_room(uint64_t image) {
  std::shared_ptr<OpenSegment> best;
  for (const auto& segment : active_) {
    if (segment->end_offset - segment->next_offset < image) continue;
    if (!best || segment->writers < best->writers) best = segment;
  }
  return best;
}

Place Segments::take(const std::shared_ptr<OpenSegment>& segment, uint64_t image) {
  const SegmentPlace place{segment->id, segment->next_offset};
  segment->next_offset += image;
  ++segment->writers;
  return Place(*this, segment, place);
}

// Some writer does it for those beside it, who need not wait: their writes take blocks by themselves.
Result<> Segments::allocate_ahead(OpenSegment& segment) {
  uint64_t begin = 0;
  uint64_t end = 0;
  {
    const std::lock_guard lock(mutex_);
    if (segment.next_offset <= segment.allocated_offset) return {};
    const uint64_t ahead = std::clamp(segment.next_offset / 16, kLeastAheadBytes, kMostAheadBytes);
    begin = segment.allocated_offset;
    end = std::min(segment.end_offset, segment.next_offset + ahead / kPageBytes * kPageBytes);
    segment.allocated_offset = end;
  }
  auto allocate = [&]() -> Result<> {
    TRY(available_bytes(end - begin));
    TRY(segment.file->preallocate(begin, end - begin));
    return {};
  };
  Result<> done = allocate();
  if (!done) {
    const std::lock_guard lock(mutex_);
    segment.allocated_offset = std::min(segment.allocated_offset, begin);
  }
  return done;
}

Result<Place> Segments::reserve(uint64_t limit_bytes) {
  Place place = TRY(limit_bytes > sizes_.shared_limit_bytes ? reserve_own(limit_bytes) : reserve_shared(limit_bytes));
  if (limit_bytes != kUnknownSize) TRY(allocate_ahead(place.segment()));
  return place;
}

Result<Place> Segments::reserve_shared(uint64_t limit_bytes) {
  const uint64_t image = image_bytes(limit_bytes);
  auto try_take = [&]() -> Result<std::optional<Place>> {
    const std::lock_guard lock(mutex_);
    if (failure_) return std::unexpected(Error(*failure_));
    const std::shared_ptr<OpenSegment> segment = find_room(image);
    // A busy segment will do where a second one is there already, or is being made.
    if (!segment || (segment->writers > 0 && active_.size() < kActiveSegments)) return std::optional<Place>();
    return std::optional(take(segment, image));
  };
  if (std::optional<Place> place = TRY(try_take())) return *std::move(place);
  const std::lock_guard creating(create_mutex_);
  if (std::optional<Place> place = TRY(try_take())) return *std::move(place);
  const Result<std::shared_ptr<OpenSegment>> created = make_next(image);
  const std::lock_guard lock(mutex_);
  if (!created) {
    // One that is busy is better than none.
    const std::shared_ptr<OpenSegment> busy = find_room(image);
    if (busy) return take(busy, image);
    return std::unexpected(created.error());
  }
  const std::shared_ptr<OpenSegment>& made = *created;
  next_room_bytes_ = std::min(2 * next_room_bytes_, sizes_.most_bytes);
  // The one with the least room makes way.
  if (active_.size() == kActiveSegments) {
    active_.erase(std::ranges::max_element(active_, {}, [](const auto& s) { return s->next_offset; }));
  }
  active_.push_back(made);
  return take(made, image);
}

Result<std::shared_ptr<OpenSegment>> Segments::make_next(uint64_t image) {
  const uint64_t available = TRY(available_bytes(image));
  const uint64_t share = available / 4 / kPageBytes * kPageBytes;
  return create(std::max(image, std::min(next_room_bytes_, share)));
}

// The store of record keeps its reserve, so that things can be removed when the disk is full.
Result<uint64_t> Segments::available_bytes(uint64_t wanted_bytes) const {
  const std::optional<uint64_t> free = os::free_bytes(directory_);
  if (!free) return kUnknownSize;
  const uint64_t available = *free > kReserveBytes ? *free - kReserveBytes : 0;
  if (available >= wanted_bytes) return available;
  return fail(ErrorCode::no_space, "the file system of " + directory_ + " is full but for its reserve");
}

Result<Place> Segments::reserve_own(uint64_t limit_bytes) {
  {
    const std::lock_guard lock(mutex_);
    if (failure_) return std::unexpected(Error(*failure_));
  }
  const uint64_t image = limit_bytes == kUnknownSize ? kUnknownSize - kSegmentHeaderBytes : image_bytes(limit_bytes);
  TRY(available_bytes(limit_bytes == kUnknownSize ? 0 : image));
  const std::shared_ptr<OpenSegment> made = TRY(create(limit_bytes == kUnknownSize ? kUnknownSize : image));
  const std::lock_guard lock(mutex_);
  return take(made, image);
}

Place::~Place() {
  if (segment_) segments_->give_up(*segment_);
}

void Segments::give_up(OpenSegment& segment) {
  const std::lock_guard lock(mutex_);
  --segment.writers;
}

Result<> Segments::sync(const Place& place) {
  const os::Result<> synced = place.segment().syncs.sync();
  if (synced) return {};
  const std::lock_guard lock(mutex_);
  if (!failure_) {
    failure_ = os::Error{os::ErrorCode::io, "no more bytes are taken, since a sync failed: " + synced.error().detail};
    log_error("a sync of object bytes failed; no more are taken until the next start",
              {{"error", synced.error().detail}});
  }
  return std::unexpected(Error(*failure_));
}

Result<std::shared_ptr<const os::File>> Segments::open_for_reading(SegmentId id) {
  {
    const std::lock_guard lock(readers_mutex_);
    if (const auto found = reader_at_.find(id); found != reader_at_.end()) {
      readers_.splice(readers_.begin(), readers_, found->second);
      return found->second->file;
    }
  }
  auto opened = files_.open(path_of(id), os::OpenMode::read, 0);
  if (!opened && opened.error().code == os::ErrorCode::not_found) return std::shared_ptr<const os::File>();
  if (!opened) return std::unexpected(Error(opened.error()));
  std::shared_ptr<const os::File> file = *std::move(opened);
  const std::lock_guard lock(readers_mutex_);
  readers_.push_front({id, file});
  if (!reader_at_.try_emplace(id, readers_.begin()).second) {
    readers_.pop_front();  // another thread was first
  } else if (readers_.size() > kReaderFiles) {
    reader_at_.erase(readers_.back().id);
    readers_.pop_back();
  }
  return file;
}

Result<> Segments::punch(const SegmentPlace& place, uint64_t size_bytes) {
  auto file = files_.open(path_of(place.segment), os::OpenMode::write, 0);
  // Not there: it went as a whole.
  if (!file && file.error().code == os::ErrorCode::not_found) return {};
  if (!file) return std::unexpected(Error(file.error()));
  TRY((*file)->punch_hole(place.offset, size_bytes));
  return {};
}

bool Segments::is_open(SegmentId id) {
  const std::lock_guard lock(mutex_);
  return open_.contains(id);
}

}  // namespace aerolith::objects
