// Roles. https://docs.aws.amazon.com/IAM/latest/APIReference/API_CreateRole.html
#include "services/iam/entities.h"
#include "services/iam/key_uses.h"
#include "services/iam/managed.h"
#include "services/iam/operations/operations.h"
#include "services/iam/paging.h"
#include "services/iam/principals.h"
#include "services/iam/tags.h"
#include "services/iam/wire.h"

namespace aerolith::iam {
namespace {

constexpr EntityKind kRole = EntityKind::role;
constexpr std::string_view kRoleTagQuota = "TagsPerRole";
// The default quota; AWS raises it to 4096 when asked.
constexpr size_t kMaxTrustPolicySize = 2048;

Result<> check_trust_policy(const std::string& document) {
  TRY(check_document(document, policy::PolicyKind::trust));
  if (size_without_white_space(document) > kMaxTrustPolicySize) {
    return errors::quota_exceeded("ACLSizePerRole", kMaxTrustPolicySize);
  }
  return {};
}

// Of the users and roles that a trust policy names.
Result<BoundPrincipals> bind_trusted(const Call& call, const std::string& document) {
  PrincipalBinding binding = TRY(bind_principals(*call.metadata.begin_read(), document));
  if (binding.unknown.empty()) return std::move(binding.principals);
  return errors::malformed_policy({.code = policy::PolicyErrorCode::invalid_principal,
                                   .message = "Invalid principal in policy: \"AWS\":\"" + binding.unknown + '"',
                                   .place = {}});
}

// Reads a role that the caller may change, changes it and writes it back.
template <typename Change>
Result<RoleRecord> change_role(Call& call, const std::string& name, Change change) {
  return call.write([&](metadata::Transaction& txn) -> Result<RoleRecord> {
    RoleRecord role = TRY(find_entity<kRole>(txn, call.account(), name));
    TRY(change(role));
    kRoles.put(txn, {call.account(), lower_name(name)}, role);
    return role;
  });
}

}  // namespace

Result<CreateRoleOutput> create_role(Call& call, const CreateRoleInput& input) {
  const AccountId& account = call.account();
  const std::string& name = *input.role_name;
  RoleRecord role{.name = name,
                  .path = TRY(read_path(input.path)),
                  .id = make_unique_id("AROA"),
                  .created_at = call.context.now,
                  .tags = TRY(read_tags(input.tags, kRoleTagQuota)),
                  .trust_policy = *input.assume_role_policy_document,
                  .description = input.description,
                  .max_session_seconds = input.max_session_duration.value_or(3600)};
  if (role.path.starts_with("/aws-service-role/")) {
    return errors::validation_error("The path /aws-service-role/ is kept for service-linked roles.");
  }
  TRY(check_trust_policy(role.trust_policy));
  role.trusted = TRY(bind_trusted(call, role.trust_policy));
  TRY(check_room(call, kRoles, "RolesPerAccount", kMaxRoles));
  TRY(call.write([&](metadata::Transaction& txn) -> Result<> {
    if (TRY(kRoles.contains(txn, {account, lower_name(name)}))) return errors::entity_exists(kRole, name);
    role.boundary.reset();
    TRY(set_boundary(txn, account, kRole, role, lower_name(name), input.permissions_boundary));
    kRoles.put(txn, {account, lower_name(name)}, role);
    return {};
  }));
  CreateRoleOutput output{.role = to_wire(account, role, Detail::full)};
  if (!input.max_session_duration) output.role->max_session_duration.reset();
  return output;
}

Result<GetRoleOutput> get_role(Call& call, const GetRoleInput& input) {
  auto txn = call.metadata.begin_read();
  const RoleRecord role = TRY(find_entity<kRole>(*txn, call.account(), *input.role_name));
  GetRoleOutput output{.role = TRY(shown_role(*txn, call.account(), role, Detail::full))};
  RoleLastUsed& last_used = output.role->role_last_used.emplace();
  if (const auto use = TRY(last_use(call, *txn, call.account(), role.id))) {
    last_used = {.last_used_date = whole_seconds(use->at), .region = use->region};
  }
  return output;
}

Result<ListRolesOutput> list_roles(Call& call, const ListRolesInput& input) {
  ListRolesOutput output;
  auto& roles = output.roles.emplace();
  auto txn = call.metadata.begin_read();
  TRY(list_rows(
      *txn, kRoles, TRY(read_page(input)), output,
      [&](const RoleRecord& role) -> Result<bool> { return has_prefix(role.path, input.path_prefix); },
      [&](const Name&, const RoleRecord& role) -> Result<> {
        roles.push_back(TRY(shown_role(*txn, call.account(), role, Detail::listed)));
        return {};
      },
      call.account()));
  return output;
}

Result<UpdateRoleOutput> update_role(Call& call, const UpdateRoleInput& input) {
  TRY(change_role(call, *input.role_name, [&](RoleRecord& role) -> Result<> {
    if (input.max_session_duration) TRY(check_modifiable(role));
    if (input.description) role.description = *input.description;
    role.max_session_seconds = input.max_session_duration.value_or(role.max_session_seconds);
    return {};
  }));
  return UpdateRoleOutput{};
}

Result<UpdateRoleDescriptionOutput> update_role_description(Call& call, const UpdateRoleDescriptionInput& input) {
  const RoleRecord role = TRY(change_role(call, *input.role_name, [&](RoleRecord& r) -> Result<> {
    r.description = *input.description;
    return {};
  }));
  return UpdateRoleDescriptionOutput{.role = to_wire(call.account(), role, Detail::full)};
}

Result<NoOutput> update_assume_role_policy(Call& call, const UpdateAssumeRolePolicyInput& input) {
  TRY(check_trust_policy(*input.policy_document));
  const BoundPrincipals trusted = TRY(bind_trusted(call, *input.policy_document));
  TRY(change_role(call, *input.role_name, [&](RoleRecord& role) -> Result<> {
    TRY(check_modifiable(role));
    role.trust_policy = *input.policy_document;
    role.trusted = trusted;
    return {};
  }));
  return NoOutput{};
}

Result<NoOutput> delete_role(Call& call, const DeleteRoleInput& input) {
  const AccountId& account = call.account();
  const Name name = lower_name(input.role_name);
  return call.write([&](metadata::Transaction& txn) -> Result<NoOutput> {
    const RoleRecord role = TRY(find_entity<kRole>(txn, account, *input.role_name));
    TRY(check_modifiable(role));
    if (TRY(has_rows(txn, kRoleProfiles, account, name))) {
      return errors::delete_conflict("remove roles from instance profile");
    }
    TRY(check_has_no_policies<kRole>(txn, account, name, role));
    kRoles.erase(txn, {account, name});
    TRY(ServiceUses::erase(txn, account, role.id));
    kKeyUses.erase(txn, {account, role.id});
    return NoOutput{};
  });
}

Result<NoOutput> tag_role(Call& call, const TagRoleInput& input) {
  TRY(change_role(call, *input.role_name,
                  [&](RoleRecord& role) -> Result<> { return merge_tags(role.tags, input.tags, kRoleTagQuota); }));
  return NoOutput{};
}

Result<NoOutput> untag_role(Call& call, const UntagRoleInput& input) {
  TRY(change_role(call, *input.role_name, [&](RoleRecord& role) -> Result<> {
    remove_tags(role.tags, input.tag_keys);
    return {};
  }));
  return NoOutput{};
}

Result<ListRoleTagsOutput> list_role_tags(Call& call, const ListRoleTagsInput& input) {
  auto txn = call.metadata.begin_read();
  const RoleRecord role = TRY(find_entity<kRole>(*txn, call.account(), *input.role_name));
  ListRoleTagsOutput output;
  output.tags = TRY(list_items(TRY(read_page(input)), output, to_wire(role.tags)));
  return output;
}

}  // namespace aerolith::iam
