// Gives a bucket other tags than it had; none at all where the set is empty.
// https://docs.aws.amazon.com/AmazonS3/latest/API/API_PutBucketTagging.html
#include "services/s3/checksums.h"
#include "services/s3/operations/operations.h"
#include "services/s3/requests.h"
#include "services/s3/tags.h"

namespace aerolith::s3 {

Result<PutBucketTaggingOutput> put_bucket_tagging(Call& call, const PutBucketTaggingInput& input) {
  TRY(verify_whole_body(call.context.head->headers, call.context.whole_body));
  BucketName name(input.bucket.value_or(""));
  auto body = [&](metadata::Transaction& txn) -> Result<> {
    BucketRecord bucket = TRY(find_bucket(call, txn, name, input.expected_bucket_owner));
    BucketTagsRecord record{.tags = TRY(read_tags(input.tagging, Tagged::bucket))};
    if (record.tags.empty()) {
      kBucketTags.erase(txn, {bucket.id});
    } else {
      kBucketTags.put(txn, {bucket.id}, record);
    }
    return {};
  };
  TRY(metadata::run_transaction(call.metadata, body));
  call.context.response_status = 204;  // as S3 does, though its model says 200
  return PutBucketTaggingOutput{};
}

}  // namespace aerolith::s3
