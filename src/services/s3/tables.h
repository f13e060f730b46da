// The records of this service and their tables; docs/formats/s3.md is the page about them.
//
//   s3.bucket        bucket name                                     -> BucketRecord
//   s3.bucket_tags   bucket id                                       -> BucketTagsRecord
//   s3.bucket_policy bucket id                                       -> BucketPolicyRecord
//   s3.account       account                                         -> AccountRecord
//   s3.object        bucket id, key, place, descending sequence      -> ObjectRecord
//   s3.null_version  bucket id, key                                  -> NullVersionRecord
//   s3.layout        layout id, offset in the object                 -> LayoutRecord
//   s3.upload        bucket id, key, upload id                       -> UploadRecord
//   s3.part          upload id, part number                          -> PartRecord
//
// The versions of a key stand beside it: the current one first, then the past ones, newest first.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>

#include "base/strong_string.h"
#include "base/time.h"
#include "metadata/table.h"
#include "objects/extent.h"
#include "services/iam/api.h"
#include "services/s3/acl.h"
#include "services/s3/checksums.h"
#include "services/s3/names.h"

namespace aerolith::s3 {

// Of a bucket. Values are in records: they never change.
enum class Versioning : uint8_t { never = 0, enabled = 1, suspended = 2 };

// https://docs.aws.amazon.com/AmazonS3/latest/userguide/access-control-block-public-access.html
struct PublicAccessBlock {
  bool is_set = true;  // deleted: all four are false
  bool block_public_acls = true;
  bool ignore_public_acls = true;
  bool block_public_policy = true;
  bool restrict_public_buckets = true;
};

template <class Archive>
void fields(Archive& archive, PublicAccessBlock& b) {
  archive(b.is_set, b.block_public_acls, b.ignore_public_acls, b.block_public_policy, b.restrict_public_buckets);
}

// https://docs.aws.amazon.com/AmazonS3/latest/userguide/about-object-ownership.html
// Values are in records: they never change. `none`: the controls were deleted, which comes to object_writer.
enum class ObjectOwnership : uint8_t { owner_enforced = 0, owner_preferred = 1, object_writer = 2, none = 3 };

struct BucketRecord {
  static constexpr uint32_t kVersion = 6;
  BucketId id{};
  AccountId owner;
  Region region;
  Timestamp created_at;
  // "EU", for a bucket that was made in eu-west-1 under that name: S3 goes on telling it so. Since version 2.
  std::optional<std::string> location_alias;
  Versioning versioning = Versioning::never;  // since version 3
  // Since version 4. Names the text of its policy, another one for each text: what is compiled may be kept by it.
  std::string policy_revision{};  // empty: no policy
  PublicAccessBlock public_access;
  // Since version 5. ACLs count, and objects may have other owners, where the bucket's owner isn't enforced.
  ObjectOwnership ownership = ObjectOwnership::owner_enforced;
  std::optional<Acl> acl;        // none: the owner's full control
  bool told_mfa_delete = false;  // since version 6: somebody has said that it is disabled, and so it is shown

  bool has_acls() const { return ownership != ObjectOwnership::owner_enforced; }
};

template <class Archive>
void fields(Archive& archive, BucketRecord& r) {
  archive(r.id, r.owner, r.region, r.created_at, r.location_alias, r.versioning, r.policy_revision, r.public_access,
          r.ownership, r.acl, r.told_mfa_delete);
}

struct BucketPolicyRecord {
  static constexpr uint32_t kVersion = 2;
  std::string document;             // as it was put
  iam::BoundPrincipals principals;  // since version 2: the users and roles that it names
};

template <class Archive>
void fields(Archive& archive, BucketPolicyRecord& r) {
  archive(r.document, r.principals);
}

// What an account has for all its buckets.
struct AccountRecord {
  static constexpr uint32_t kVersion = 1;
  PublicAccessBlock public_access;
};

template <class Archive>
void fields(Archive& archive, AccountRecord& r) {
  archive(r.public_access);
}

using Tags = std::map<std::string, std::string>;

struct BucketTagsRecord {
  static constexpr uint32_t kVersion = 1;
  Tags tags;
};

template <class Archive>
void fields(Archive& archive, BucketTagsRecord& r) {
  archive(r.tags);
}

// Microseconds since 1970, as far as the clock tells them.
inline uint64_t sequence_at(Timestamp t) { return static_cast<uint64_t>(t.time_since_epoch().count()) * 1000; }

// What a client says about an object and gets back with it.
struct ObjectHeaders {
  std::string content_type;
  std::optional<std::string> cache_control;
  std::optional<std::string> content_disposition;
  std::optional<std::string> content_encoding;
  std::optional<std::string> content_language;
  std::optional<std::string> expires;  // as it came
  std::optional<std::string> website_redirect_location;
  std::map<std::string, std::string> user_metadata;  // lower-case names, UTF-8 values
};

template <class Archive>
void fields(Archive& archive, ObjectHeaders& h) {
  archive(h.content_type, h.cache_control, h.content_disposition, h.content_encoding, h.content_language, h.expires,
          h.website_redirect_location, h.user_metadata);
}

// One version of an object, or a delete marker, which has neither bytes nor headers.
struct ObjectRecord {
  static constexpr uint32_t kVersion = 3;
  Timestamp last_modified;  // whole seconds, as S3 tells them everywhere
  std::string etag;         // without quotes
  uint64_t size_bytes = 0;
  ObjectHeaders headers;
  std::optional<StoredChecksum> checksum;
  // Where the bytes are: one extent, or the rows of a layout (an object made of parts).
  std::optional<objects::Extent> extent;
  std::optional<LayoutId> layout;
  uint32_t part_count = 0;  // 0: not a multipart object
  // The upload that made it: completing that one again answers as the first time did.
  std::optional<UploadId> upload;
  // Since version 2. Of two versions of a key the newer one has the higher sequence.
  uint64_t sequence = 0;
  VersionId version_id;  // empty: the null version
  bool is_delete_marker = false;
  std::string storage_class;  // empty: STANDARD
  Tags tags;
  std::optional<Timestamp> restored_until;  // of an archived object that can be read for a while

  // Since version 3. Both count only in a bucket whose owner isn't enforced.
  AccountId owner;         // empty: the bucket's
  std::optional<Acl> acl;  // none: the owner's full control

  static void upgrade(ObjectRecord& record, uint32_t from_version) {
    if (from_version < 2) record.sequence = sequence_at(record.last_modified);
  }
};

template <class Archive>
void fields(Archive& archive, ObjectRecord& r) {
  archive(r.last_modified, r.etag, r.size_bytes, r.headers, r.checksum, r.extent, r.layout, r.part_count, r.upload,
          r.sequence, r.version_id, r.is_delete_marker, r.storage_class, r.tags, r.restored_until, r.owner, r.acl);
}

// Where a key's null version is, when it is one of the past ones.
struct NullVersionRecord {
  static constexpr uint32_t kVersion = 1;
  uint64_t sequence = 0;
};

template <class Archive>
void fields(Archive& archive, NullVersionRecord& r) {
  archive(r.sequence);
}

// One part of an object.
struct LayoutRecord {
  static constexpr uint32_t kVersion = 2;
  uint16_t part_number = 0;
  objects::Extent extent;
  std::optional<StoredChecksum> checksum;
  std::string etag;  // of the part, without quotes; empty in rows of version 1
};

template <class Archive>
void fields(Archive& archive, LayoutRecord& r) {
  archive(r.part_number, r.extent, r.checksum, r.etag);
}

struct UploadRecord {
  static constexpr uint32_t kVersion = 3;
  Timestamp initiated_at;
  ObjectHeaders headers;
  ChecksumAlgorithm checksum_algorithm = ChecksumAlgorithm::crc64nvme;
  ChecksumType checksum_type = ChecksumType::full_object;
  bool checksum_was_chosen = false;  // by the caller, not by default
  // Since version 2.
  std::string storage_class;  // empty: STANDARD
  Tags tags;
  // Since version 3. Of the object to be, as in its record.
  AccountId owner;
  std::optional<Acl> acl;
  AccountId initiator;  // empty: the bucket's owner
};

template <class Archive>
void fields(Archive& archive, UploadRecord& r) {
  archive(r.initiated_at, r.headers, r.checksum_algorithm, r.checksum_type, r.checksum_was_chosen, r.storage_class,
          r.tags, r.owner, r.acl, r.initiator);
}

struct PartRecord {
  static constexpr uint32_t kVersion = 1;
  Timestamp last_modified;
  std::string etag;  // without quotes
  objects::Extent extent;
  std::optional<StoredChecksum> checksum;
};

template <class Archive>
void fields(Archive& archive, PartRecord& r) {
  archive(r.last_modified, r.etag, r.extent, r.checksum);
}

enum class VersionPlace : uint8_t { current = 0, past = 1 };
using VersionSequence = metadata::Descending<uint64_t>;

inline const metadata::Table<BucketRecord, BucketName> kBuckets{"s3.bucket"};
inline const metadata::Table<BucketTagsRecord, BucketId> kBucketTags{"s3.bucket_tags"};
inline const metadata::Table<BucketPolicyRecord, BucketId> kBucketPolicies{"s3.bucket_policy"};
inline const metadata::Table<AccountRecord, AccountId> kAccounts{"s3.account"};
inline const metadata::Table<ObjectRecord, BucketId, ObjectKey, VersionPlace, VersionSequence> kObjects{"s3.object"};
inline const metadata::Table<NullVersionRecord, BucketId, ObjectKey> kNullVersions{"s3.null_version"};
inline const metadata::Table<LayoutRecord, LayoutId, uint64_t> kLayouts{"s3.layout"};
inline const metadata::Table<UploadRecord, BucketId, ObjectKey, UploadId> kUploads{"s3.upload"};
inline const metadata::Table<PartRecord, UploadId, uint16_t> kParts{"s3.part"};

using VersionRow = std::tuple<BucketId, ObjectKey, VersionPlace, VersionSequence>;

// The row of a key's current version, and of a past one.
inline VersionRow current_version(BucketId bucket, const ObjectKey& key) {
  return {bucket, key, VersionPlace::current, VersionSequence{}};
}
inline VersionRow past_version(BucketId bucket, const ObjectKey& key, uint64_t sequence) {
  return {bucket, key, VersionPlace::past, VersionSequence{sequence}};
}

}  // namespace aerolith::s3
