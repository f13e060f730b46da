// Everybody and everything of the account in one list.
// https://docs.aws.amazon.com/IAM/latest/APIReference/API_GetAccountAuthorizationDetails.html
#include <algorithm>
#include <string>
#include <vector>

#include "services/iam/aws_policies.h"
#include "services/iam/entities.h"
#include "services/iam/managed.h"
#include "services/iam/operations/operations.h"
#include "services/iam/paging.h"
#include "services/iam/principals.h"
#include "services/iam/tags.h"
#include "services/iam/wire.h"

namespace aerolith::iam {
namespace {

using metadata::Direction;

// In this order in the list.
enum class ItemKind : uint8_t { user, group, role, own_policy, aws_policy };

struct Item {
  ItemKind kind;
  std::string key;  // in its table; the ARN of a policy of AWS
};

// What a page is made from.
class Details {
 public:
  Details(metadata::ReadTransaction& txn, const AccountId& account, GetAccountAuthorizationDetailsOutput& output)
      : txn_(txn), account_(account), output_(output) {
    output_.user_detail_list.emplace();
    output_.group_detail_list.emplace();
    output_.role_detail_list.emplace();
    output_.policies.emplace();
  }

  Result<> add(const Item& item) {
    switch (item.kind) {
      case ItemKind::user:
        return add_user(item.key);
      case ItemKind::group:
        return add_group(item.key);
      case ItemKind::role:
        return add_role(item.key);
      case ItemKind::own_policy:
        return add_own_policy(item.key);
      case ItemKind::aws_policy:
        return add_aws_policy(item.key);
    }
    return {};
  }

 private:
  Result<std::vector<PolicyDetail>> inline_policies(EntityKind kind, const Name& name) {
    std::vector<PolicyDetail> policies;
    auto rows = kInlinePolicies.scan(txn_, Direction::forward, account_, kind, name);
    while (TRY(rows.next())) {
      policies.push_back(
          {.policy_name = std::get<3>(rows.key()), .policy_document = encode_document(TRY(rows.record()).document)});
    }
    return policies;
  }

  Result<std::vector<AttachedPolicy>> attached_policies(EntityKind kind, const Name& name) {
    std::vector<AttachedPolicy> policies;
    auto rows = kAttachments.scan(txn_, Direction::forward, account_, kind, name);
    while (TRY(rows.next())) {
      const PolicyArn& arn = std::get<3>(rows.key());
      policies.push_back({.policy_name = arn.substr(arn.rfind('/') + 1), .policy_arn = arn});
    }
    return policies;
  }

  Result<> add_user(const Name& name) {
    const UserRecord user = TRY(find_entity<EntityKind::user>(txn_, account_, name));
    UserDetail detail{.path = user.path,
                      .user_name = user.name,
                      .user_id = user.id,
                      .arn = make_arn(account_, "user", user.path, user.name),
                      .create_date = user.created_at,
                      .user_policy_list = TRY(inline_policies(EntityKind::user, name)),
                      .group_list = std::vector<std::string>(),
                      .attached_managed_policies = TRY(attached_policies(EntityKind::user, name)),
                      .tags = to_wire(user.tags)};
    if (user.boundary) detail.permissions_boundary = boundary_to_wire(*user.boundary);
    auto groups = kMemberships.scan(txn_, Direction::forward, account_, name);
    while (TRY(groups.next())) {
      detail.group_list->push_back(TRY(find_entity<EntityKind::group>(txn_, account_, std::get<2>(groups.key()))).name);
    }
    output_.user_detail_list->push_back(std::move(detail));
    return {};
  }

  Result<> add_group(const Name& name) {
    const GroupRecord group = TRY(find_entity<EntityKind::group>(txn_, account_, name));
    output_.group_detail_list->push_back(
        {.path = group.path,
         .group_name = group.name,
         .group_id = group.id,
         .arn = make_arn(account_, "group", group.path, group.name),
         .create_date = group.created_at,
         .group_policy_list = TRY(inline_policies(EntityKind::group, name)),
         .attached_managed_policies = TRY(attached_policies(EntityKind::group, name))});
    return {};
  }

  Result<> add_role(const Name& name) {
    const RoleRecord role = TRY(find_entity<EntityKind::role>(txn_, account_, name));
    RoleDetail detail{
        .path = role.path,
        .role_name = role.name,
        .role_id = role.id,
        .arn = make_arn(account_, "role", role.path, role.name),
        .create_date = role.created_at,
        .assume_role_policy_document = encode_document(TRY(shown_document(txn_, role.trust_policy, role.trusted))),
        .instance_profile_list = std::vector<InstanceProfile>(),
        .role_policy_list = TRY(inline_policies(EntityKind::role, name)),
        .attached_managed_policies = TRY(attached_policies(EntityKind::role, name)),
        .tags = to_wire(role.tags),
        .role_last_used = RoleLastUsed()};
    if (role.boundary) detail.permissions_boundary = boundary_to_wire(*role.boundary);
    auto profiles = kRoleProfiles.scan(txn_, Direction::forward, account_, name);
    while (TRY(profiles.next())) {
      const auto profile = TRY(kInstanceProfiles.get(txn_, {account_, std::get<2>(profiles.key())}));
      if (profile) detail.instance_profile_list->push_back(TRY(to_wire(txn_, account_, *profile, Detail::listed)));
    }
    output_.role_detail_list->push_back(std::move(detail));
    return {};
  }

  ManagedPolicyDetail& add_policy(const Policy& policy) {
    return output_.policies->emplace_back(
        ManagedPolicyDetail{.policy_name = policy.policy_name,
                            .policy_id = policy.policy_id,
                            .arn = policy.arn,
                            .path = policy.path,
                            .default_version_id = policy.default_version_id,
                            .attachment_count = policy.attachment_count,
                            .permissions_boundary_usage_count = policy.permissions_boundary_usage_count,
                            .is_attachable = policy.is_attachable,
                            .create_date = policy.create_date,
                            .update_date = policy.update_date,
                            .policy_version_list = std::vector<PolicyVersion>()});
  }

  Result<> add_own_policy(const Name& name) {
    const auto policy = TRY(kPolicies.get(txn_, {account_, name}));
    if (!policy) return {};
    const Usage usage = TRY(count_usage(txn_, account_, policy_arn(account_, *policy)));
    ManagedPolicyDetail& detail = add_policy(to_wire(account_, *policy, usage));
    detail.description = policy->description;
    auto rows = kPolicyVersions.scan(txn_, Direction::backward, account_, name);
    while (TRY(rows.next())) {
      const PolicyVersionRecord version = TRY(rows.record());
      const uint32_t number = std::get<2>(rows.key());
      detail.policy_version_list->push_back({.document = encode_document(version.document),
                                             .version_id = version_id(number),
                                             .is_default_version = number == policy->default_version,
                                             .create_date = version.created_at});
    }
    return {};
  }

  Result<> add_aws_policy(const PolicyArn& arn) {
    const AwsPolicy* const known = find_aws_policy(arn);
    if (known == nullptr) return {};
    ManagedPolicyDetail& detail = add_policy(to_wire(*known, TRY(count_usage(txn_, account_, arn))));
    detail.policy_version_list->push_back({.document = encode_document(known->document),
                                           .version_id = known->version_id,
                                           .is_default_version = true,
                                           .create_date = known->created_at});
    return {};
  }

  metadata::ReadTransaction& txn_;
  const AccountId& account_;
  GetAccountAuthorizationDetailsOutput& output_;
};

template <typename Table>
Result<> gather(metadata::ReadTransaction& txn, const Table& table, const AccountId& account, ItemKind kind,
                std::vector<Item>& items) {
  auto rows = table.scan(txn, Direction::forward, account);
  while (TRY(rows.next())) items.push_back({kind, std::get<1>(rows.key())});
  return {};
}

}  // namespace

Result<GetAccountAuthorizationDetailsOutput> get_account_authorization_details(
    Call& call, const GetAccountAuthorizationDetailsInput& input) {
  const AccountId& account = call.account();
  const auto wants = [&](std::string_view kind) {
    return !input.filter || input.filter->empty() || std::ranges::find(*input.filter, kind) != input.filter->end();
  };
  auto txn = call.metadata.begin_read();
  std::vector<Item> items;
  if (wants("User")) TRY(gather(*txn, kUsers, account, ItemKind::user, items));
  if (wants("Group")) TRY(gather(*txn, kGroups, account, ItemKind::group, items));
  if (wants("Role")) TRY(gather(*txn, kRoles, account, ItemKind::role, items));
  if (wants("LocalManagedPolicy")) TRY(gather(*txn, kPolicies, account, ItemKind::own_policy, items));
  if (wants("AWSManagedPolicy")) {
    // Those that the account uses.
    for (const AwsPolicy& known : aws_policies()) {
      const Usage usage = TRY(count_usage(*txn, account, known.arn));
      if (usage.attachments > 0 || usage.boundaries > 0) items.push_back({ItemKind::aws_policy, known.arn});
    }
  }
  GetAccountAuthorizationDetailsOutput output;
  Details details(*txn, account, output);
  for (const Item& item : TRY(list_items(TRY(read_page(input)), output, std::move(items)))) TRY(details.add(item));
  return output;
}

}  // namespace aerolith::iam
