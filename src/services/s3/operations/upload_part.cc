// Stores one part of a multipart upload; a part of the same number is replaced.
// https://docs.aws.amazon.com/AmazonS3/latest/API/API_UploadPart.html
#include <fmt/format.h>

#include "base/encoding.h"
#include "services/s3/multipart.h"
#include "services/s3/object_rows.h"
#include "services/s3/operations/operations.h"
#include "services/s3/payload.h"
#include "services/s3/requests.h"

namespace aerolith::s3 {
namespace {

Result<> check_algorithm(const PayloadClaims& claims, const UploadRecord& upload) {
  if (!claims.checksum || !upload.checksum_was_chosen) return {};
  if (claims.checksum->algorithm == upload.checksum_algorithm) return {};
  return errors::invalid_request(fmt::format(
      "Checksum Type mismatch occurred, expected checksum Type: {}, actual checksum Type: {}",
      to_lower(algorithm_name(upload.checksum_algorithm)), to_lower(algorithm_name(claims.checksum->algorithm))));
}

}  // namespace

Result<UploadPartOutput> upload_part(Call& call, const UploadPartInput& input) {
  BucketName bucket_name(input.bucket.value_or(""));
  ObjectKey key = TRY(read_key(input.key));
  UploadId id(input.upload_id.value_or(""));
  uint16_t number = TRY(read_part_number(input.part_number));
  PayloadClaims claims = TRY(read_payload_claims(call));
  UploadRecord upload;
  {
    auto txn = call.metadata.begin_read();
    BucketRecord bucket = TRY(find_bucket(call, *txn, bucket_name, input.expected_bucket_owner));
    upload = TRY(find_upload(*txn, bucket.id, key, id));
  }
  TRY(check_algorithm(claims, upload));
  StoredPayload payload = TRY(store_payload(call, claims, upload.checksum_algorithm));
  auto body = [&](metadata::Transaction& txn) -> Result<> {
    BucketRecord bucket = TRY(find_bucket(call, txn, bucket_name, input.expected_bucket_owner));
    TRY(find_upload(txn, bucket.id, key, id));
    std::optional<PartRecord> before = TRY(kParts.get(txn, {id, number}));
    if (before) TRY(call.objects.release(txn, before->extent));
    objects::Extent extent = TRY(call.objects.commit(txn, payload.staged));
    PartRecord part{.last_modified = whole_seconds(call.context.now),
                    .etag = payload.etag,
                    .extent = std::move(extent),
                    .checksum = payload.checksum};
    kParts.put(txn, {id, number}, part);
    return {};
  };
  TRY(metadata::run_transaction(call.metadata, body));
  UploadPartOutput output;
  output.etag = quoted(payload.etag);
  if (claims.checksum || upload.checksum_was_chosen) put_checksum(output, payload.checksum);
  return output;
}

}  // namespace aerolith::s3
