// Configurations of buckets and objects that nobody can change here yet: there is none, or it is what every bucket has.
// Tools read them all before they do anything else. To put another one is NotImplemented; to delete one that isn't
// there succeeds, as with S3.
#include "services/s3/operations/operations.h"
#include "services/s3/requests.h"
#include "services/s3/versions.h"

namespace aerolith::s3 {
namespace {

// Nothing but the bucket has to be right.
template <typename Input>
Result<> require_bucket(const Call& call, const Input& input) {
  auto txn = call.metadata.begin_read();
  TRY(find_bucket(call, *txn, BucketName(input.bucket.value_or("")), input.expected_bucket_owner));
  return {};
}

template <typename Input>
Result<> require_object(const Call& call, const Input& input) {
  ObjectKey key = TRY(read_key(input.key));
  auto txn = call.metadata.begin_read();
  BucketName name(input.bucket.value_or(""));
  BucketRecord bucket = TRY(find_bucket(call, *txn, name, input.expected_bucket_owner));
  std::optional<VersionId> version = TRY(read_version_id(bucket.versioning, input.version_id));
  TRY(find_changeable(call, *txn, bucket, key, version));
  return {};
}

// An answer that says nothing.
template <typename Output, typename Input>
Result<Output> nothing(const Call& call, const Input& input) {
  TRY(require_bucket(call, input));
  return Output{};
}

template <typename Input>
std::unexpected<CallError> absent(const Call& call, const Input& input, errors::Configuration what) {
  auto bucket = require_bucket(call, input);
  if (!bucket.has_value()) return std::unexpected(std::move(bucket).error());
  return errors::no_configuration(what, BucketName(input.bucket.value_or("")));
}

// The owner may do all, nobody else anything: what BucketOwnerEnforced comes to.
template <typename Output>
Output owner_s_acl(const Call& call) {
  std::string id = canonical_user_id(call.context.principal().account);
  Output output;
  output.owner.emplace().id = id;
  Grant& grant = output.grants.emplace().emplace_back();
  grant.grantee = Grantee{.id = id, .type = "CanonicalUser"};
  grant.permission = "FULL_CONTROL";
  return output;
}

// To put what is there already succeeds: s3cmd does that with each copy. Where ACLs are disabled, S3 takes those forms
// of an ACL that come to the owner's full control:
// https://docs.aws.amazon.com/AmazonS3/latest/userguide/about-object-ownership.html
Result<> require_owner_s_acl(const Call& call, const std::optional<AccessControlPolicy>& policy) {
  const std::string id = canonical_user_id(call.context.principal().account);
  if (!policy || !policy->grants || policy->grants->empty()) return errors::acl_not_supported();
  for (const Grant& grant : *policy->grants) {
    if (!grant.grantee || grant.grantee->id != id || grant.permission != "FULL_CONTROL")
      return errors::acl_not_supported();
  }
  return {};
}

}  // namespace

Result<GetBucketAclOutput> get_bucket_acl(Call& call, const GetBucketAclInput& input) {
  TRY(require_bucket(call, input));
  return owner_s_acl<GetBucketAclOutput>(call);
}

Result<GetObjectAclOutput> get_object_acl(Call& call, const GetObjectAclInput& input) {
  TRY(require_object(call, input));
  return owner_s_acl<GetObjectAclOutput>(call);
}

Result<PutBucketAclOutput> put_bucket_acl(Call& call, const PutBucketAclInput& input) {
  TRY(require_bucket(call, input));
  TRY(require_owner_s_acl(call, input.access_control_policy));
  return PutBucketAclOutput{};
}

Result<PutObjectAclOutput> put_object_acl(Call& call, const PutObjectAclInput& input) {
  TRY(require_object(call, input));
  TRY(require_owner_s_acl(call, input.access_control_policy));
  return PutObjectAclOutput{};
}

Result<GetBucketOwnershipControlsOutput> get_bucket_ownership_controls(Call& call,
                                                                       const GetBucketOwnershipControlsInput& input) {
  TRY(require_bucket(call, input));
  GetBucketOwnershipControlsOutput output;
  output.ownership_controls.emplace().rules.emplace().emplace_back().object_ownership = "BucketOwnerEnforced";
  return output;
}

Result<GetBucketRequestPaymentOutput> get_bucket_request_payment(Call& call,
                                                                 const GetBucketRequestPaymentInput& input) {
  TRY(require_bucket(call, input));
  return GetBucketRequestPaymentOutput{.payer = "BucketOwner"};
}

Result<GetBucketLoggingOutput> get_bucket_logging(Call& call, const GetBucketLoggingInput& input) {
  return nothing<GetBucketLoggingOutput>(call, input);
}

Result<GetBucketAccelerateConfigurationOutput> get_bucket_accelerate_configuration(
    Call& call, const GetBucketAccelerateConfigurationInput& input) {
  return nothing<GetBucketAccelerateConfigurationOutput>(call, input);
}

Result<GetBucketNotificationConfigurationOutput> get_bucket_notification_configuration(
    Call& call, const GetBucketNotificationConfigurationInput& input) {
  return nothing<GetBucketNotificationConfigurationOutput>(call, input);
}

Result<GetBucketCorsOutput> get_bucket_cors(Call& call, const GetBucketCorsInput& input) {
  return absent(call, input, errors::Configuration::cors);
}

Result<GetBucketEncryptionOutput> get_bucket_encryption(Call& call, const GetBucketEncryptionInput& input) {
  return absent(call, input, errors::Configuration::encryption);
}

Result<GetBucketLifecycleConfigurationOutput> get_bucket_lifecycle_configuration(
    Call& call, const GetBucketLifecycleConfigurationInput& input) {
  return absent(call, input, errors::Configuration::lifecycle);
}

Result<GetBucketReplicationOutput> get_bucket_replication(Call& call, const GetBucketReplicationInput& input) {
  return absent(call, input, errors::Configuration::replication);
}

Result<GetBucketWebsiteOutput> get_bucket_website(Call& call, const GetBucketWebsiteInput& input) {
  return absent(call, input, errors::Configuration::website);
}

Result<GetObjectLockConfigurationOutput> get_object_lock_configuration(Call& call,
                                                                       const GetObjectLockConfigurationInput& input) {
  return absent(call, input, errors::Configuration::object_lock);
}

Result<GetObjectRetentionOutput> get_object_retention(Call& call, const GetObjectRetentionInput& input) {
  TRY(require_object(call, input));
  return errors::no_object_lock();
}

Result<GetObjectLegalHoldOutput> get_object_legal_hold(Call& call, const GetObjectLegalHoldInput& input) {
  TRY(require_object(call, input));
  return errors::no_object_lock();
}

Result<DeleteBucketCorsOutput> delete_bucket_cors(Call& call, const DeleteBucketCorsInput& input) {
  return nothing<DeleteBucketCorsOutput>(call, input);
}

Result<DeleteBucketEncryptionOutput> delete_bucket_encryption(Call& call, const DeleteBucketEncryptionInput& input) {
  return nothing<DeleteBucketEncryptionOutput>(call, input);
}

Result<DeleteBucketLifecycleOutput> delete_bucket_lifecycle(Call& call, const DeleteBucketLifecycleInput& input) {
  return nothing<DeleteBucketLifecycleOutput>(call, input);
}

Result<DeleteBucketReplicationOutput> delete_bucket_replication(Call& call, const DeleteBucketReplicationInput& input) {
  return nothing<DeleteBucketReplicationOutput>(call, input);
}

Result<DeleteBucketWebsiteOutput> delete_bucket_website(Call& call, const DeleteBucketWebsiteInput& input) {
  return nothing<DeleteBucketWebsiteOutput>(call, input);
}

}  // namespace aerolith::s3
