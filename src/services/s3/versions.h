// The versions of a key: how they are named, found, added and removed.
// https://docs.aws.amazon.com/AmazonS3/latest/userguide/versioning-workflows.html
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "services/s3/call.h"
#include "services/s3/errors.h"
#include "services/s3/tables.h"

namespace aerolith::s3 {

// A new id for the version of that sequence, which can be read out of it again: 32 characters of A-Z a-z 0-9 . _
VersionId make_version_id(uint64_t sequence);
// nullopt for what no version of ours can be called.
std::optional<uint64_t> sequence_of(const VersionId& id);
// "null" for the null version.
std::string version_text(const VersionId& id);

// The version that a request names; nullopt when it names none. InvalidArgument for what can't be an id, and in a
// bucket that never had versions for all but "null".
Result<std::optional<VersionId>> read_version_id(Versioning versioning, const std::optional<std::string>& text);

// What an answer tells as its version: nothing where the bucket never had versions.
std::optional<std::string> told_version(const BucketRecord& bucket, const ObjectRecord& object);

// The same for a request that made the version: S3 tells such a caller of ids only, never of "null".
std::optional<std::string> made_version(const BucketRecord& bucket, const ObjectRecord& object);

struct FoundVersion {
  ObjectRecord record;
  VersionRow row;
};

// The current version, also where that is a delete marker.
Result<std::optional<ObjectRecord>> find_current(metadata::ReadTransaction& txn, BucketId bucket, const ObjectKey& key);
Result<std::optional<FoundVersion>> find_version(metadata::ReadTransaction& txn, BucketId bucket, const ObjectKey& key,
                                                 const VersionId& id);

// The object that a request wants to read, at that version or (nullopt) the current one. NoSuchKey, NoSuchVersion, and
// MethodNotAllowed for a delete marker that was named by its id.
Result<FoundVersion> find_wanted(const Call& call, metadata::ReadTransaction& txn, const BucketRecord& bucket,
                                 const ObjectKey& key, const std::optional<VersionId>& id);
// The same for what acts on a version's tags: a delete marker is MethodNotAllowed also where it is the current version.
Result<FoundVersion> find_changeable(const Call& call, metadata::ReadTransaction& txn, const BucketRecord& bucket,
                                     const ObjectKey& key, const std::optional<VersionId>& id);

// In a transaction: `object` is the key's current version now. It gets its sequence and its version id. What was there
// before becomes a past version, or is released where the bucket keeps none of its kind.
Result<> put_version(const Call& call, metadata::Transaction& txn, const BucketRecord& bucket, const ObjectKey& key,
                     ObjectRecord& object);

// What a request wants of the object that it removes; unset members hold.
struct RemovalConditions {
  std::optional<std::string> if_match;
  // S3 has these in directory buckets only.
  std::optional<int64_t> size_bytes;
  std::optional<Timestamp> last_modified;  // in whole seconds
};
// Of the current version, as with S3: NotImplemented for a request that names another. NoSuchKey for an If-Match where
// nothing is, which meets the other conditions; PreconditionFailed.
// https://docs.aws.amazon.com/AmazonS3/latest/userguide/conditional-deletes.html
Result<> check_removal(metadata::ReadTransaction& txn, BucketId bucket, const ObjectKey& key,
                       const std::optional<VersionId>& version, const RemovalConditions& conditions);

struct Removal {
  // What was removed, or what was put in its place, is a delete marker.
  bool is_delete_marker = false;
  std::optional<VersionId> version_id;  // that was removed, or of the new marker
};
// In a transaction, for a request that names no version: the key is gone for those who don't ask for versions.
Result<Removal> remove_current(const Call& call, metadata::Transaction& txn, const BucketRecord& bucket,
                               const ObjectKey& key);
// In a transaction: that version is gone for good; the one before it takes its place where it was the current one.
// nullopt when there is none of that id.
Result<std::optional<Removal>> remove_version(const Call& call, metadata::Transaction& txn, const BucketRecord& bucket,
                                              const ObjectKey& key, const VersionId& id);

}  // namespace aerolith::s3
