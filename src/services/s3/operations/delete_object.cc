// Removes an object; that it isn't there is no error.
// https://docs.aws.amazon.com/AmazonS3/latest/API/API_DeleteObject.html
#include "services/s3/conditions.h"
#include "services/s3/object_rows.h"
#include "services/s3/operations/operations.h"
#include "services/s3/requests.h"

namespace aerolith::s3 {

Result<DeleteObjectOutput> delete_object(Call& call, const DeleteObjectInput& input) {
  BucketName bucket_name(input.bucket.value_or(""));
  ObjectKey key = TRY(read_key(input.key));
  bool names_version = TRY(read_version_id(input.version_id));
  auto body = [&](metadata::Transaction& txn) -> Result<> {
    BucketRecord bucket = TRY(find_bucket(call, txn, bucket_name, input.expected_bucket_owner));
    if (input.if_match) {
      std::optional<ObjectRecord> current = TRY(find_object(txn, bucket.id, key));
      if (current && !etag_matches(*input.if_match, current->etag)) return errors::precondition_failed("If-Match");
    }
    TRY(remove_object(call, txn, bucket.id, key));
    return {};
  };
  TRY(metadata::run_transaction(call.metadata, body));
  DeleteObjectOutput output;
  if (names_version) output.version_id = "null";
  return output;
}

}  // namespace aerolith::s3
