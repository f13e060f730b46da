// Removes a bucket without objects: versions and delete markers count as such. Its unfinished uploads don't count as
// content: they go with it, as with S3. https://docs.aws.amazon.com/AmazonS3/latest/API/API_DeleteBucket.html
#include "services/s3/multipart.h"
#include "services/s3/operations/operations.h"
#include "services/s3/requests.h"

namespace aerolith::s3 {

Result<DeleteBucketOutput> delete_bucket(Call& call, const DeleteBucketInput& input) {
  BucketName name(input.bucket.value_or(""));
  auto body = [&](metadata::Transaction& txn) -> Result<> {
    BucketRecord bucket = TRY(find_bucket(call, txn, name, input.expected_bucket_owner));
    auto objects = kObjects.scan(txn, metadata::Direction::forward, bucket.id);
    if (TRY(objects.next())) {
      using enum errors::BucketVersions;
      return errors::bucket_not_empty(name, bucket.versioning == Versioning::never ? no : yes);
    }
    auto uploads = kUploads.scan(txn, metadata::Direction::forward, bucket.id);
    while (TRY(uploads.next())) TRY(remove_upload(call, txn, uploads.key()));
    kBucketTags.erase(txn, {bucket.id});
    kBucketPolicies.erase(txn, {bucket.id});
    kBuckets.erase(txn, {name});
    return {};
  };
  TRY(metadata::run_transaction(call.metadata, body));
  return DeleteBucketOutput{};
}

}  // namespace aerolith::s3
