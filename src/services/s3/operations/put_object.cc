// Stores an object whole.
// https://docs.aws.amazon.com/AmazonS3/latest/API/API_PutObject.html
#include "services/s3/acl_request.h"
#include "services/s3/object_headers.h"
#include "services/s3/object_rows.h"
#include "services/s3/operations/operations.h"
#include "services/s3/payload.h"
#include "services/s3/requests.h"
#include "services/s3/storage_class.h"
#include "services/s3/tags.h"
#include "services/s3/versions.h"

namespace aerolith::s3 {

Result<PutObjectOutput> put_object(Call& call, const PutObjectInput& input) {
  BucketName bucket_name(input.bucket.value_or(""));
  ObjectKey key = TRY(read_key(input.key));
  ObjectRecord object;
  object.headers = TRY(read_object_headers(input));
  object.storage_class = TRY(read_storage_class(input.storage_class));
  object.tags = TRY(read_tagging_header(input.tagging));
  const AclHeaders acl = TRY(read_acl_headers(call, call.context.head->headers));
  PayloadClaims claims = TRY(read_payload_claims(call));
  WriteConditions conditions{input.if_match, input.if_none_match};
  {
    // Nothing is stored for a request that is bound to fail; the transaction below checks for good.
    auto txn = call.metadata.begin_read();
    BucketRecord bucket = TRY(find_bucket(call, *txn, bucket_name, input.expected_bucket_owner));
    TRY(access_of_new_object(call, *txn, bucket, acl, object_arn(bucket_name, key)));
    if (input.if_match || input.if_none_match) {
      std::optional<ObjectRecord> current = TRY(find_object(*txn, bucket.id, key));
      TRY(check_write_conditions(conditions, current, key));
    }
  }
  StoredPayload payload = TRY(store_payload(call, claims, ChecksumAlgorithm::crc64nvme));
  object.last_modified = whole_seconds(call.context.now);
  object.etag = payload.etag;
  object.size_bytes = payload.staged.extent().size_bytes;
  object.checksum = payload.checksum;
  std::optional<std::string> version;
  auto body = [&](metadata::Transaction& txn) -> Result<> {
    BucketRecord bucket = TRY(find_bucket(call, txn, bucket_name, input.expected_bucket_owner));
    std::optional<ObjectRecord> current = TRY(find_object(txn, bucket.id, key));
    TRY(check_write_conditions(conditions, current, key));
    ObjectAccess access = TRY(access_of_new_object(call, txn, bucket, acl, object_arn(bucket_name, key)));
    object.owner = std::move(access.owner);
    object.acl = std::move(access.acl);
    object.extent = TRY(call.objects.commit(txn, payload.staged));
    TRY(put_version(call, txn, bucket, key, object));
    version = made_version(bucket, object);
    return {};
  };
  TRY(metadata::run_transaction(call.metadata, body));
  PutObjectOutput output;
  output.etag = quoted(object.etag);
  output.version_id = version;
  put_checksum(output, payload.checksum);
  return output;
}

}  // namespace aerolith::s3
