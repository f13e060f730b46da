// Inline policies of users, groups and roles.
// https://docs.aws.amazon.com/IAM/latest/APIReference/API_PutUserPolicy.html
#include <fmt/format.h>

#include "services/iam/entities.h"
#include "services/iam/managed.h"
#include "services/iam/operations/operations.h"
#include "services/iam/paging.h"

namespace aerolith::iam {
namespace {

using metadata::Direction;

// All inline policies of one entity together, without white space.
constexpr size_t max_total_size(EntityKind kind) {
  if (kind == EntityKind::user) return 2048;
  return kind == EntityKind::group ? 5120 : 10240;
}

template <EntityKind kind>
Result<> check_total_size(metadata::ReadTransaction& txn, const AccountId& account, const std::string& name,
                          const std::string& policy_name, std::string_view document) {
  size_t size = size_without_white_space(document);
  auto rows = kInlinePolicies.scan(txn, Direction::forward, account, kind, lower_name(name));
  while (TRY(rows.next())) {
    if (std::get<3>(rows.key()) != policy_name) size += size_without_white_space(TRY(rows.record()).document);
  }
  if (size <= max_total_size(kind)) return {};
  return errors::limit_exceeded(fmt::format("Maximum policy size of {} bytes exceeded for {} {}", max_total_size(kind),
                                            errors::noun(kind), name));
}

template <EntityKind kind, typename Input>
Result<NoOutput> put(Call& call, const Input& input) {
  const std::string& name = *name_in<kind>(input);
  TRY(check_document(*input.policy_document, policy::PolicyKind::identity));
  return call.write([&](metadata::Transaction& txn) -> Result<NoOutput> {
    TRY(check_modifiable(TRY(find_entity<kind>(txn, call.account(), name))));
    TRY(check_total_size<kind>(txn, call.account(), name, *input.policy_name, *input.policy_document));
    kInlinePolicies.put(txn, {call.account(), kind, lower_name(name), *input.policy_name},
                        {.document = *input.policy_document});
    return NoOutput{};
  });
}

template <EntityKind kind>
std::unexpected<CallError> no_such_inline_policy(const std::string& policy_name) {
  return errors::no_such(fmt::format("The {} policy with name {} cannot be found.", errors::noun(kind), policy_name));
}

template <EntityKind kind, typename Output, typename Input>
Result<Output> get(Call& call, const Input& input) {
  auto txn = call.metadata.begin_read();
  const auto entity = TRY(find_entity<kind>(*txn, call.account(), *name_in<kind>(input)));
  const auto policy =
      TRY(kInlinePolicies.get(*txn, {call.account(), kind, lower_name(entity.name), *input.policy_name}));
  if (!policy) return no_such_inline_policy<kind>(*input.policy_name);
  Output output;
  if constexpr (kind == EntityKind::user) output.user_name = entity.name;
  if constexpr (kind == EntityKind::group) output.group_name = entity.name;
  if constexpr (kind == EntityKind::role) output.role_name = entity.name;
  output.policy_name = input.policy_name;
  output.policy_document = encode_document(policy->document);
  return output;
}

template <EntityKind kind, typename Input>
Result<NoOutput> remove(Call& call, const Input& input) {
  const Name name = lower_name(name_in<kind>(input));
  return call.write([&](metadata::Transaction& txn) -> Result<NoOutput> {
    TRY(check_modifiable(TRY(find_entity<kind>(txn, call.account(), *name_in<kind>(input)))));
    if (!TRY(kInlinePolicies.contains(txn, {call.account(), kind, name, *input.policy_name}))) {
      return no_such_inline_policy<kind>(*input.policy_name);
    }
    kInlinePolicies.erase(txn, {call.account(), kind, name, *input.policy_name});
    return NoOutput{};
  });
}

template <EntityKind kind, typename Output, typename Input>
Result<Output> list(Call& call, const Input& input) {
  auto txn = call.metadata.begin_read();
  TRY(find_entity<kind>(*txn, call.account(), *name_in<kind>(input)));
  Output output;
  auto& names = output.policy_names.emplace();
  TRY(list_rows(
      *txn, kInlinePolicies, TRY(read_page(input)), output, kWantsAll,
      [&](const std::string& name, const InlinePolicyRecord&) -> Result<> {
        names.push_back(name);
        return {};
      },
      call.account(), kind, lower_name(name_in<kind>(input))));
  return output;
}

}  // namespace

using enum EntityKind;

Result<NoOutput> put_user_policy(Call& call, const PutUserPolicyInput& input) { return put<user>(call, input); }
Result<NoOutput> put_group_policy(Call& call, const PutGroupPolicyInput& input) { return put<group>(call, input); }
Result<NoOutput> put_role_policy(Call& call, const PutRolePolicyInput& input) { return put<role>(call, input); }

Result<GetUserPolicyOutput> get_user_policy(Call& call, const GetUserPolicyInput& input) {
  return get<user, GetUserPolicyOutput>(call, input);
}
Result<GetGroupPolicyOutput> get_group_policy(Call& call, const GetGroupPolicyInput& input) {
  return get<group, GetGroupPolicyOutput>(call, input);
}
Result<GetRolePolicyOutput> get_role_policy(Call& call, const GetRolePolicyInput& input) {
  return get<role, GetRolePolicyOutput>(call, input);
}

Result<NoOutput> delete_user_policy(Call& call, const DeleteUserPolicyInput& input) {
  return remove<user>(call, input);
}
Result<NoOutput> delete_group_policy(Call& call, const DeleteGroupPolicyInput& input) {
  return remove<group>(call, input);
}
Result<NoOutput> delete_role_policy(Call& call, const DeleteRolePolicyInput& input) {
  return remove<role>(call, input);
}

Result<ListUserPoliciesOutput> list_user_policies(Call& call, const ListUserPoliciesInput& input) {
  return list<user, ListUserPoliciesOutput>(call, input);
}
Result<ListGroupPoliciesOutput> list_group_policies(Call& call, const ListGroupPoliciesInput& input) {
  return list<group, ListGroupPoliciesOutput>(call, input);
}
Result<ListRolePoliciesOutput> list_role_policies(Call& call, const ListRolePoliciesInput& input) {
  return list<role, ListRolePoliciesOutput>(call, input);
}

}  // namespace aerolith::iam
