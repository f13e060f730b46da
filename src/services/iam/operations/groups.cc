// Groups and who is in them. https://docs.aws.amazon.com/IAM/latest/APIReference/API_CreateGroup.html
#include "services/iam/entities.h"
#include "services/iam/operations/operations.h"
#include "services/iam/paging.h"
#include "services/iam/wire.h"

namespace aerolith::iam {
namespace {

constexpr EntityKind kGroup = EntityKind::group;
constexpr int32_t kMaxGroupsOfUser = 10;

}  // namespace

Result<CreateGroupOutput> create_group(Call& call, const CreateGroupInput& input) {
  const AccountId& account = call.account();
  const GroupRecord group{.name = *input.group_name,
                          .path = TRY(read_path(input.path)),
                          .id = make_unique_id("AGPA"),
                          .created_at = call.context.now};
  TRY(check_room(call, kGroups, "GroupsPerAccount", kMaxGroups));
  TRY(call.write([&](metadata::Transaction& txn) -> Result<> {
    if (TRY(kGroups.contains(txn, {account, lower_name(group.name)}))) return errors::entity_exists(kGroup, group.name);
    kGroups.put(txn, {account, lower_name(group.name)}, group);
    return {};
  }));
  return CreateGroupOutput{.group = to_wire(account, group)};
}

Result<GetGroupOutput> get_group(Call& call, const GetGroupInput& input) {
  const AccountId& account = call.account();
  auto txn = call.metadata.begin_read();
  GetGroupOutput output{.group = to_wire(account, TRY(find_entity<kGroup>(*txn, account, *input.group_name)))};
  auto& users = output.users.emplace();
  TRY(list_rows(
      *txn, kMembers, TRY(read_page(input)), output, kWantsAll,
      [&](const Name& name, const LinkRecord&) -> Result<> {
        users.push_back(to_wire(account, TRY(find_entity<EntityKind::user>(*txn, account, name)), Detail::listed));
        return {};
      },
      account, lower_name(input.group_name)));
  return output;
}

Result<ListGroupsOutput> list_groups(Call& call, const ListGroupsInput& input) {
  ListGroupsOutput output;
  auto& groups = output.groups.emplace();
  auto txn = call.metadata.begin_read();
  TRY(list_rows(
      *txn, kGroups, TRY(read_page(input)), output,
      [&](const GroupRecord& group) -> Result<bool> { return has_prefix(group.path, input.path_prefix); },
      [&](const Name&, const GroupRecord& group) -> Result<> {
        groups.push_back(to_wire(call.account(), group));
        return {};
      },
      call.account()));
  return output;
}

Result<NoOutput> update_group(Call& call, const UpdateGroupInput& input) {
  const AccountId& account = call.account();
  const Name from = lower_name(input.group_name);
  return call.write([&](metadata::Transaction& txn) -> Result<NoOutput> {
    GroupRecord group = TRY(find_entity<kGroup>(txn, account, *input.group_name));
    if (input.new_path) group.path = TRY(read_path(input.new_path));
    group.name = input.new_group_name.value_or(group.name);
    const Name to = lower_name(group.name);
    if (to != from) {
      if (TRY(kGroups.contains(txn, {account, to}))) return errors::entity_exists(kGroup, group.name);
      TRY(move_policies(txn, account, kGroup, from, to));
      auto rows = kMembers.scan(txn, metadata::Direction::forward, account, from);
      std::vector<Name> users;
      while (TRY(rows.next())) users.push_back(std::get<2>(rows.key()));
      for (const Name& user : users) {
        kMembers.erase(txn, {account, from, user});
        kMemberships.erase(txn, {account, user, from});
        kMembers.put(txn, {account, to, user}, {});
        kMemberships.put(txn, {account, user, to}, {});
      }
      kGroups.erase(txn, {account, from});
    }
    kGroups.put(txn, {account, to}, group);
    return NoOutput{};
  });
}

Result<NoOutput> delete_group(Call& call, const DeleteGroupInput& input) {
  const AccountId& account = call.account();
  const Name name = lower_name(input.group_name);
  return call.write([&](metadata::Transaction& txn) -> Result<NoOutput> {
    const GroupRecord group = TRY(find_entity<kGroup>(txn, account, *input.group_name));
    if (TRY(has_rows(txn, kMembers, account, name))) return errors::delete_conflict("remove users from group");
    TRY(check_has_no_policies<kGroup>(txn, account, name, group));
    kGroups.erase(txn, {account, name});
    return NoOutput{};
  });
}

Result<NoOutput> add_user_to_group(Call& call, const AddUserToGroupInput& input) {
  const AccountId& account = call.account();
  const Name group = lower_name(input.group_name);
  const Name user = lower_name(input.user_name);
  return call.write([&](metadata::Transaction& txn) -> Result<NoOutput> {
    TRY(find_entity<kGroup>(txn, account, *input.group_name));
    TRY(find_entity<EntityKind::user>(txn, account, *input.user_name));
    if (TRY(kMembers.contains(txn, {account, group, user}))) return NoOutput{};
    if (TRY(count_rows(txn, kMemberships, account, user)) >= kMaxGroupsOfUser) {
      return errors::quota_exceeded("GroupsPerUser", kMaxGroupsOfUser);
    }
    kMembers.put(txn, {account, group, user}, {});
    kMemberships.put(txn, {account, user, group}, {});
    return NoOutput{};
  });
}

Result<NoOutput> remove_user_from_group(Call& call, const RemoveUserFromGroupInput& input) {
  const AccountId& account = call.account();
  const Name group = lower_name(input.group_name);
  const Name user = lower_name(input.user_name);
  return call.write([&](metadata::Transaction& txn) -> Result<NoOutput> {
    TRY(find_entity<kGroup>(txn, account, *input.group_name));
    TRY(find_entity<EntityKind::user>(txn, account, *input.user_name));
    if (!TRY(kMembers.contains(txn, {account, group, user}))) {
      return errors::no_such("User " + *input.user_name + " is not in group " + *input.group_name + ".");
    }
    kMembers.erase(txn, {account, group, user});
    kMemberships.erase(txn, {account, user, group});
    return NoOutput{};
  });
}

Result<ListGroupsForUserOutput> list_groups_for_user(Call& call, const ListGroupsForUserInput& input) {
  const AccountId& account = call.account();
  auto txn = call.metadata.begin_read();
  TRY(find_entity<EntityKind::user>(*txn, account, *input.user_name));
  ListGroupsForUserOutput output;
  auto& groups = output.groups.emplace();
  TRY(list_rows(
      *txn, kMemberships, TRY(read_page(input)), output, kWantsAll,
      [&](const Name& name, const LinkRecord&) -> Result<> {
        groups.push_back(to_wire(account, TRY(find_entity<kGroup>(*txn, account, name))));
        return {};
      },
      account, lower_name(input.user_name)));
  return output;
}

}  // namespace aerolith::iam
