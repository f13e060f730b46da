// The rows of objects, and the extents that they hold a reference to.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "services/s3/call.h"
#include "services/s3/errors.h"
#include "services/s3/tables.h"

namespace aerolith::s3 {

// The current version of a key, unless that is a delete marker.
Result<std::optional<ObjectRecord>> find_object(metadata::ReadTransaction& txn, BucketId bucket, const ObjectKey& key);

// In a transaction: the references of a record that is about to go are given up.
Result<> release_bytes(const Call& call, metadata::Transaction& txn, const ObjectRecord& object);

// A record with the same bytes as `source`, which gain a reference each: only its place of bytes is set.
Result<ObjectRecord> share_bytes(const Call& call, metadata::Transaction& txn, const ObjectRecord& source);

// The parts of an object in a layout, in order; `visit` answers false to end.
Result<> for_each_part(metadata::ReadTransaction& txn, const LayoutId& layout,
                       const std::function<bool(uint64_t offset_bytes, const LayoutRecord&)>& visit);

LayoutId make_layout_id();

struct WriteConditions {
  const std::optional<std::string>& if_match;
  const std::optional<std::string>& if_none_match;
};
// If-Match and If-None-Match of a request that writes `key`, whose current object is `current`. NoSuchKey for an
// If-Match where nothing is; PreconditionFailed; NotImplemented, as with S3, for both together, for an If-None-Match
// that isn't "*" and an If-Match that is.
Result<> check_write_conditions(const WriteConditions& conditions, const std::optional<ObjectRecord>& current,
                                const ObjectKey& key);

}  // namespace aerolith::s3
