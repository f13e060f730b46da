// Whether a bucket keeps versions; nothing where nobody ever said.
// https://docs.aws.amazon.com/AmazonS3/latest/API/API_GetBucketVersioning.html
#include "services/s3/operations/operations.h"
#include "services/s3/requests.h"

namespace aerolith::s3 {

Result<GetBucketVersioningOutput> get_bucket_versioning(Call& call, const GetBucketVersioningInput& input) {
  auto txn = call.metadata.begin_read();
  BucketName name(input.bucket.value_or(""));
  BucketRecord bucket = TRY(find_bucket(call, *txn, name, input.expected_bucket_owner));
  GetBucketVersioningOutput output;
  if (bucket.versioning == Versioning::enabled) output.status = "Enabled";
  if (bucket.versioning == Versioning::suspended) output.status = "Suspended";
  if (bucket.told_mfa_delete) output.mfa_delete = "Disabled";
  return output;
}

}  // namespace aerolith::s3
