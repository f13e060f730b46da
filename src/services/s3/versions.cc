#include "services/s3/versions.h"

#include <algorithm>
#include <utility>

#include "base/encoding.h"
#include "base/random.h"
#include "services/s3/conditions.h"
#include "services/s3/object_rows.h"
#include "services/s3/requests.h"

namespace aerolith::s3 {
namespace {

constexpr std::string_view kNullVersion = "null";
constexpr size_t kSequenceBytes = 8;
constexpr size_t kVersionIdBytes = 24;
constexpr size_t kVersionIdChars = 32;

// Clocks may go back; sequences don't.
uint64_t next_sequence(Timestamp now, const std::optional<ObjectRecord>& current) {
  return std::max(sequence_at(now), current ? current->sequence + 1 : 0);
}

// The current version makes room for another one and stays as a past one.
void retire(metadata::Transaction& txn, BucketId bucket, const ObjectKey& key, const ObjectRecord& current) {
  kObjects.put(txn, past_version(bucket, key, current.sequence), current);
  if (current.version_id.empty()) kNullVersions.put(txn, {bucket, key}, {.sequence = current.sequence});
}

// A past version's row is gone; its bytes are somebody else's concern.
void forget_past(metadata::Transaction& txn, BucketId bucket, const ObjectKey& key, const ObjectRecord& past) {
  kObjects.erase(txn, past_version(bucket, key, past.sequence));
  if (past.version_id.empty()) kNullVersions.erase(txn, {bucket, key});
}

Result<> remove_past_null_version(const Call& call, metadata::Transaction& txn, BucketId bucket, const ObjectKey& key) {
  std::optional<NullVersionRecord> null_version = TRY(kNullVersions.get(txn, {bucket, key}));
  if (!null_version) return {};
  std::optional<ObjectRecord> past = TRY(kObjects.get(txn, past_version(bucket, key, null_version->sequence)));
  if (!past) return errors::internal_error();
  TRY(release_bytes(call, txn, *past));
  forget_past(txn, bucket, key, *past);
  return {};
}

// The newest past version, if any, becomes the current one.
Result<> promote(metadata::Transaction& txn, BucketId bucket, const ObjectKey& key) {
  kObjects.erase(txn, current_version(bucket, key));
  auto rows = kObjects.scan(txn, metadata::Direction::forward, bucket, key, VersionPlace::past);
  if (!TRY(rows.next())) return {};
  ObjectRecord newest = TRY(rows.record());
  forget_past(txn, bucket, key, newest);
  kObjects.put(txn, current_version(bucket, key), newest);
  return {};
}

}  // namespace

VersionId make_version_id(uint64_t sequence) {
  std::string bytes = random_bytes(kVersionIdBytes);
  for (size_t i = 0; i < kSequenceBytes; ++i) {
    auto byte = static_cast<unsigned char>(sequence >> (8 * (kSequenceBytes - 1 - i)));
    bytes[i] = static_cast<char>(byte ^ static_cast<unsigned char>(bytes[kSequenceBytes + i]));
  }
  std::string text = base64_encode(bytes);
  std::ranges::replace(text, '+', '.');
  std::ranges::replace(text, '/', '_');
  return VersionId(std::move(text));
}

std::optional<uint64_t> sequence_of(const VersionId& id) {
  std::string text = id.str();
  if (text.size() != kVersionIdChars || text.find_first_of("+/=") != std::string::npos) return std::nullopt;
  std::ranges::replace(text, '.', '+');
  std::ranges::replace(text, '_', '/');
  std::optional<std::string> bytes = base64_decode(text);
  if (!bytes || bytes->size() != kVersionIdBytes) return std::nullopt;
  uint64_t sequence = 0;
  for (size_t i = 0; i < kSequenceBytes; ++i) {
    sequence = (sequence << 8) | static_cast<unsigned char>((*bytes)[i] ^ (*bytes)[kSequenceBytes + i]);
  }
  return sequence;
}

std::string version_text(const VersionId& id) { return id.empty() ? std::string(kNullVersion) : id.str(); }

Result<std::optional<VersionId>> read_version_id(Versioning versioning, const std::optional<std::string>& text) {
  if (!text) return std::optional<VersionId>();
  if (*text == kNullVersion) return std::optional<VersionId>(VersionId());
  if (text->empty()) return errors::invalid_argument("Version id cannot be the empty string", "versionId", "");
  VersionId id(*text);
  if (versioning == Versioning::never || !sequence_of(id)) {
    return errors::invalid_argument("Invalid version id specified", "versionId", *text);
  }
  return std::optional<VersionId>(std::move(id));
}

std::optional<std::string> told_version(const BucketRecord& bucket, const ObjectRecord& object) {
  if (bucket.versioning == Versioning::never) return std::nullopt;
  return version_text(object.version_id);
}

std::optional<std::string> made_version(const BucketRecord& bucket, const ObjectRecord& object) {
  if (bucket.versioning == Versioning::never || object.version_id.empty()) return std::nullopt;
  return object.version_id.str();
}

Result<std::optional<ObjectRecord>> find_current(metadata::ReadTransaction& txn, BucketId bucket,
                                                 const ObjectKey& key) {
  return TRY(kObjects.get(txn, current_version(bucket, key)));
}

Result<std::optional<FoundVersion>> find_version(metadata::ReadTransaction& txn, BucketId bucket, const ObjectKey& key,
                                                 const VersionId& id) {
  std::optional<ObjectRecord> current = TRY(find_current(txn, bucket, key));
  if (!current) return std::optional<FoundVersion>();
  if (current->version_id == id) return std::optional(FoundVersion{*std::move(current), current_version(bucket, key)});
  uint64_t sequence = 0;
  if (id.empty()) {
    std::optional<NullVersionRecord> null_version = TRY(kNullVersions.get(txn, {bucket, key}));
    if (!null_version) return std::optional<FoundVersion>();
    sequence = null_version->sequence;
  } else {
    std::optional<uint64_t> told = sequence_of(id);
    if (!told) return std::optional<FoundVersion>();
    sequence = *told;
  }
  VersionRow row = past_version(bucket, key, sequence);
  std::optional<ObjectRecord> past = TRY(kObjects.get(txn, row));
  if (!past || past->version_id != id) return std::optional<FoundVersion>();
  return std::optional(FoundVersion{*std::move(past), std::move(row)});
}

Result<FoundVersion> find_wanted(const Call& call, metadata::ReadTransaction& txn, const BucketRecord& bucket,
                                 const ObjectKey& key, const std::optional<VersionId>& id) {
  if (!id) {
    std::optional<ObjectRecord> current = TRY(find_current(txn, bucket.id, key));
    if (!current) return errors::no_such_key(key);
    if (current->is_delete_marker) return errors::key_is_deleted(key, version_text(current->version_id));
    return FoundVersion{*std::move(current), current_version(bucket.id, key)};
  }
  std::optional<FoundVersion> found = TRY(find_version(txn, bucket.id, key, *id));
  if (!found) {
    if (bucket.versioning == Versioning::never) return errors::no_such_key(key);
    return errors::no_such_version(key, version_text(*id));
  }
  if (found->record.is_delete_marker) {
    return errors::not_on_a_delete_marker(call.context.head->method, found->record.last_modified,
                                          version_text(found->record.version_id));
  }
  return *std::move(found);
}

Result<FoundVersion> find_changeable(const Call& call, metadata::ReadTransaction& txn, const BucketRecord& bucket,
                                     const ObjectKey& key, const std::optional<VersionId>& id) {
  if (!id) {
    std::optional<ObjectRecord> current = TRY(find_current(txn, bucket.id, key));
    if (current && current->is_delete_marker) {
      return errors::not_on_a_delete_marker(call.context.head->method, current->last_modified,
                                            version_text(current->version_id));
    }
  }
  return TRY(find_wanted(call, txn, bucket, key, id));
}

Result<> put_version(const Call& call, metadata::Transaction& txn, const BucketRecord& bucket, const ObjectKey& key,
                     ObjectRecord& object) {
  std::optional<ObjectRecord> before = TRY(find_current(txn, bucket.id, key));
  bool keeps_all = bucket.versioning == Versioning::enabled;
  object.sequence = next_sequence(call.context.now, before);
  object.version_id = keeps_all ? make_version_id(object.sequence) : VersionId();
  if (before && !keeps_all && before->version_id.empty()) {
    TRY(release_bytes(call, txn, *before));
  } else if (before) {
    retire(txn, bucket.id, key, *before);
    if (!keeps_all) TRY(remove_past_null_version(call, txn, bucket.id, key));
  }
  kObjects.put(txn, current_version(bucket.id, key), object);
  return {};
}

Result<> check_removal(metadata::ReadTransaction& txn, BucketId bucket, const ObjectKey& key,
                       const std::optional<VersionId>& version, const RemovalConditions& conditions) {
  constexpr std::string_view kSize = "x-amz-if-match-size";
  constexpr std::string_view kTime = "x-amz-if-match-last-modified-time";
  if (!conditions.if_match && !conditions.size_bytes && !conditions.last_modified) return {};
  if (version) return errors::not_implemented("conditions together with a version id");
  std::optional<ObjectRecord> object = TRY(find_object(txn, bucket, key));
  if (!object) {
    if (conditions.if_match) return errors::no_such_key(key);
    return {};
  }
  if (conditions.if_match && !etag_matches(*conditions.if_match, object->etag)) {
    return errors::precondition_failed("If-Match");
  }
  if (conditions.size_bytes && !std::cmp_equal(*conditions.size_bytes, object->size_bytes)) {
    return errors::precondition_failed(kSize);
  }
  if (conditions.last_modified && whole_seconds(*conditions.last_modified) != whole_seconds(object->last_modified)) {
    return errors::precondition_failed(kTime);
  }
  return {};
}

Result<Removal> remove_current(const Call& call, metadata::Transaction& txn, const BucketRecord& bucket,
                               const ObjectKey& key) {
  if (bucket.versioning == Versioning::never) {
    std::optional<ObjectRecord> before = TRY(find_current(txn, bucket.id, key));
    if (!before) return Removal{};
    TRY(release_bytes(call, txn, *before));
    kObjects.erase(txn, current_version(bucket.id, key));
    return Removal{};
  }
  ObjectRecord marker;
  marker.last_modified = std::chrono::floor<std::chrono::seconds>(call.context.now);
  marker.is_delete_marker = true;
  TRY(put_version(call, txn, bucket, key, marker));
  return Removal{.is_delete_marker = true, .version_id = marker.version_id};
}

Result<std::optional<Removal>> remove_version(const Call& call, metadata::Transaction& txn, const BucketRecord& bucket,
                                              const ObjectKey& key, const VersionId& id) {
  std::optional<FoundVersion> found = TRY(find_version(txn, bucket.id, key, id));
  if (!found) return std::optional<Removal>();
  TRY(release_bytes(call, txn, found->record));
  if (std::get<2>(found->row) == VersionPlace::current) {
    TRY(promote(txn, bucket.id, key));
  } else {
    forget_past(txn, bucket.id, key, found->record);
  }
  return std::optional(Removal{.is_delete_marker = found->record.is_delete_marker, .version_id = id});
}

}  // namespace aerolith::s3
