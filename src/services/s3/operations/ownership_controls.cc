// Who owns the objects of a bucket, and whether ACLs count there.
// https://docs.aws.amazon.com/AmazonS3/latest/API/API_PutBucketOwnershipControls.html
#include "services/s3/checksums.h"
#include "services/s3/operations/operations.h"
#include "services/s3/ownership.h"
#include "services/s3/requests.h"

namespace aerolith::s3 {
namespace {

Result<ObjectOwnership> read_controls(const std::optional<OwnershipControls>& controls) {
  if (!controls || !controls->rules || controls->rules->size() != 1) return errors::malformed_xml();
  const auto ownership = find_ownership(controls->rules->front().object_ownership.value_or(""));
  if (!ownership) return errors::malformed_xml();
  return *ownership;
}

}  // namespace

Result<PutBucketOwnershipControlsOutput> put_bucket_ownership_controls(Call& call,
                                                                       const PutBucketOwnershipControlsInput& input) {
  TRY(verify_whole_body(call.context.head->headers, call.context.whole_body));
  const ObjectOwnership ownership = TRY(read_controls(input.ownership_controls));
  const BucketName name(input.bucket.value_or(""));
  TRY(metadata::run_transaction(call.metadata, [&](metadata::Transaction& txn) -> Result<> {
    BucketRecord bucket = TRY(find_bucket(call, txn, name, input.expected_bucket_owner));
    // Grants to others would be lost: they must be taken back first. Those of objects stay, without effect.
    if (ownership == ObjectOwnership::owner_enforced && bucket.acl) return errors::bucket_acl_with_owner_enforced();
    bucket.ownership = ownership;
    kBuckets.put(txn, {name}, bucket);
    return {};
  }));
  return PutBucketOwnershipControlsOutput{};
}

Result<GetBucketOwnershipControlsOutput> get_bucket_ownership_controls(Call& call,
                                                                       const GetBucketOwnershipControlsInput& input) {
  const BucketName name(input.bucket.value_or(""));
  const BucketRecord bucket = TRY(find_bucket(call, *call.metadata.begin_read(), name, input.expected_bucket_owner));
  if (bucket.ownership == ObjectOwnership::none) {
    return errors::no_configuration(errors::Configuration::ownership_controls, name);
  }
  GetBucketOwnershipControlsOutput output;
  output.ownership_controls.emplace().rules.emplace().emplace_back().object_ownership =
      std::string(ownership_name(bucket.ownership));
  return output;
}

Result<DeleteBucketOwnershipControlsOutput> delete_bucket_ownership_controls(
    Call& call, const DeleteBucketOwnershipControlsInput& input) {
  const BucketName name(input.bucket.value_or(""));
  TRY(metadata::run_transaction(call.metadata, [&](metadata::Transaction& txn) -> Result<> {
    BucketRecord bucket = TRY(find_bucket(call, txn, name, input.expected_bucket_owner));
    bucket.ownership = ObjectOwnership::none;
    kBuckets.put(txn, {name}, bucket);
    return {};
  }));
  return DeleteBucketOwnershipControlsOutput{};
}

}  // namespace aerolith::s3
