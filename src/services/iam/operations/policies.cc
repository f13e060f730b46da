// Managed policies. https://docs.aws.amazon.com/IAM/latest/APIReference/API_CreatePolicy.html
#include <fmt/format.h>

#include "services/iam/entities.h"
#include "services/iam/managed.h"
#include "services/iam/operations/operations.h"
#include "services/iam/paging.h"
#include "services/iam/tags.h"

namespace aerolith::iam {
namespace {

using metadata::Direction;

constexpr std::string_view kPolicyTagQuota = "TagsPerPolicy";

bool is_wanted(const ListPoliciesInput& input, const Policy& policy) {
  if (!has_prefix(*policy.path, input.path_prefix)) return false;
  const bool boundary = input.policy_usage_filter == "PermissionsBoundary";
  const int32_t used = boundary ? *policy.permissions_boundary_usage_count : *policy.attachment_count;
  if (input.policy_usage_filter && used == 0) return false;
  return !input.only_attached.value_or(false) || used > 0;
}

template <EntityKind kind, typename Item>
Result<> add_entities(metadata::ReadTransaction& txn, const AccountId& account, const ListEntitiesForPolicyInput& input,
                      std::vector<std::pair<EntityKind, Item>>& found) {
  const auto& table = input.policy_usage_filter == "PermissionsBoundary" ? kBoundaryOf : kAttachedTo;
  auto rows = table.scan(txn, Direction::forward, account, *input.policy_arn, kind);
  while (TRY(rows.next())) {
    const auto entity = TRY(find_entity<kind>(txn, account, std::get<3>(rows.key())));
    if (has_prefix(entity.path, input.path_prefix)) found.push_back({kind, {entity.name, entity.id}});
  }
  return {};
}

}  // namespace

Result<CreatePolicyOutput> create_policy(Call& call, const CreatePolicyInput& input) {
  const AccountId& account = call.account();
  const PolicyRecord policy{.name = *input.policy_name,
                            .path = TRY(read_path(input.path)),
                            .id = make_unique_id("ANPA"),
                            .created_at = call.context.now,
                            .updated_at = call.context.now,
                            .description = input.description,
                            .tags = TRY(read_tags(input.tags, kPolicyTagQuota))};
  TRY(check_document(*input.policy_document, policy::PolicyKind::managed));
  if (size_without_white_space(*input.policy_document) > kMaxManagedPolicySize) {
    return errors::quota_exceeded("PolicySize", kMaxManagedPolicySize);
  }
  const Name key = lower_name(policy.name);
  TRY(check_room(call, kPolicies, "PoliciesPerAccount", kMaxPolicies));
  TRY(check_room(call, kPolicyVersions, "PolicyVersionsInUse", kMaxVersionsInUse));
  TRY(call.write([&](metadata::Transaction& txn) -> Result<> {
    if (TRY(kPolicies.contains(txn, {account, key}))) {
      return errors::already_exists(
          fmt::format("A policy called {} already exists. Duplicate names are not allowed.", policy.name));
    }
    kPolicies.put(txn, {account, key}, policy);
    kPolicyVersions.put(txn, {account, key, 1}, {.created_at = policy.created_at, .document = *input.policy_document});
    return {};
  }));
  CreatePolicyOutput output{.policy = to_wire(account, policy, {})};
  output.policy->tags = to_wire_or_none(policy.tags);
  return output;
}

Result<GetPolicyOutput> get_policy(Call& call, const GetPolicyInput& input) {
  const AccountId& account = call.account();
  auto txn = call.metadata.begin_read();
  const Usage usage = TRY(count_usage(*txn, account, *input.policy_arn));
  if (const AwsPolicy* known = find_aws_policy(*input.policy_arn)) {
    return GetPolicyOutput{.policy = to_wire(*known, usage)};
  }
  const OwnPolicy policy = TRY(find_own_policy(*txn, account, *input.policy_arn));
  GetPolicyOutput output{.policy = to_wire(account, policy.record, usage)};
  output.policy->description = policy.record.description;
  output.policy->tags = to_wire(policy.record.tags);
  return output;
}

Result<ListPoliciesOutput> list_policies(Call& call, const ListPoliciesInput& input) {
  const AccountId& account = call.account();
  auto txn = call.metadata.begin_read();
  std::vector<Policy> found;
  if (input.scope != "Local") {
    for (const AwsPolicy& known : aws_policies()) {
      Policy policy = to_wire(known, TRY(count_usage(*txn, account, known.arn)));
      if (is_wanted(input, policy)) found.push_back(std::move(policy));
    }
  }
  if (input.scope != "AWS") {
    auto rows = kPolicies.scan(*txn, Direction::forward, account);
    while (TRY(rows.next())) {
      const PolicyRecord record = TRY(rows.record());
      Policy policy = to_wire(account, record, TRY(count_usage(*txn, account, policy_arn(account, record))));
      if (is_wanted(input, policy)) found.push_back(std::move(policy));
    }
  }
  ListPoliciesOutput output;
  output.policies = TRY(list_items(TRY(read_page(input)), output, std::move(found)));
  return output;
}

Result<NoOutput> delete_policy(Call& call, const DeletePolicyInput& input) {
  const AccountId& account = call.account();
  return call.write([&](metadata::Transaction& txn) -> Result<NoOutput> {
    const OwnPolicy policy = TRY(find_own_policy(txn, account, *input.policy_arn));
    const Usage usage = TRY(count_usage(txn, account, *input.policy_arn));
    if (usage.attachments > 0 || usage.boundaries > 0) {
      return errors::delete_refused("Cannot delete a policy attached to entities.");
    }
    if (TRY(count_rows(txn, kPolicyVersions, account, policy.key)) > 1) {
      return errors::delete_refused(
          "This policy has more than one version. Before you delete a policy, you must delete the policy's versions. "
          "The default version is deleted with the policy.");
    }
    kPolicyVersions.erase(txn, {account, policy.key, policy.record.default_version});
    kPolicies.erase(txn, {account, policy.key});
    return NoOutput{};
  });
}

Result<ListEntitiesForPolicyOutput> list_entities_for_policy(Call& call, const ListEntitiesForPolicyInput& input) {
  using enum EntityKind;
  const AccountId& account = call.account();
  auto txn = call.metadata.begin_read();
  if (find_aws_policy(*input.policy_arn) == nullptr) TRY(find_own_policy(*txn, account, *input.policy_arn));
  using Item = std::pair<std::string, std::string>;
  std::vector<std::pair<EntityKind, Item>> found;
  const auto wants = [&](std::string_view filter) { return !input.entity_filter || *input.entity_filter == filter; };
  if (wants("Group")) TRY(add_entities<group>(*txn, account, input, found));
  if (wants("User")) TRY(add_entities<user>(*txn, account, input, found));
  if (wants("Role")) TRY(add_entities<role>(*txn, account, input, found));
  ListEntitiesForPolicyOutput output{.policy_groups = std::vector<PolicyGroup>(),
                                     .policy_users = std::vector<PolicyUser>(),
                                     .policy_roles = std::vector<PolicyRole>()};
  for (const auto& [kind, item] : TRY(list_items(TRY(read_page(input)), output, std::move(found)))) {
    const auto& [name, id] = item;
    if (kind == group) output.policy_groups->push_back({.group_name = name, .group_id = id});
    if (kind == user) output.policy_users->push_back({.user_name = name, .user_id = id});
    if (kind == role) output.policy_roles->push_back({.role_name = name, .role_id = id});
  }
  return output;
}

Result<NoOutput> tag_policy(Call& call, const TagPolicyInput& input) {
  return call.write([&](metadata::Transaction& txn) -> Result<NoOutput> {
    OwnPolicy policy = TRY(find_own_policy(txn, call.account(), *input.policy_arn));
    TRY(merge_tags(policy.record.tags, input.tags, kPolicyTagQuota));
    kPolicies.put(txn, {call.account(), policy.key}, policy.record);
    return NoOutput{};
  });
}

Result<NoOutput> untag_policy(Call& call, const UntagPolicyInput& input) {
  return call.write([&](metadata::Transaction& txn) -> Result<NoOutput> {
    OwnPolicy policy = TRY(find_own_policy(txn, call.account(), *input.policy_arn));
    remove_tags(policy.record.tags, input.tag_keys);
    kPolicies.put(txn, {call.account(), policy.key}, policy.record);
    return NoOutput{};
  });
}

Result<ListPolicyTagsOutput> list_policy_tags(Call& call, const ListPolicyTagsInput& input) {
  auto txn = call.metadata.begin_read();
  Tags tags;
  if (find_aws_policy(*input.policy_arn) == nullptr) {
    tags = TRY(find_own_policy(*txn, call.account(), *input.policy_arn)).record.tags;
  }
  ListPolicyTagsOutput output;
  output.tags = TRY(list_items(TRY(read_page(input)), output, to_wire(tags)));
  return output;
}

}  // namespace aerolith::iam
