// Tells of an object what is asked for: ETag, checksum, parts, class, size.
// https://docs.aws.amazon.com/AmazonS3/latest/API/API_GetObjectAttributes.html
#include <algorithm>
#include <array>
#include <string_view>

#include "services/s3/object_listing.h"
#include "services/s3/object_rows.h"
#include "services/s3/operations/operations.h"
#include "services/s3/requests.h"
#include "services/s3/storage_class.h"
#include "services/s3/versions.h"

namespace aerolith::s3 {
namespace {

constexpr std::array<std::string_view, 5> kAttributes = {"ETag", "Checksum", "ObjectParts", "StorageClass",
                                                         "ObjectSize"};

Result<> check_attributes(const GetObjectAttributesInput& input) {
  constexpr std::string_view kHeader = "x-amz-object-attributes";
  if (!input.object_attributes || input.object_attributes->empty()) {
    return errors::invalid_request(
        "The x-amz-object-attributes header specifying the attributes to be retrieved is either missing or empty");
  }
  for (const std::string& attribute : *input.object_attributes) {
    if (std::ranges::find(kAttributes, attribute) == kAttributes.end()) {
      return errors::invalid_argument("Invalid attribute name specified.", kHeader, attribute);
    }
  }
  return {};
}

bool wants(const GetObjectAttributesInput& input, std::string_view attribute) {
  const auto& wanted = input.object_attributes;
  return wanted && std::ranges::find(*wanted, attribute) != wanted->end();
}

Checksum describe_checksum(const StoredChecksum& stored) {
  Checksum checksum;
  // Unlike in headers, without the number of parts.
  StoredChecksum value = stored;
  value.type = ChecksumType::full_object;
  put_checksum(checksum, value);
  checksum.checksum_type = std::string(type_name(stored.type));
  return checksum;
}

// S3 lists the parts only where each has a checksum of its own, in a composite one.
bool lists_parts(const ObjectRecord& object) {
  return object.checksum && object.checksum->type == ChecksumType::composite;
}

Result<GetObjectAttributesParts> describe_parts(metadata::ReadTransaction& txn, const GetObjectAttributesInput& input,
                                                const ObjectRecord& object) {
  GetObjectAttributesParts parts;
  parts.total_parts_count = static_cast<int32_t>(object.part_count);
  if (!lists_parts(object)) return parts;
  int32_t limit = TRY(read_limit(input.max_parts, "max-parts", 0));
  int32_t marker = input.part_number_marker.value_or(0);
  auto& listed = parts.parts.emplace();
  parts.max_parts = limit;
  parts.part_number_marker = marker;
  parts.next_part_number_marker = 0;
  parts.is_truncated = false;
  TRY(for_each_part(txn, *object.layout, [&](uint64_t, const LayoutRecord& part) {
    if (part.part_number <= marker) return true;
    if (listed.size() == static_cast<size_t>(limit)) {
      parts.is_truncated = true;
      return false;
    }
    ObjectPart& entry = listed.emplace_back();
    entry.part_number = part.part_number;
    entry.size = static_cast<int64_t>(part.extent.size_bytes);
    if (part.checksum) put_checksum(entry, *part.checksum);
    parts.next_part_number_marker = part.part_number;
    return true;
  }));
  return parts;
}

}  // namespace

Result<GetObjectAttributesOutput> get_object_attributes(Call& call, const GetObjectAttributesInput& input) {
  TRY(check_attributes(input));
  ObjectKey key = TRY(read_key(input.key));
  auto txn = call.metadata.begin_read();
  BucketName name(input.bucket.value_or(""));
  BucketRecord bucket = TRY(find_bucket(call, *txn, name, input.expected_bucket_owner));
  std::optional<VersionId> version = TRY(read_version_id(bucket.versioning, input.version_id));
  ObjectRecord object = TRY(find_wanted(call, *txn, bucket, key, version)).record;
  GetObjectAttributesOutput output;
  output.version_id = told_version(bucket, object);
  output.last_modified = object.last_modified;
  if (wants(input, "ETag")) output.etag = object.etag;
  if (wants(input, "Checksum") && object.checksum) output.checksum = describe_checksum(*object.checksum);
  if (wants(input, "ObjectParts") && object.layout) output.object_parts = TRY(describe_parts(*txn, input, object));
  if (wants(input, "StorageClass")) output.storage_class = listed_storage_class(object.storage_class);
  if (wants(input, "ObjectSize")) output.object_size = static_cast<int64_t>(object.size_bytes);
  return output;
}

}  // namespace aerolith::s3
