// Tells that a bucket is there and may be used, and where it is.
// https://docs.aws.amazon.com/AmazonS3/latest/API/API_HeadBucket.html
#include "services/s3/operations/operations.h"
#include "services/s3/requests.h"

namespace aerolith::s3 {

Result<HeadBucketOutput> head_bucket(Call& call, const HeadBucketInput& input) {
  BucketName name(input.bucket.value_or(""));
  auto txn = call.metadata.begin_read();
  auto bucket = find_bucket(call, *txn, name, input.expected_bucket_owner);
  if (!bucket.has_value()) {
    // Clients look for the region in refusals too, to send the request elsewhere.
    CallError refusal = bucket.error();
    if (refusal.http_status == 403) refusal.headers.emplace_back("x-amz-bucket-region", call.context.region.str());
    return std::unexpected(std::move(refusal));
  }
  HeadBucketOutput output;
  output.bucket_region = bucket->region.str();
  output.bucket_arn = bucket_arn(name);
  output.access_point_alias = false;
  return output;
}

}  // namespace aerolith::s3
