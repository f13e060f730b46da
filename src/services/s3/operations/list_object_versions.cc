// All versions and delete markers of a bucket: by key, and of a key the newest first.
// https://docs.aws.amazon.com/AmazonS3/latest/API/API_ListObjectVersions.html
#include <utility>
#include <vector>

#include "services/s3/object_listing.h"
#include "services/s3/object_names.h"
#include "services/s3/operations/operations.h"
#include "services/s3/requests.h"
#include "services/s3/storage_class.h"
#include "services/s3/versions.h"

namespace aerolith::s3 {
namespace {

struct Listing {
  const BucketRecord& bucket;
  VersionNames& names;
  PageRequest page;
  NameEncoding encoding;
};

// Fills in what the version, or the marker, that the names stand on has of both kinds.
template <typename Entry>
void describe(const Listing& listing, const ObjectRecord& record, Entry& entry) {
  entry.key = encode_name(listing.names.name(), listing.encoding);
  entry.version_id = version_text(record.version_id);
  entry.is_latest = listing.names.is_current();
  entry.last_modified = record.last_modified;
  entry.owner = Owner{.id = owner_id(listing.bucket, record)};
}

ObjectVersion describe_version(const Listing& listing, const ObjectRecord& record) {
  ObjectVersion version;
  describe(listing, record, version);
  version.etag = quoted(record.etag);
  version.size = static_cast<int64_t>(record.size_bytes);
  version.storage_class = listed_storage_class(record.storage_class);
  list_checksum(version, record);
  return version;
}

// Puts the names behind the version that the last page ended with. A version that is gone meanwhile leaves its place.
Result<> place(metadata::ReadTransaction& txn, const ListObjectVersionsInput& input, Listing& listing) {
  const std::string version = input.version_id_marker.value_or("");
  if (version.empty()) return {};
  if (listing.page.after.empty()) {
    return errors::invalid_argument("A version-id marker cannot be specified without a key marker.",
                                    "version-id-marker", version);
  }
  ObjectKey key{std::string(listing.page.after)};
  std::optional<uint64_t> sequence;
  if (version == "null") {
    std::optional<FoundVersion> found = TRY(find_version(txn, listing.bucket.id, key, VersionId()));
    if (found) sequence = found->record.sequence;
  } else {
    sequence = sequence_of(VersionId(version));
    if (!sequence) return errors::invalid_argument("Invalid version id specified", "version-id-marker", version);
  }
  if (!sequence || listing.page.after < listing.page.prefix) return {};
  listing.names.seek_older(key.view(), *sequence);
  listing.page.is_positioned = true;
  return {};
}

// The entries of a page, and where the next one begins.
Result<> list_entries(Call& call, const Listing& listing, ListObjectVersionsOutput& output) {
  auto& versions = output.versions.emplace();
  auto& markers = output.delete_markers.emplace();
  auto& prefixes = output.common_prefixes.emplace();
  std::vector<bool> is_marker;
  std::string last_version;
  auto add = [&]() -> Result<> {
    ObjectRecord record = TRY(listing.names.object());
    last_version = version_text(record.version_id);
    is_marker.push_back(record.is_delete_marker);
    if (record.is_delete_marker) {
      describe(listing, record, markers.emplace_back());
    } else {
      versions.push_back(describe_version(listing, record));
    }
    return {};
  };
  auto add_prefix = [&](const std::string& prefix) {
    last_version.clear();
    prefixes.push_back({.prefix = encode_name(prefix, listing.encoding)});
  };
  Page page = TRY(list_page(listing.page, listing.names, add, add_prefix));
  // By key, and of a key the newest first: in the answer both kinds stand mixed.
  call.context.mixed_lists =
      protocol::MixedLists{.first = "Versions", .second = "DeleteMarkers", .is_of_second = std::move(is_marker)};
  output.is_truncated = page.is_truncated;
  if (!page.is_truncated) return {};
  output.next_key_marker = encode_name(page.last, listing.encoding);
  if (!last_version.empty()) output.next_version_id_marker = last_version;
  return {};
}

}  // namespace

Result<ListObjectVersionsOutput> list_object_versions(Call& call, const ListObjectVersionsInput& input) {
  int32_t limit = TRY(read_limit(input.max_keys, "maxKeys", 0));
  const std::string prefix = input.prefix.value_or("");
  const std::string delimiter = input.delimiter.value_or("");
  const std::string after = input.key_marker.value_or("");
  auto txn = call.metadata.begin_read();
  BucketName name(input.bucket.value_or(""));
  BucketRecord bucket = TRY(find_bucket(call, *txn, name, input.expected_bucket_owner));
  VersionNames names(*txn, bucket.id, prefix);
  Listing listing{
      .bucket = bucket,
      .names = names,
      .page = {.prefix = prefix, .delimiter = delimiter, .after = after, .limit = static_cast<size_t>(limit)},
      .encoding = read_encoding(input.encoding_type)};
  TRY(place(*txn, input, listing));

  ListObjectVersionsOutput output;
  output.name = name.str();
  output.prefix = encode_name(prefix, listing.encoding);
  output.key_marker = encode_name(after, listing.encoding);
  output.version_id_marker = input.version_id_marker.value_or("");
  output.delimiter = encode_if_any(input.delimiter, listing.encoding);
  output.encoding_type = input.encoding_type;
  output.max_keys = limit;
  TRY(list_entries(call, listing, output));
  return output;
}

}  // namespace aerolith::s3
