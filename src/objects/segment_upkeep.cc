// The ends of segments: sealed when they are full, removed when they are empty, recovered after a crash.
#include <algorithm>
#include <utility>

#include "base/log.h"
#include "objects/records.h"
#include "objects/segments.h"

namespace aerolith::objects {

Result<> Segments::seal(SealWhich which) {
  std::vector<std::shared_ptr<OpenSegment>> done;
  {
    const std::lock_guard lock(mutex_);
    if (which == SealWhich::all) active_.clear();
    for (const auto& [id, segment] : open_) {
      if (segment && segment->writers == 0 && std::ranges::find(active_, segment) == active_.end())
        done.push_back(segment);
    }
  }
  for (const auto& segment : done) {
    TRY(seal_one(segment->id));
    {
      const std::lock_guard lock(mutex_);
      open_.erase(segment->id);
    }
    TRY(remove_if_empty(segment->id));
  }
  return {};
}

Result<bool> Segments::has_rows(metadata::ReadTransaction& txn, SegmentId id) {
  const ExtentId prefix(segment_name(id));
  auto extents = kExtents.scan_prefix(txn, metadata::Direction::forward, prefix);
  if (TRY(extents.next())) return true;
  auto garbage = kGarbage.scan_prefix(txn, metadata::Direction::forward, prefix);
  return TRY(garbage.next());
}

Result<bool> Segments::remove_if_empty(SegmentId id) {
  if (is_open(id)) return false;
  const bool empty = TRY(metadata::run_transaction(metadata_, [&](metadata::Transaction& txn) -> Result<bool> {
    if (!TRY(kSegments.contains(txn, {id})) || TRY(has_rows(txn, id))) return false;
    kSegments.erase(txn, {id});
    return true;
  }));
  if (!empty) return false;
  {
    const std::lock_guard lock(readers_mutex_);
    if (const auto found = reader_at_.find(id); found != reader_at_.end()) {
      readers_.erase(found->second);
      reader_at_.erase(found);
    }
  }
  // Not synced: a file that comes back after a power loss has no row, and goes then.
  const auto removed = files_.remove(path_of(id));
  if (!removed && removed.error().code != os::ErrorCode::not_found) return std::unexpected(Error(removed.error()));
  return true;
}

Result<uint64_t> Segments::recover() {
  std::vector<SegmentId> left_open;
  {
    auto txn = metadata_.begin_read();
    auto rows = kSegments.scan(*txn, metadata::Direction::forward);
    while (TRY(rows.next())) {
      const SegmentId id = std::get<0>(rows.key());
      if (TRY(rows.record()).state == SegmentState::open && !is_open(id)) left_open.push_back(id);
    }
  }
  for (const SegmentId id : left_open) {
    TRY(seal_one(id));
    TRY(remove_if_empty(id));
  }
  TRY(remove_strays());
  return uint64_t{left_open.size()};
}

// Files whose removal a power loss has undone.
Result<> Segments::remove_strays() {
  {
    // Without any row the metadata may have been lost, and these bytes would be all that is left.
    auto txn = metadata_.begin_read();
    if (!TRY(kSegments.scan(*txn, metadata::Direction::forward).next())) return {};
  }
  for (const os::DirectoryEntry& entry : TRY(files_.list(directory_))) {
    const std::optional<SegmentId> id = parse_segment_name(entry.name);
    if (!id || entry.is_directory) continue;
    // The row of one that is just being made came before its file.
    auto txn = metadata_.begin_read();
    if (TRY(kSegments.contains(*txn, {*id})) || TRY(has_rows(*txn, *id))) continue;
    const auto removed = files_.remove(path_of(*id));
    if (!removed) log_warning("a segment without rows can't be removed", {{"error", removed.error().detail}});
  }
  return {};
}

Result<std::vector<Segments::Stretch>> Segments::named_stretches(SegmentId id) {
  std::vector<Stretch> named;
  const ExtentId prefix(segment_name(id));
  auto txn = metadata_.begin_read();
  auto extents = kExtents.scan_prefix(*txn, metadata::Direction::forward, prefix);
  while (TRY(extents.next())) {
    const Extent extent = TRY(extents.record()).extent;
    if (extent.kind == ExtentKind::segment)
      named.push_back({place_of(extent.id).offset, image_bytes(extent.size_bytes)});
  }
  auto garbage = kGarbage.scan_prefix(*txn, metadata::Direction::forward, prefix);
  while (TRY(garbage.next())) {
    named.push_back({place_of(std::get<0>(garbage.key())).offset, TRY(garbage.record()).image_bytes});
  }
  std::ranges::sort(named, {}, &Stretch::offset);
  return named;
}

Result<> Segments::set_state(SegmentId id, SegmentState state) {
  TRY(metadata::run_transaction(metadata_, [&](metadata::Transaction& txn) -> metadata::Result<> {
    kSegments.put(txn, {id}, {.state = state});
    return {};
  }));
  return {};
}

Result<> Segments::seal_one(SegmentId id) {
  // A commit whose outcome isn't known closes the store for writing. So, that this one succeeds says that the rows tell
  // all about the segment: every transaction that could name an extent of it has ended before.
  TRY(set_state(id, SegmentState::open));
  const std::vector<Stretch> named = TRY(named_stretches(id));
  auto file = files_.open(path_of(id), os::OpenMode::write, 0);
  if (file) {
    const uint64_t size = TRY((*file)->size());
    uint64_t at = kSegmentHeaderBytes;
    for (const Stretch& stretch : named) {
      if (stretch.offset > at) TRY((*file)->punch_hole(at, stretch.offset - at));
      at = std::max(at, stretch.offset + stretch.size_bytes);
    }
    if (size > at) TRY((*file)->truncate(at));
  } else if (file.error().code != os::ErrorCode::not_found) {
    return std::unexpected(Error(file.error()));
  } else if (!named.empty()) {
    log_error("a segment file is missing", {{"file", path_of(id)}});
  }
  return set_state(id, SegmentState::sealed);
}

}  // namespace aerolith::objects
