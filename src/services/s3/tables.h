// The records of this service and their tables; docs/formats/s3.md is the page about them.
//
//   s3.bucket   bucket name                                     -> BucketRecord
//   s3.object   bucket id, key, place, descending sequence      -> ObjectRecord
//   s3.layout   layout id, offset in the object                 -> LayoutRecord
//   s3.upload   bucket id, key, upload id                       -> UploadRecord
//   s3.part     upload id, part number                          -> PartRecord
//
// The versions of a key will stand beside it: the current one first, then the past ones, newest first. Until versioning
// is there, every key has its current version only, the "null" one.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>

#include "base/strong_string.h"
#include "base/time.h"
#include "metadata/table.h"
#include "objects/extent.h"
#include "services/s3/checksums.h"
#include "services/s3/names.h"

namespace aerolith::s3 {

struct BucketRecord {
  static constexpr uint32_t kVersion = 2;
  BucketId id{};
  AccountId owner;
  Region region;
  Timestamp created_at;
  // "EU", for a bucket that was made in eu-west-1 under that name: S3 goes on telling it so. Since version 2.
  std::optional<std::string> location_alias;
};

template <class Archive>
void fields(Archive& archive, BucketRecord& r) {
  archive(r.id, r.owner, r.region, r.created_at, r.location_alias);
}

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

struct ObjectRecord {
  static constexpr uint32_t kVersion = 1;
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
};

template <class Archive>
void fields(Archive& archive, ObjectRecord& r) {
  archive(r.last_modified, r.etag, r.size_bytes, r.headers, r.checksum, r.extent, r.layout, r.part_count, r.upload);
}

// One part of an object.
struct LayoutRecord {
  static constexpr uint32_t kVersion = 1;
  uint16_t part_number = 0;
  objects::Extent extent;
  std::optional<StoredChecksum> checksum;
};

template <class Archive>
void fields(Archive& archive, LayoutRecord& r) {
  archive(r.part_number, r.extent, r.checksum);
}

struct UploadRecord {
  static constexpr uint32_t kVersion = 1;
  Timestamp initiated_at;
  ObjectHeaders headers;
  ChecksumAlgorithm checksum_algorithm = ChecksumAlgorithm::crc64nvme;
  ChecksumType checksum_type = ChecksumType::full_object;
  bool checksum_was_chosen = false;  // by the caller, not by default
};

template <class Archive>
void fields(Archive& archive, UploadRecord& r) {
  archive(r.initiated_at, r.headers, r.checksum_algorithm, r.checksum_type, r.checksum_was_chosen);
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
inline const metadata::Table<ObjectRecord, BucketId, ObjectKey, VersionPlace, VersionSequence> kObjects{"s3.object"};
inline const metadata::Table<LayoutRecord, LayoutId, uint64_t> kLayouts{"s3.layout"};
inline const metadata::Table<UploadRecord, BucketId, ObjectKey, UploadId> kUploads{"s3.upload"};
inline const metadata::Table<PartRecord, UploadId, uint16_t> kParts{"s3.part"};

// The row of a key's current version.
inline std::tuple<BucketId, ObjectKey, VersionPlace, VersionSequence> current_version(BucketId bucket,
                                                                                      const ObjectKey& key) {
  return {bucket, key, VersionPlace::current, VersionSequence{}};
}

}  // namespace aerolith::s3
