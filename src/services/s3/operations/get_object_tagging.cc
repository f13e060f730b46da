// The tags of an object.
// https://docs.aws.amazon.com/AmazonS3/latest/API/API_GetObjectTagging.html
#include "services/s3/operations/operations.h"
#include "services/s3/requests.h"
#include "services/s3/tags.h"
#include "services/s3/versions.h"

namespace aerolith::s3 {

Result<GetObjectTaggingOutput> get_object_tagging(Call& call, const GetObjectTaggingInput& input) {
  ObjectKey key = TRY(read_key(input.key));
  auto txn = call.metadata.begin_read();
  BucketName name(input.bucket.value_or(""));
  BucketRecord bucket = TRY(find_bucket(call, *txn, name, input.expected_bucket_owner));
  std::optional<VersionId> version = TRY(read_version_id(bucket.versioning, input.version_id));
  ObjectRecord object = TRY(find_changeable(call, *txn, bucket, key, version)).record;
  GetObjectTaggingOutput output;
  output.version_id = told_version(bucket, object);
  output.tag_set = write_tags(object.tags);
  return output;
}

}  // namespace aerolith::s3
