// Instance profiles: what hands a role to an instance.
// https://docs.aws.amazon.com/IAM/latest/APIReference/API_CreateInstanceProfile.html
#include <fmt/format.h>

#include "gateway/access_check.h"
#include "services/iam/condition_keys.h"
#include "services/iam/entities.h"
#include "services/iam/operations/operations.h"
#include "services/iam/paging.h"
#include "services/iam/tags.h"
#include "services/iam/wire.h"

namespace aerolith::iam {
namespace {

constexpr std::string_view kProfileTagQuota = "TagsPerInstanceProfile";

Result<InstanceProfileRecord> find_profile(metadata::ReadTransaction& txn, const AccountId& account,
                                           const std::string& name) {
  auto profile = TRY(kInstanceProfiles.get(txn, {account, lower_name(name)}));
  if (!profile) return errors::no_such(fmt::format("Instance Profile {} cannot be found.", name));
  return *std::move(profile);
}

// "The caller of this operation must be granted the PassRole permission on the IAM role by a permissions policy."
// https://docs.aws.amazon.com/IAM/latest/APIReference/API_AddRoleToInstanceProfile.html
Result<> require_pass_role(Call& call, const std::string& role) {
  policy::Context& keys = call.context.access->conditions();
  keys.replace("iam:PassedToService", "ec2.amazonaws.com");
  // From here on they are the role's.
  keys.remove_prefix("aws:ResourceTag/");
  keys.remove_prefix("iam:ResourceTag/");
  add_stored_keys(call.metadata, {.action = "iam:PassRole", .target = Target::role, .context = call.context}, role,
                  keys);
  const auto allowed =
      call.context.access->require({"iam:PassRole", stored_arn(call.metadata, call.account(), Target::role, role)});
  if (!allowed.has_value()) return errors::of(allowed.error());
  return {};
}

template <typename Change>
Result<NoOutput> change_profile(Call& call, const std::string& name, Change change) {
  return call.write([&](metadata::Transaction& txn) -> Result<NoOutput> {
    InstanceProfileRecord profile = TRY(find_profile(txn, call.account(), name));
    TRY(change(txn, profile));
    kInstanceProfiles.put(txn, {call.account(), lower_name(name)}, profile);
    return NoOutput{};
  });
}

}  // namespace

Result<CreateInstanceProfileOutput> create_instance_profile(Call& call, const CreateInstanceProfileInput& input) {
  const AccountId& account = call.account();
  const std::string& name = *input.instance_profile_name;
  const InstanceProfileRecord profile{.name = name,
                                      .path = TRY(read_path(input.path)),
                                      .id = make_unique_id("AIPA"),
                                      .created_at = call.context.now,
                                      .tags = TRY(read_tags(input.tags, kProfileTagQuota))};
  TRY(check_room(call, kInstanceProfiles, "InstanceProfilesPerAccount", kMaxInstanceProfiles));
  return call.write([&](metadata::Transaction& txn) -> Result<CreateInstanceProfileOutput> {
    if (TRY(kInstanceProfiles.contains(txn, {account, lower_name(name)}))) {
      return errors::already_exists(fmt::format("Instance Profile {} already exists.", name));
    }
    kInstanceProfiles.put(txn, {account, lower_name(name)}, profile);
    return CreateInstanceProfileOutput{.instance_profile = TRY(to_wire(txn, account, profile, Detail::full))};
  });
}

Result<GetInstanceProfileOutput> get_instance_profile(Call& call, const GetInstanceProfileInput& input) {
  auto txn = call.metadata.begin_read();
  const InstanceProfileRecord profile = TRY(find_profile(*txn, call.account(), *input.instance_profile_name));
  return GetInstanceProfileOutput{.instance_profile = TRY(to_wire(*txn, call.account(), profile, Detail::full))};
}

Result<ListInstanceProfilesOutput> list_instance_profiles(Call& call, const ListInstanceProfilesInput& input) {
  ListInstanceProfilesOutput output;
  auto& profiles = output.instance_profiles.emplace();
  auto txn = call.metadata.begin_read();
  TRY(list_rows(
      *txn, kInstanceProfiles, TRY(read_page(input)), output,
      [&](const InstanceProfileRecord& p) -> Result<bool> { return has_prefix(p.path, input.path_prefix); },
      [&](const Name&, const InstanceProfileRecord& p) -> Result<> {
        profiles.push_back(TRY(to_wire(*txn, call.account(), p, Detail::listed)));
        return {};
      },
      call.account()));
  return output;
}

Result<ListInstanceProfilesForRoleOutput> list_instance_profiles_for_role(
    Call& call, const ListInstanceProfilesForRoleInput& input) {
  ListInstanceProfilesForRoleOutput output;
  auto& profiles = output.instance_profiles.emplace();
  auto txn = call.metadata.begin_read();
  TRY(find_entity<EntityKind::role>(*txn, call.account(), *input.role_name));
  TRY(list_rows(
      *txn, kRoleProfiles, TRY(read_page(input)), output, kWantsAll,
      [&](const Name& name, const LinkRecord&) -> Result<> {
        const InstanceProfileRecord profile = TRY(find_profile(*txn, call.account(), name));
        profiles.push_back(TRY(to_wire(*txn, call.account(), profile, Detail::listed)));
        return {};
      },
      call.account(), lower_name(input.role_name)));
  return output;
}

Result<NoOutput> delete_instance_profile(Call& call, const DeleteInstanceProfileInput& input) {
  return call.write([&](metadata::Transaction& txn) -> Result<NoOutput> {
    const InstanceProfileRecord profile = TRY(find_profile(txn, call.account(), *input.instance_profile_name));
    if (profile.role) return errors::delete_conflict("remove roles from instance profile");
    kInstanceProfiles.erase(txn, {call.account(), lower_name(profile.name)});
    return NoOutput{};
  });
}

Result<NoOutput> add_role_to_instance_profile(Call& call, const AddRoleToInstanceProfileInput& input) {
  const AccountId& account = call.account();
  TRY(require_pass_role(call, *input.role_name));
  return change_profile(call, *input.instance_profile_name,
                        [&](metadata::Transaction& txn, InstanceProfileRecord& profile) -> Result<> {
                          const RoleRecord role = TRY(find_entity<EntityKind::role>(txn, account, *input.role_name));
                          TRY(check_modifiable(role));
                          if (profile.role) return errors::quota_exceeded("InstanceSessionsPerInstanceProfile", 1);
                          profile.role = lower_name(role.name);
                          kRoleProfiles.put(txn, {account, *profile.role, lower_name(profile.name)}, {});
                          return {};
                        });
}

Result<NoOutput> remove_role_from_instance_profile(Call& call, const RemoveRoleFromInstanceProfileInput& input) {
  const AccountId& account = call.account();
  return change_profile(call, *input.instance_profile_name,
                        [&](metadata::Transaction& txn, InstanceProfileRecord& profile) -> Result<> {
                          if (profile.role != lower_name(input.role_name)) {
                            return errors::no_such_entity(EntityKind::role, *input.role_name);
                          }
                          kRoleProfiles.erase(txn, {account, *profile.role, lower_name(profile.name)});
                          profile.role.reset();
                          return {};
                        });
}

Result<NoOutput> tag_instance_profile(Call& call, const TagInstanceProfileInput& input) {
  return change_profile(call, *input.instance_profile_name,
                        [&](metadata::Transaction&, InstanceProfileRecord& profile) -> Result<> {
                          return merge_tags(profile.tags, input.tags, kProfileTagQuota);
                        });
}

Result<NoOutput> untag_instance_profile(Call& call, const UntagInstanceProfileInput& input) {
  return change_profile(call, *input.instance_profile_name,
                        [&](metadata::Transaction&, InstanceProfileRecord& profile) -> Result<> {
                          remove_tags(profile.tags, input.tag_keys);
                          return {};
                        });
}

Result<ListInstanceProfileTagsOutput> list_instance_profile_tags(Call& call,
                                                                 const ListInstanceProfileTagsInput& input) {
  auto txn = call.metadata.begin_read();
  const InstanceProfileRecord profile = TRY(find_profile(*txn, call.account(), *input.instance_profile_name));
  ListInstanceProfileTagsOutput output;
  output.tags = TRY(list_items(TRY(read_page(input)), output, to_wire(profile.tags)));
  return output;
}

}  // namespace aerolith::iam
