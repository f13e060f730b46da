// The region of a bucket, or the alias that it was made under; nothing at all for us-east-1.
// https://docs.aws.amazon.com/AmazonS3/latest/API/API_GetBucketLocation.html
#include "services/s3/operations/operations.h"
#include "services/s3/requests.h"

namespace aerolith::s3 {

Result<GetBucketLocationOutput> get_bucket_location(Call& call, const GetBucketLocationInput& input) {
  auto txn = call.metadata.begin_read();
  BucketName name(input.bucket.value_or(""));
  BucketRecord bucket = TRY(find_bucket(call, *txn, name, input.expected_bucket_owner));
  GetBucketLocationOutput output;
  bool is_named = bucket.region.view() != kRegionWithoutConstraint;
  output.location_constraint = is_named ? bucket.location_alias.value_or(bucket.region.str()) : std::string();
  return output;
}

}  // namespace aerolith::s3
