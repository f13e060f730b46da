// The parts of an unfinished upload, by number.
// https://docs.aws.amazon.com/AmazonS3/latest/API/API_ListParts.html
#include <algorithm>

#include "services/s3/multipart.h"
#include "services/s3/object_listing.h"
#include "services/s3/operations/operations.h"
#include "services/s3/requests.h"
#include "services/s3/storage_class.h"

namespace aerolith::s3 {
namespace {

// Checksums are told where the upload was started with an algorithm, as with S3.
Part describe(int32_t number, const PartRecord& record, const UploadRecord& upload) {
  Part part;
  part.part_number = number;
  part.last_modified = record.last_modified;
  part.etag = quoted(record.etag);
  part.size = static_cast<int64_t>(record.extent.size_bytes);
  if (upload.checksum_was_chosen && record.checksum) put_checksum(part, *record.checksum);
  return part;
}

// Fills in the page of parts after the marker.
Result<> list_page_of_parts(metadata::ReadTransaction& txn, const UploadId& id, const UploadRecord& upload,
                            int32_t marker, ListPartsOutput& output) {
  auto& parts = output.parts.emplace();
  auto limit = static_cast<size_t>(*output.max_parts);
  output.is_truncated = false;
  output.next_part_number_marker = 0;
  if (limit == 0 || marker > UINT16_MAX) return {};
  auto rows = kParts.scan(txn, metadata::Direction::forward, id);
  if (marker > 0) rows.seek_past(id, static_cast<uint16_t>(marker));
  while (TRY(rows.next())) {
    if (parts.size() == limit) {
      output.is_truncated = true;
      break;
    }
    PartRecord part = TRY(rows.record());
    parts.push_back(describe(std::get<1>(rows.key()), part, upload));
    output.next_part_number_marker = parts.back().part_number;
  }
  return {};
}

}  // namespace

Result<ListPartsOutput> list_parts(Call& call, const ListPartsInput& input) {
  BucketName bucket_name(input.bucket.value_or(""));
  ObjectKey key = TRY(read_key(input.key));
  UploadId id(input.upload_id.value_or(""));
  int32_t limit = TRY(read_limit(input.max_parts, "max-parts", 0));
  int32_t marker = input.part_number_marker.value_or(0);
  if (marker < 0) {
    return errors::invalid_argument("Argument part-number-marker must be an integer between 0 and 2147483647",
                                    "part-number-marker", std::to_string(marker));
  }
  auto txn = call.metadata.begin_read();
  BucketRecord bucket = TRY(find_bucket(call, *txn, bucket_name, input.expected_bucket_owner));
  UploadRecord upload = TRY(find_upload(*txn, bucket.id, key, id));

  ListPartsOutput output;
  output.bucket = bucket_name.str();
  output.key = key.str();
  output.upload_id = id.str();
  output.part_number_marker = marker;
  output.max_parts = limit;
  output.storage_class = listed_storage_class(upload.storage_class);
  const bool has_own_owner = bucket.has_acls() && !upload.owner.empty();
  output.initiator.emplace().id = canonical_user_id(upload.initiator.empty() ? bucket.owner : upload.initiator);
  output.owner.emplace().id = canonical_user_id(has_own_owner ? upload.owner : bucket.owner);
  if (upload.checksum_was_chosen) {
    output.checksum_algorithm = std::string(algorithm_name(upload.checksum_algorithm));
    output.checksum_type = std::string(type_name(upload.checksum_type));
  }
  TRY(list_page_of_parts(*txn, id, upload, marker, output));
  return output;
}

}  // namespace aerolith::s3
