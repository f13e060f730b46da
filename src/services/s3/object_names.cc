#include "services/s3/object_names.h"

namespace aerolith::s3 {
namespace {

ObjectKey as_key(std::string_view name) { return ObjectKey(std::string(name)); }

}  // namespace

ObjectNames::ObjectNames(metadata::ReadTransaction& txn, BucketId bucket, std::string_view prefix)
    : bucket_(bucket), rows_(kObjects.scan_prefix(txn, metadata::Direction::forward, bucket, as_key(prefix))) {}

Result<bool> ObjectNames::next() {
  while (TRY(rows_.next())) {
    if (std::get<2>(rows_.key()) != VersionPlace::current) {
      rows_.seek_past(bucket_, std::get<1>(rows_.key()));
      continue;
    }
    object_ = TRY(rows_.record());
    if (!object_.is_delete_marker) return true;
  }
  return false;
}

void ObjectNames::seek_after(std::string_view name) { rows_.seek_past(bucket_, as_key(name)); }
void ObjectNames::seek(std::string_view name) { rows_.seek(bucket_, as_key(name)); }
void ObjectNames::seek_past_prefix(std::string_view prefix) { rows_.seek_past_prefix(bucket_, as_key(prefix)); }

VersionNames::VersionNames(metadata::ReadTransaction& txn, BucketId bucket, std::string_view prefix)
    : bucket_(bucket), rows_(kObjects.scan_prefix(txn, metadata::Direction::forward, bucket, as_key(prefix))) {}

void VersionNames::seek_after(std::string_view name) { rows_.seek_past(bucket_, as_key(name)); }
void VersionNames::seek(std::string_view name) { rows_.seek(bucket_, as_key(name)); }
void VersionNames::seek_past_prefix(std::string_view prefix) { rows_.seek_past_prefix(bucket_, as_key(prefix)); }

// The current version is newer than all past ones, whichever of them `sequence` is of.
void VersionNames::seek_older(std::string_view name, uint64_t sequence) {
  rows_.seek_past(bucket_, as_key(name), VersionPlace::past, VersionSequence{sequence});
}

}  // namespace aerolith::s3
