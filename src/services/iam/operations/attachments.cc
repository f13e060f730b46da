// Managed policies on users, groups and roles, and permissions boundaries.
// https://docs.aws.amazon.com/IAM/latest/APIReference/API_AttachUserPolicy.html
#include <fmt/format.h>

#include "services/iam/entities.h"
#include "services/iam/managed.h"
#include "services/iam/operations/operations.h"
#include "services/iam/paging.h"

namespace aerolith::iam {
namespace {

constexpr std::string_view quota_name(EntityKind kind) {
  if (kind == EntityKind::user) return "PoliciesPerUser";
  return kind == EntityKind::group ? "PoliciesPerGroup" : "PoliciesPerRole";
}

template <EntityKind kind, typename Input>
Result<NoOutput> attach(Call& call, const Input& input) {
  const AccountId& account = call.account();
  const Name name = lower_name(name_in<kind>(input));
  return call.write([&](metadata::Transaction& txn) -> Result<NoOutput> {
    TRY(check_modifiable(TRY(find_entity<kind>(txn, account, *name_in<kind>(input)))));
    TRY(check_attachable(txn, account, *input.policy_arn));
    if (TRY(kAttachments.contains(txn, {account, kind, name, *input.policy_arn}))) return NoOutput{};
    if (TRY(count_rows(txn, kAttachments, account, kind, name)) >= static_cast<int32_t>(kMaxAttachments)) {
      return errors::quota_exceeded(quota_name(kind), kMaxAttachments);
    }
    kAttachments.put(txn, {account, kind, name, *input.policy_arn}, {});
    kAttachedTo.put(txn, {account, *input.policy_arn, kind, name}, {});
    return NoOutput{};
  });
}

template <EntityKind kind, typename Input>
Result<NoOutput> detach(Call& call, const Input& input) {
  const AccountId& account = call.account();
  const Name name = lower_name(name_in<kind>(input));
  return call.write([&](metadata::Transaction& txn) -> Result<NoOutput> {
    TRY(check_modifiable(TRY(find_entity<kind>(txn, account, *name_in<kind>(input)))));
    if (!TRY(kAttachments.contains(txn, {account, kind, name, *input.policy_arn}))) {
      return errors::no_such(fmt::format("Policy {} was not found.", *input.policy_arn));
    }
    kAttachments.erase(txn, {account, kind, name, *input.policy_arn});
    kAttachedTo.erase(txn, {account, *input.policy_arn, kind, name});
    return NoOutput{};
  });
}

template <EntityKind kind, typename Output, typename Input>
Result<Output> list_attached(Call& call, const Input& input) {
  const AccountId& account = call.account();
  auto txn = call.metadata.begin_read();
  TRY(find_entity<kind>(*txn, account, *name_in<kind>(input)));
  auto rows = kAttachments.scan(*txn, metadata::Direction::forward, account, kind, lower_name(name_in<kind>(input)));
  std::vector<AttachedPolicy> attached;
  while (TRY(rows.next())) {
    const PolicyArn& arn = std::get<3>(rows.key());
    const auto parts = split_arn(arn);
    if (!parts || !has_prefix(parts->path, input.path_prefix)) continue;
    attached.push_back({.policy_name = std::string(parts->name), .policy_arn = arn});
  }
  Output output;
  output.attached_policies = TRY(list_items(TRY(read_page(input)), output, std::move(attached)));
  return output;
}

template <EntityKind kind, typename Input>
Result<NoOutput> change_boundary(Call& call, const Input& input, const std::optional<std::string>& arn) {
  const AccountId& account = call.account();
  const Name name = lower_name(name_in<kind>(input));
  return call.write([&](metadata::Transaction& txn) -> Result<NoOutput> {
    auto entity = TRY(find_entity<kind>(txn, account, *name_in<kind>(input)));
    TRY(check_modifiable(entity));
    TRY(set_boundary(txn, account, kind, entity, name, arn));
    table_of<kind>().put(txn, {account, name}, entity);
    return NoOutput{};
  });
}

}  // namespace

using enum EntityKind;

Result<NoOutput> attach_user_policy(Call& call, const AttachUserPolicyInput& input) {
  return attach<user>(call, input);
}
Result<NoOutput> attach_group_policy(Call& call, const AttachGroupPolicyInput& input) {
  return attach<group>(call, input);
}
Result<NoOutput> attach_role_policy(Call& call, const AttachRolePolicyInput& input) {
  return attach<role>(call, input);
}

Result<NoOutput> detach_user_policy(Call& call, const DetachUserPolicyInput& input) {
  return detach<user>(call, input);
}
Result<NoOutput> detach_group_policy(Call& call, const DetachGroupPolicyInput& input) {
  return detach<group>(call, input);
}
Result<NoOutput> detach_role_policy(Call& call, const DetachRolePolicyInput& input) {
  return detach<role>(call, input);
}

Result<ListAttachedUserPoliciesOutput> list_attached_user_policies(Call& call,
                                                                   const ListAttachedUserPoliciesInput& input) {
  return list_attached<user, ListAttachedUserPoliciesOutput>(call, input);
}
Result<ListAttachedGroupPoliciesOutput> list_attached_group_policies(Call& call,
                                                                     const ListAttachedGroupPoliciesInput& input) {
  return list_attached<group, ListAttachedGroupPoliciesOutput>(call, input);
}
Result<ListAttachedRolePoliciesOutput> list_attached_role_policies(Call& call,
                                                                   const ListAttachedRolePoliciesInput& input) {
  return list_attached<role, ListAttachedRolePoliciesOutput>(call, input);
}

Result<NoOutput> put_user_permissions_boundary(Call& call, const PutUserPermissionsBoundaryInput& input) {
  return change_boundary<user>(call, input, input.permissions_boundary);
}
Result<NoOutput> put_role_permissions_boundary(Call& call, const PutRolePermissionsBoundaryInput& input) {
  return change_boundary<role>(call, input, input.permissions_boundary);
}
Result<NoOutput> delete_user_permissions_boundary(Call& call, const DeleteUserPermissionsBoundaryInput& input) {
  return change_boundary<user>(call, input, std::nullopt);
}
Result<NoOutput> delete_role_permissions_boundary(Call& call, const DeleteRolePermissionsBoundaryInput& input) {
  return change_boundary<role>(call, input, std::nullopt);
}

}  // namespace aerolith::iam
