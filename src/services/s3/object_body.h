// The bytes of an object, or of a range of it, as the body of an answer.
#pragma once

#include <memory>
#include <vector>

#include "http/body.h"
#include "metadata/store.h"
#include "objects/object_store.h"
#include "services/s3/call.h"
#include "services/s3/errors.h"
#include "services/s3/ranges.h"
#include "services/s3/tables.h"

namespace aerolith::s3 {

// A piece of an extent.
struct Segment {
  objects::Extent extent;
  uint64_t offset_bytes = 0;
  uint64_t size_bytes = 0;
};

// Which pieces make up the range, in order.
Result<std::vector<Segment>> locate(metadata::ReadTransaction& txn, const ObjectRecord& object, const ByteRange& range);

// What keeps an object's bytes there while they are sent: a snapshot of the metadata, and the collector at bay.
struct ReadHold {
  std::shared_ptr<const void> collection;  // null where a single extent is read: its reader holds it by itself
  std::unique_ptr<metadata::ReadTransaction> txn;
};

// How often an object may be replaced between the reading of its record and of its bytes.
inline constexpr int kMostReadTries = 16;

// Calls `visit` with the segments' bytes in order, each piece checked. Errors of its own end it.
template <typename Visit>
Result<> read_segments(const Call& call, metadata::ReadTransaction& txn, const std::vector<Segment>& segments,
                       Visit&& visit) {
  for (const Segment& segment : segments) {
    objects::ExtentReader reader =
        TRY(call.objects.open(txn, segment.extent, segment.offset_bytes, segment.size_bytes));
    while (true) {
      std::string bytes = TRY(reader.next());
      if (bytes.empty()) break;
      TRY(visit(bytes));
    }
  }
  return {};
}

// Up to 64 KiB come as a string, more as a stream that opens one extent after the other. An error `gone` (as an
// InternalError would be wrong) is told as nullopt: read the object's record again.
Result<std::optional<http::ResponseBody>> open_body(const Call& call, ReadHold hold, std::vector<Segment> segments);

}  // namespace aerolith::s3
