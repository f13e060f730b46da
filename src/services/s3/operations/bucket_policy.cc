// A bucket's policy, and the block of public ones.
// https://docs.aws.amazon.com/AmazonS3/latest/API/API_PutBucketPolicy.html
// https://docs.aws.amazon.com/AmazonS3/latest/API/API_PutPublicAccessBlock.html
#include "base/random.h"
#include "policy/document.h"
#include "policy/public_access.h"
#include "services/s3/bucket_policies.h"
#include "services/s3/operations/operations.h"
#include "services/s3/public_access.h"
#include "services/s3/requests.h"

namespace aerolith::s3 {
namespace {

constexpr size_t kRevisionDigits = 32;

// What S3 refuses in a policy that IAM's grammar takes: every resource must be the bucket or lie in it.
// https://docs.aws.amazon.com/AmazonS3/latest/userguide/s3-arn-format.html
bool is_within(const policy::Policy& policy, const BucketName& bucket) {
  const std::string arn = bucket_arn(bucket);
  for (const policy::Statement& statement : policy.statements) {
    for (const policy::Pattern& resource : statement.resources) {
      const std::string_view start = resource.literal_prefix();
      if (start != arn && !start.starts_with(arn + "/")) return false;
    }
  }
  return true;
}

Result<policy::Policy> read_policy(const std::string& document, const BucketName& bucket) {
  if (document.size() > kMaxPolicyBytes) return errors::policy_too_large();
  auto parsed = policy::parse_policy(document, policy::PolicyKind::resource);
  if (!parsed) {
    auto refused = errors::malformed_policy(parsed.error().message);
    if (!parsed.error().place.empty()) refused.error().fields.emplace_back("Detail", parsed.error().place);
    return refused;
  }
  if (!is_within(*parsed, bucket)) return errors::malformed_policy("Policy has invalid resource");
  return *std::move(parsed);
}

Result<iam::BoundPrincipals> bind_principals(metadata::ReadTransaction& txn, const std::string& document) {
  iam::PrincipalBinding binding = TRY(iam::bind_principals(txn, document));
  if (!binding.unknown.empty()) return errors::unknown_principal(binding.unknown);
  return std::move(binding.principals);
}

// https://docs.aws.amazon.com/AmazonS3/latest/API/API_GetBucketPolicy.html
Result<> check_account(const Call& call, const BucketRecord& bucket) {
  if (call.context.principal().account == bucket.owner) return {};
  return errors::policy_of_another_account(call.context.head->method);
}

// Changes a bucket's record in one transaction.
template <typename Input, typename Change>
Result<> change_bucket(Call& call, const Input& input, Change&& change) {
  const BucketName name(input.bucket.value_or(""));
  return metadata::run_transaction(call.metadata, [&](metadata::Transaction& txn) -> Result<> {
    BucketRecord bucket = TRY(find_bucket(call, txn, name, input.expected_bucket_owner));
    TRY(change(txn, bucket));
    kBuckets.put(txn, {name}, bucket);
    return {};
  });
}

Result<BucketPolicyRecord> require_policy(metadata::ReadTransaction& txn, const BucketName& name,
                                          const BucketRecord& bucket) {
  std::optional<BucketPolicyRecord> record = TRY(kBucketPolicies.get(txn, {bucket.id}));
  if (!record) return errors::no_configuration(errors::Configuration::policy, name);
  return *std::move(record);
}

}  // namespace

Result<PutBucketPolicyOutput> put_bucket_policy(Call& call, const PutBucketPolicyInput& input) {
  const std::string document = input.policy.value_or("");
  const policy::Policy parsed = TRY(read_policy(document, BucketName(input.bucket.value_or(""))));
  TRY(change_bucket(call, input, [&](metadata::Transaction& txn, BucketRecord& bucket) -> Result<> {
    TRY(check_account(call, bucket));
    if (policy::is_public(parsed) && TRY(effective_block(txn, bucket)).block_public_policy) {
      return errors::public_policy_blocked(call.context.principal().arn, bucket_arn(BucketName(*input.bucket)));
    }
    bucket.policy_revision = random_hex(kRevisionDigits);
    kBucketPolicies.put(txn, {bucket.id}, {.document = document, .principals = TRY(bind_principals(txn, document))});
    return {};
  }));
  call.context.response_status = 204;
  return PutBucketPolicyOutput{};
}

Result<GetBucketPolicyOutput> get_bucket_policy(Call& call, const GetBucketPolicyInput& input) {
  const auto txn = call.metadata.begin_read();
  const BucketName name(input.bucket.value_or(""));
  const BucketRecord bucket = TRY(find_bucket(call, *txn, name, input.expected_bucket_owner));
  TRY(check_account(call, bucket));
  const BucketPolicyRecord record = TRY(require_policy(*txn, name, bucket));
  return GetBucketPolicyOutput{.policy = TRY(iam::shown_document(*txn, record.document, record.principals))};
}

Result<DeleteBucketPolicyOutput> delete_bucket_policy(Call& call, const DeleteBucketPolicyInput& input) {
  TRY(change_bucket(call, input, [&](metadata::Transaction& txn, BucketRecord& bucket) -> Result<> {
    TRY(check_account(call, bucket));
    bucket.policy_revision.clear();
    kBucketPolicies.erase(txn, {bucket.id});
    return {};
  }));
  return DeleteBucketPolicyOutput{};
}

Result<GetBucketPolicyStatusOutput> get_bucket_policy_status(Call& call, const GetBucketPolicyStatusInput& input) {
  const auto txn = call.metadata.begin_read();
  const BucketName name(input.bucket.value_or(""));
  const BucketRecord bucket = TRY(find_bucket(call, *txn, name, input.expected_bucket_owner));
  const BucketPolicyRecord record = TRY(require_policy(*txn, name, bucket));
  const auto parsed = policy::parse_policy(record.document, policy::PolicyKind::resource);
  if (!parsed) return errors::malformed_policy(parsed.error().message);
  GetBucketPolicyStatusOutput output;
  output.policy_status.emplace().is_public = policy::is_public(*parsed);
  return output;
}

Result<PutPublicAccessBlockOutput> put_public_access_block(Call& call, const PutPublicAccessBlockInput& input) {
  if (!input.public_access_block_configuration) return errors::malformed_xml();
  const PublicAccessBlockConfiguration& wanted = *input.public_access_block_configuration;
  TRY(change_bucket(call, input, [&](metadata::Transaction&, BucketRecord& bucket) -> Result<> {
    bucket.public_access = {.is_set = true,
                            .block_public_acls = wanted.block_public_acls.value_or(false),
                            .ignore_public_acls = wanted.ignore_public_acls.value_or(false),
                            .block_public_policy = wanted.block_public_policy.value_or(false),
                            .restrict_public_buckets = wanted.restrict_public_buckets.value_or(false)};
    return {};
  }));
  return PutPublicAccessBlockOutput{};
}

Result<GetPublicAccessBlockOutput> get_public_access_block(Call& call, const GetPublicAccessBlockInput& input) {
  const BucketName name(input.bucket.value_or(""));
  const BucketRecord bucket = TRY(find_bucket(call, *call.metadata.begin_read(), name, input.expected_bucket_owner));
  const PublicAccessBlock& block = bucket.public_access;
  if (!block.is_set) return errors::no_configuration(errors::Configuration::public_access_block, name);
  GetPublicAccessBlockOutput output;
  output.public_access_block_configuration =
      PublicAccessBlockConfiguration{.block_public_acls = block.block_public_acls,
                                     .ignore_public_acls = block.ignore_public_acls,
                                     .block_public_policy = block.block_public_policy,
                                     .restrict_public_buckets = block.restrict_public_buckets};
  return output;
}

Result<DeletePublicAccessBlockOutput> delete_public_access_block(Call& call,
                                                                 const DeletePublicAccessBlockInput& input) {
  TRY(change_bucket(call, input, [&](metadata::Transaction&, BucketRecord& bucket) -> Result<> {
    bucket.public_access = kNoBlock;
    return {};
  }));
  return DeletePublicAccessBlockOutput{};
}

}  // namespace aerolith::s3
