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

}  // namespace

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
