// Versions of managed policies: at most five, one of them in force.
// https://docs.aws.amazon.com/IAM/latest/UserGuide/access_policies_managed-versioning.html
#include <fmt/format.h>

#include <algorithm>

#include "services/iam/entities.h"
#include "services/iam/managed.h"
#include "services/iam/operations/operations.h"
#include "services/iam/paging.h"

namespace aerolith::iam {
namespace {

std::unexpected<CallError> no_such_version(const std::string& arn, const std::string& version) {
  return errors::no_such(fmt::format("Policy {} version {} does not exist or is not attachable.", arn, version));
}

PolicyVersion to_wire(uint32_t number, const PolicyVersionRecord& record, const PolicyRecord& policy) {
  return {.version_id = version_id(number),
          .is_default_version = number == policy.default_version,
          .create_date = record.created_at};
}

PolicyVersion to_wire(const AwsPolicy& policy) {
  return {.version_id = policy.version_id, .is_default_version = true, .create_date = policy.created_at};
}

// The number of a version that is there.
Result<uint32_t> find_version(metadata::ReadTransaction& txn, const AccountId& account, const OwnPolicy& policy,
                              const std::string& arn, const std::string& version) {
  const auto number = parse_version_id(version);
  if (!number || !TRY(kPolicyVersions.contains(txn, {account, policy.key, *number}))) {
    return no_such_version(arn, version);
  }
  return *number;
}

}  // namespace

Result<CreatePolicyVersionOutput> create_policy_version(Call& call, const CreatePolicyVersionInput& input) {
  const AccountId& account = call.account();
  TRY(check_document(*input.policy_document, policy::PolicyKind::managed));
  if (size_without_white_space(*input.policy_document) > kMaxManagedPolicySize) {
    return errors::quota_exceeded("PolicySize", kMaxManagedPolicySize);
  }
  TRY(check_room(call, kPolicyVersions, "PolicyVersionsInUse", kMaxVersionsInUse));
  return call.write([&](metadata::Transaction& txn) -> Result<CreatePolicyVersionOutput> {
    OwnPolicy policy = TRY(find_own_policy(txn, account, *input.policy_arn));
    if (TRY(count_rows(txn, kPolicyVersions, account, policy.key)) >= static_cast<int32_t>(kMaxVersions)) {
      return errors::limit_exceeded(
          "A managed policy can have up to 5 versions. Before you create a new version, you must delete an existing "
          "version.");
    }
    const uint32_t number = ++policy.record.last_version;
    policy.record.updated_at = call.context.now;
    if (input.set_as_default.value_or(false)) policy.record.default_version = number;
    const PolicyVersionRecord version{.created_at = call.context.now, .document = *input.policy_document};
    kPolicyVersions.put(txn, {account, policy.key, number}, version);
    kPolicies.put(txn, {account, policy.key}, policy.record);
    return CreatePolicyVersionOutput{.policy_version = to_wire(number, version, policy.record)};
  });
}

Result<GetPolicyVersionOutput> get_policy_version(Call& call, const GetPolicyVersionInput& input) {
  const AccountId& account = call.account();
  GetPolicyVersionOutput output;
  if (const AwsPolicy* known = find_aws_policy(*input.policy_arn)) {
    if (known->version_id != *input.version_id) return no_such_version(*input.policy_arn, *input.version_id);
    output.policy_version = to_wire(*known);
    output.policy_version->document = encode_document(known->document);
    return output;
  }
  auto txn = call.metadata.begin_read();
  const OwnPolicy policy = TRY(find_own_policy(*txn, account, *input.policy_arn));
  const uint32_t number = TRY(find_version(*txn, account, policy, *input.policy_arn, *input.version_id));
  const auto version = TRY(kPolicyVersions.get(*txn, {account, policy.key, number}));
  if (!version) return no_such_version(*input.policy_arn, *input.version_id);
  output.policy_version = to_wire(number, *version, policy.record);
  output.policy_version->document = encode_document(version->document);
  return output;
}

Result<ListPolicyVersionsOutput> list_policy_versions(Call& call, const ListPolicyVersionsInput& input) {
  const AccountId& account = call.account();
  std::vector<PolicyVersion> versions;
  if (const AwsPolicy* known = find_aws_policy(*input.policy_arn)) {
    versions.push_back(to_wire(*known));
  } else {
    auto txn = call.metadata.begin_read();
    const OwnPolicy policy = TRY(find_own_policy(*txn, account, *input.policy_arn));
    auto rows = kPolicyVersions.scan(*txn, metadata::Direction::backward, account, policy.key);
    while (TRY(rows.next())) {
      versions.push_back(to_wire(std::get<2>(rows.key()), TRY(rows.record()), policy.record));
    }
  }
  ListPolicyVersionsOutput output;
  output.versions = TRY(list_items(TRY(read_page(input)), output, std::move(versions)));
  return output;
}

Result<NoOutput> delete_policy_version(Call& call, const DeletePolicyVersionInput& input) {
  const AccountId& account = call.account();
  return call.write([&](metadata::Transaction& txn) -> Result<NoOutput> {
    const OwnPolicy policy = TRY(find_own_policy(txn, account, *input.policy_arn));
    const uint32_t number = TRY(find_version(txn, account, policy, *input.policy_arn, *input.version_id));
    if (number == policy.record.default_version) {
      return errors::delete_refused("Cannot delete the default version of a policy.");
    }
    kPolicyVersions.erase(txn, {account, policy.key, number});
    return NoOutput{};
  });
}

Result<NoOutput> set_default_policy_version(Call& call, const SetDefaultPolicyVersionInput& input) {
  const AccountId& account = call.account();
  return call.write([&](metadata::Transaction& txn) -> Result<NoOutput> {
    OwnPolicy policy = TRY(find_own_policy(txn, account, *input.policy_arn));
    policy.record.default_version = TRY(find_version(txn, account, policy, *input.policy_arn, *input.version_id));
    policy.record.updated_at = call.context.now;
    kPolicies.put(txn, {account, policy.key}, policy.record);
    return NoOutput{};
  });
}

}  // namespace aerolith::iam
