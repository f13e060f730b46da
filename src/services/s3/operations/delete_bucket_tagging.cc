// Takes all tags off a bucket.
// https://docs.aws.amazon.com/AmazonS3/latest/API/API_DeleteBucketTagging.html
#include "services/s3/operations/operations.h"
#include "services/s3/requests.h"

namespace aerolith::s3 {

Result<DeleteBucketTaggingOutput> delete_bucket_tagging(Call& call, const DeleteBucketTaggingInput& input) {
  BucketName name(input.bucket.value_or(""));
  auto body = [&](metadata::Transaction& txn) -> Result<> {
    BucketRecord bucket = TRY(find_bucket(call, txn, name, input.expected_bucket_owner));
    kBucketTags.erase(txn, {bucket.id});
    return {};
  };
  TRY(metadata::run_transaction(call.metadata, body));
  return DeleteBucketTaggingOutput{};
}

}  // namespace aerolith::s3
