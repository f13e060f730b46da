// The tags of a bucket; that it has none is an error.
// https://docs.aws.amazon.com/AmazonS3/latest/API/API_GetBucketTagging.html
#include "services/s3/operations/operations.h"
#include "services/s3/requests.h"
#include "services/s3/tags.h"

namespace aerolith::s3 {

Result<GetBucketTaggingOutput> get_bucket_tagging(Call& call, const GetBucketTaggingInput& input) {
  auto txn = call.metadata.begin_read();
  BucketName name(input.bucket.value_or(""));
  BucketRecord bucket = TRY(find_bucket(call, *txn, name, input.expected_bucket_owner));
  std::optional<BucketTagsRecord> record = TRY(kBucketTags.get(*txn, {bucket.id}));
  if (!record) return errors::no_such_tag_set(name);
  GetBucketTaggingOutput output;
  output.tag_set = write_tags(record->tags);
  return output;
}

}  // namespace aerolith::s3
