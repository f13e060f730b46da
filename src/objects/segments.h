// The segment files: which take new extents, which are read from, which are empty and go.
//
// A segment's life: its row (state open) commits, its file is made, extents are placed one after the other by writers
// that share its syncs; when it is full and its last writer is done it is sealed: what no row names becomes a hole, the
// rest is cut off, and the segment's row says so. When no extent is left in it, row and file go. A crash leaves open
// segments behind: the next process seals them.
#pragma once

#include <cstdint>
#include <list>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "metadata/store.h"
#include "objects/object_store.h"
#include "objects/records.h"
#include "objects/segment_format.h"
#include "objects/sync_group.h"
#include "os/file_system.h"

namespace aerolith::objects {

class Segments;

// A segment that this process writes.
struct OpenSegment {
  OpenSegment(SegmentId segment_id, std::unique_ptr<os::File> opened)
      : id(segment_id), file(std::move(opened)), syncs(*file) {}

  const SegmentId id;
  const std::unique_ptr<os::File> file;
  SyncGroup syncs;

  // Guarded by Segments' mutex.
  uint64_t next_offset = kSegmentHeaderBytes;
  uint64_t allocated_offset = 0;  // up to there the disk's blocks are taken
  uint64_t end_offset = 0;        // of its room
  size_t writers = 0;             // places that are not given up yet
};

// Room for one extent. While it lives, its segment isn't sealed: keep it until the transaction that names the extent
// has ended. Movable; must not outlive its Segments.
class Place {
 public:
  Place(Segments& segments, std::shared_ptr<OpenSegment> segment, SegmentPlace place)
      : segments_(&segments), segment_(std::move(segment)), place_(place) {}
  Place(Place&& other) noexcept = default;
  Place& operator=(Place&& other) = delete;
  ~Place();

  OpenSegment& segment() const { return *segment_; }
  const SegmentPlace& place() const { return place_; }

 private:
  Segments* segments_;
  std::shared_ptr<OpenSegment> segment_;  // null: moved from
  SegmentPlace place_;
};

// Safe from any thread.
class Segments {
 public:
  // `directory` is there. Both references must outlive it.
  Segments(os::FileSystem& files, metadata::Store& metadata, std::string directory, const SegmentSizes& sizes);

  // For an extent of at most `limit_bytes`, or kUnknownSize.
  Result<Place> reserve(uint64_t limit_bytes);
  // What was written to the place is durable on return. After a failure no more writes are taken by any segment.
  Result<> sync(const Place& place);

  // For reading; kept open for the next reader. Null when there is no such file.
  Result<std::shared_ptr<const os::File>> open_for_reading(SegmentId id);
  // Gives the pages back that an image took.
  Result<> punch(const SegmentPlace& place, uint64_t size_bytes);

  // Of segments that nobody writes any more, gives back what no row names.
  Result<> seal(SealWhich which);
  // Removes a segment without extents that nobody writes. Whether it was one.
  Result<bool> remove_if_empty(SegmentId id);
  // Once: the same of segments that a former process left open. How many there were.
  Result<uint64_t> recover();

  std::string path_of(SegmentId id) const { return directory_ + "/" + segment_name(id); }

 private:
  friend class Place;
  Result<std::shared_ptr<OpenSegment>> create(uint64_t room_bytes);
  Result<std::shared_ptr<OpenSegment>> make_file(SegmentId id, uint64_t room_bytes);
  Result<Place> reserve_shared(uint64_t limit_bytes);
  Result<Place> reserve_own(uint64_t limit_bytes);
  Result<std::shared_ptr<OpenSegment>> make_next(uint64_t image);
  Result<uint64_t> available_bytes(uint64_t wanted_bytes) const;
  std::shared_ptr<OpenSegment> find_room(uint64_t image);  // with the mutex held
  Place take(const std::shared_ptr<OpenSegment>& segment, uint64_t image);
  Result<> allocate_ahead(OpenSegment& segment);
  void give_up(OpenSegment& segment);  // a place of it
  struct Stretch {
    uint64_t offset;
    uint64_t size_bytes;
  };
  // Of the segment, by rows: in use or garbage. In order.
  Result<std::vector<Stretch>> named_stretches(SegmentId id);
  Result<> set_state(SegmentId id, SegmentState state);
  Result<> seal_one(SegmentId id);
  Result<> remove_strays();
  Result<bool> has_rows(metadata::ReadTransaction& txn, SegmentId id);
  bool is_open(SegmentId id);

  os::FileSystem& files_;
  metadata::Store& metadata_;
  const std::string directory_;
  const SegmentSizes sizes_;

  std::mutex create_mutex_;  // one segment is made at a time
  std::mutex mutex_;
  std::map<SegmentId, std::shared_ptr<OpenSegment>> open_;  // null while it is made
  std::vector<std::shared_ptr<OpenSegment>> active_;        // take new extents
  uint64_t next_room_bytes_;
  std::optional<os::Error> failure_;

  struct Reader {
    SegmentId id;
    std::shared_ptr<const os::File> file;
  };
  std::mutex readers_mutex_;
  std::list<Reader> readers_;  // the latest first
  std::map<SegmentId, std::list<Reader>::iterator> reader_at_;
};

}  // namespace aerolith::objects
