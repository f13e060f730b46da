// Tells what GetObject would, without the bytes.
// https://docs.aws.amazon.com/AmazonS3/latest/API/API_HeadObject.html
#include "services/s3/object_read.h"
#include "services/s3/object_rows.h"
#include "services/s3/operations/operations.h"

namespace aerolith::s3 {

Result<HeadObjectOutput> head_object(Call& call, const HeadObjectInput& input) {
  HeadObjectOutput output;
  ObjectKey key = TRY(read_key(input.key));
  auto txn = call.metadata.begin_read();
  BucketName bucket_name(input.bucket.value_or(""));
  BucketRecord bucket = TRY(find_bucket(call, *txn, bucket_name, input.expected_bucket_owner));
  std::optional<VersionId> version = TRY(read_version_id(bucket.versioning, input.version_id));
  ObjectRecord object = TRY(find_wanted(call, *txn, bucket, key, version)).record;
  if (!TRY(answer_head(call, input, bucket, object, output))) return output;
  ChosenBytes chosen = TRY(choose_bytes(*txn, object, {input.range, input.part_number}));
  answer_range(call, input, object, chosen, output);
  call.context.response_size_bytes = chosen.range.size_bytes;
  return output;
}

}  // namespace aerolith::s3
