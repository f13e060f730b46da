// Removes an object, a version, or (where the bucket keeps versions) hides a key behind a delete marker. That it isn't
// there is no error.
// https://docs.aws.amazon.com/AmazonS3/latest/API/API_DeleteObject.html
#include "services/s3/operations/operations.h"
#include "services/s3/requests.h"
#include "services/s3/versions.h"

namespace aerolith::s3 {

Result<DeleteObjectOutput> delete_object(Call& call, const DeleteObjectInput& input) {
  BucketName bucket_name(input.bucket.value_or(""));
  ObjectKey key = TRY(read_key(input.key));
  RemovalConditions conditions{.if_match = input.if_match,
                               .size_bytes = input.if_match_size,
                               .last_modified = input.if_match_last_modified_time};
  auto body = [&](metadata::Transaction& txn) -> Result<Removal> {
    BucketRecord bucket = TRY(find_bucket(call, txn, bucket_name, input.expected_bucket_owner));
    std::optional<VersionId> version = TRY(read_version_id(bucket.versioning, input.version_id));
    TRY(check_removal(txn, bucket.id, key, version, conditions));
    if (!version) return remove_current(call, txn, bucket, key);
    std::optional<Removal> removal = TRY(remove_version(call, txn, bucket, key, *version));
    return removal.value_or(Removal{.version_id = version});
  };
  Removal removal = TRY(metadata::run_transaction(call.metadata, body));
  DeleteObjectOutput output;
  if (removal.is_delete_marker) output.delete_marker = true;
  if (removal.version_id) output.version_id = version_text(*removal.version_id);
  return output;
}

}  // namespace aerolith::s3
