// Has a bucket keep versions, or stop making new ones. Those that are there stay.
// https://docs.aws.amazon.com/AmazonS3/latest/API/API_PutBucketVersioning.html
#include "services/s3/checksums.h"
#include "services/s3/operations/operations.h"
#include "services/s3/requests.h"

namespace aerolith::s3 {
namespace {

Result<Versioning> read_status(const std::optional<VersioningConfiguration>& configuration) {
  if (!configuration) return errors::malformed_xml();
  if (configuration->mfa_delete.value_or("Disabled") != "Disabled") return errors::not_implemented("MfaDelete");
  if (!configuration->status) return errors::missing_versioning_status();
  if (*configuration->status == "Enabled") return Versioning::enabled;
  if (*configuration->status == "Suspended") return Versioning::suspended;
  return errors::malformed_xml();
}

}  // namespace

Result<PutBucketVersioningOutput> put_bucket_versioning(Call& call, const PutBucketVersioningInput& input) {
  TRY(verify_whole_body(call.context.head->headers, call.context.whole_body));
  BucketName name(input.bucket.value_or(""));
  auto body = [&](metadata::Transaction& txn) -> Result<> {
    BucketRecord bucket = TRY(find_bucket(call, txn, name, input.expected_bucket_owner));
    bucket.versioning = TRY(read_status(input.versioning_configuration));
    if (input.versioning_configuration->mfa_delete) bucket.told_mfa_delete = true;
    kBuckets.put(txn, {name}, bucket);
    return {};
  };
  TRY(metadata::run_transaction(call.metadata, body));
  return PutBucketVersioningOutput{};
}

}  // namespace aerolith::s3
