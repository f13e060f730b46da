// Gives up a multipart upload; its parts' bytes are released.
// https://docs.aws.amazon.com/AmazonS3/latest/API/API_AbortMultipartUpload.html
#include "services/s3/multipart.h"
#include "services/s3/operations/operations.h"
#include "services/s3/requests.h"

namespace aerolith::s3 {

Result<AbortMultipartUploadOutput> abort_multipart_upload(Call& call, const AbortMultipartUploadInput& input) {
  BucketName bucket_name(input.bucket.value_or(""));
  ObjectKey key = TRY(read_key(input.key));
  UploadId id(input.upload_id.value_or(""));
  auto body = [&](metadata::Transaction& txn) -> Result<> {
    BucketRecord bucket = TRY(find_bucket(call, txn, bucket_name, input.expected_bucket_owner));
    UploadRecord upload = TRY(find_upload(txn, bucket.id, key, id));
    // S3 has this condition in directory buckets only.
    const auto& wanted = input.if_match_initiated_time;
    if (wanted && whole_seconds(*wanted) != whole_seconds(upload.initiated_at)) {
      return errors::precondition_failed("x-amz-if-match-initiated-time");
    }
    return remove_upload(call, txn, {bucket.id, key, id});
  };
  TRY(metadata::run_transaction(call.metadata, body));
  return AbortMultipartUploadOutput{};
}

}  // namespace aerolith::s3
