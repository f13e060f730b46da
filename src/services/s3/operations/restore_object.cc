// Has an object of an archive class be readable for some days: here at once.
// https://docs.aws.amazon.com/AmazonS3/latest/API/API_RestoreObject.html
#include "services/s3/checksums.h"
#include "services/s3/operations/operations.h"
#include "services/s3/requests.h"
#include "services/s3/storage_class.h"
#include "services/s3/versions.h"

namespace aerolith::s3 {

Result<RestoreObjectOutput> restore_object(Call& call, const RestoreObjectInput& input) {
  TRY(verify_whole_body(call.context.head->headers, call.context.whole_body));
  ObjectKey key = TRY(read_key(input.key));
  BucketName name(input.bucket.value_or(""));
  if (!input.restore_request) return errors::malformed_xml();
  if (input.restore_request->type || input.restore_request->output_location) {
    return errors::not_implemented("RestoreRequest of type SELECT");
  }
  int32_t days = input.restore_request->days.value_or(0);
  if (days < 1) return errors::malformed_xml();
  auto body = [&](metadata::Transaction& txn) -> Result<int> {
    BucketRecord bucket = TRY(find_bucket(call, txn, name, input.expected_bucket_owner));
    std::optional<VersionId> version = TRY(read_version_id(bucket.versioning, input.version_id));
    auto [object, row] = TRY(find_changeable(call, txn, bucket, key, version));
    if (!is_archived(object.storage_class)) {
      return errors::not_restorable(listed_storage_class(object.storage_class));
    }
    bool was_restored = told_restore(object, call.context.now).has_value();
    // S3 tells midnights, the first one after so many days.
    object.restored_until = std::chrono::ceil<std::chrono::days>(call.context.now + std::chrono::days(days));
    kObjects.put(txn, row, object);
    return was_restored ? 200 : 202;
  };
  call.context.response_status = TRY(metadata::run_transaction(call.metadata, body));
  return RestoreObjectOutput{};
}

}  // namespace aerolith::s3
