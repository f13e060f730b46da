// Users. https://docs.aws.amazon.com/IAM/latest/APIReference/API_CreateUser.html and its neighbours
#include "services/iam/entities.h"
#include "services/iam/managed.h"
#include "services/iam/operations/operations.h"
#include "services/iam/paging.h"
#include "services/iam/tags.h"
#include "services/iam/wire.h"

namespace aerolith::iam {
namespace {

constexpr std::string_view kUserTagQuota = "TagsPerUser";

// Rows of the user's other things, under another name.
template <typename Table, typename Move>
Result<> move_rows(metadata::Transaction& txn, const Table& table, const AccountId& account, const Name& from,
                   Move move) {
  auto rows = table.scan(txn, metadata::Direction::forward, account, from);
  std::vector<std::string> keys;
  while (TRY(rows.next())) keys.push_back(std::get<2>(rows.key()));
  for (const std::string& key : keys) {
    const auto record = TRY(table.get(txn, {account, from, key}));
    table.erase(txn, {account, from, key});
    TRY(move(key, *record));
  }
  return {};
}

Result<> rename_user(metadata::Transaction& txn, const AccountId& account, const Name& from, const Name& to,
                     const UserRecord& record) {
  TRY(move_policies(txn, account, EntityKind::user, from, to));
  if (record.boundary) {
    kBoundaryOf.erase(txn, {account, *record.boundary, EntityKind::user, from});
    kBoundaryOf.put(txn, {account, *record.boundary, EntityKind::user, to}, {});
  }
  TRY(move_rows(txn, kMemberships, account, from, [&](const Name& group, const LinkRecord& link) -> Result<> {
    kMembers.erase(txn, {account, group, from});
    kMembers.put(txn, {account, group, to}, link);
    kMemberships.put(txn, {account, to, group}, link);
    return {};
  }));
  TRY(move_rows(txn, kAccessKeys, account, from, [&](const AccessKeyId& id, const AccessKeyRecord& key) -> Result<> {
    kAccessKeys.put(txn, {account, to, id}, key);
    kAccessKeyOwners.put(txn, {id}, {.account = account, .user = to});
    return {};
  }));
  TRY(move_rows(txn, kUserMfaDevices, account, from, [&](const Name& device, const LinkRecord& link) -> Result<> {
    kUserMfaDevices.put(txn, {account, to, device}, link);
    auto mfa = TRY(kMfaDevices.get(txn, {account, device}));
    if (!mfa) return {};
    mfa->user = to;
    kMfaDevices.put(txn, {account, device}, *mfa);
    return {};
  }));
  TRY(move_rows(txn, kSshKeys, account, from, [&](const std::string& id, const SshKeyRecord& key) -> Result<> {
    kSshKeys.put(txn, {account, to, id}, key);
    return {};
  }));
  TRY(move_rows(txn, kSigningCertificates, account, from,
                [&](const std::string& id, const SigningCertificateRecord& certificate) -> Result<> {
                  kSigningCertificates.put(txn, {account, to, id}, certificate);
                  return {};
                }));
  const auto login = TRY(kLoginProfiles.get(txn, {account, from}));
  if (login) kLoginProfiles.put(txn, {account, to}, *login);
  kLoginProfiles.erase(txn, {account, from});
  return {};
}

}  // namespace

Result<CreateUserOutput> create_user(Call& call, const CreateUserInput& input) {
  const AccountId& account = call.account();
  const std::string name = input.user_name.value_or("");
  UserRecord user{.name = name,
                  .path = TRY(read_path(input.path)),
                  .id = make_unique_id("AIDA"),
                  .created_at = call.context.now,
                  .tags = TRY(read_tags(input.tags, kUserTagQuota))};
  TRY(check_room(call, kUsers, "UsersPerAccount", kMaxUsers));
  TRY(call.write([&](metadata::Transaction& txn) -> Result<> {
    if (TRY(kUsers.contains(txn, {account, lower_name(name)}))) return errors::entity_exists(EntityKind::user, name);
    user.boundary.reset();
    TRY(set_boundary(txn, account, EntityKind::user, user, lower_name(name), input.permissions_boundary));
    kUsers.put(txn, {account, lower_name(name)}, user);
    return {};
  }));
  return CreateUserOutput{.user = to_wire(account, user, Detail::full)};
}

Result<GetUserOutput> get_user(Call& call, const GetUserInput& input) {
  const AccountId& account = call.account();
  const std::string name = TRY(user_or_caller(call, input.user_name));
  auto txn = call.metadata.begin_read();
  if (name.empty()) {
    const auto record = TRY(kAccounts.get(*txn, {account}));
    // Of an open test account there may be none.
    const Timestamp created_at = record ? record->created_at : Timestamp();
    return GetUserOutput{
        .user = User{.path = "/", .user_id = account.str(), .arn = root_arn(account), .create_date = created_at}};
  }
  return GetUserOutput{.user = to_wire(account, TRY(find_entity<EntityKind::user>(*txn, account, name)), Detail::full)};
}

Result<ListUsersOutput> list_users(Call& call, const ListUsersInput& input) {
  ListUsersOutput output;
  auto& users = output.users.emplace();
  auto txn = call.metadata.begin_read();
  TRY(list_rows(
      *txn, kUsers, TRY(read_page(input)), output,
      [&](const UserRecord& user) -> Result<bool> { return has_prefix(user.path, input.path_prefix); },
      [&](const Name&, const UserRecord& user) -> Result<> {
        users.push_back(to_wire(call.account(), user, Detail::listed));
        return {};
      },
      call.account()));
  return output;
}

Result<NoOutput> update_user(Call& call, const UpdateUserInput& input) {
  const AccountId& account = call.account();
  const Name from = lower_name(input.user_name);
  return call.write([&](metadata::Transaction& txn) -> Result<NoOutput> {
    UserRecord user = TRY(find_entity<EntityKind::user>(txn, account, *input.user_name));
    if (input.new_path) user.path = TRY(read_path(input.new_path));
    user.name = input.new_user_name.value_or(user.name);
    const Name to = lower_name(user.name);
    if (to != from) {
      if (TRY(kUsers.contains(txn, {account, to}))) return errors::entity_exists(EntityKind::user, user.name);
      TRY(rename_user(txn, account, from, to, user));
      kUsers.erase(txn, {account, from});
    }
    kUsers.put(txn, {account, to}, user);
    return NoOutput{};
  });
}

Result<NoOutput> delete_user(Call& call, const DeleteUserInput& input) {
  const AccountId& account = call.account();
  const Name name = lower_name(input.user_name);
  return call.write([&](metadata::Transaction& txn) -> Result<NoOutput> {
    const UserRecord user = TRY(find_entity<EntityKind::user>(txn, account, *input.user_name));
    if (TRY(has_rows(txn, kAccessKeys, account, name))) return errors::delete_conflict("delete access keys");
    if (TRY(has_rows(txn, kUserMfaDevices, account, name))) return errors::delete_conflict("delete MFA device");
    if (TRY(has_rows(txn, kSshKeys, account, name))) return errors::delete_conflict("delete SSH public keys");
    if (TRY(has_rows(txn, kSigningCertificates, account, name))) {
      return errors::delete_conflict("delete signing certificates");
    }
    if (TRY(kLoginProfiles.contains(txn, {account, name}))) return errors::delete_conflict("delete login profile");
    if (TRY(has_rows(txn, kMemberships, account, name))) return errors::delete_conflict("remove users from group");
    TRY(check_has_no_policies<EntityKind::user>(txn, account, name, user));
    kUsers.erase(txn, {account, name});
    TRY(ServiceUses::erase(txn, account, user.id));
    return NoOutput{};
  });
}

Result<NoOutput> tag_user(Call& call, const TagUserInput& input) {
  return call.write([&](metadata::Transaction& txn) -> Result<NoOutput> {
    UserRecord user = TRY(find_entity<EntityKind::user>(txn, call.account(), *input.user_name));
    TRY(merge_tags(user.tags, input.tags, kUserTagQuota));
    kUsers.put(txn, {call.account(), lower_name(user.name)}, user);
    return NoOutput{};
  });
}

Result<NoOutput> untag_user(Call& call, const UntagUserInput& input) {
  return call.write([&](metadata::Transaction& txn) -> Result<NoOutput> {
    UserRecord user = TRY(find_entity<EntityKind::user>(txn, call.account(), *input.user_name));
    remove_tags(user.tags, input.tag_keys);
    kUsers.put(txn, {call.account(), lower_name(user.name)}, user);
    return NoOutput{};
  });
}

Result<ListUserTagsOutput> list_user_tags(Call& call, const ListUserTagsInput& input) {
  auto txn = call.metadata.begin_read();
  const UserRecord user = TRY(find_entity<EntityKind::user>(*txn, call.account(), *input.user_name));
  ListUserTagsOutput output;
  output.tags = TRY(list_items(TRY(read_page(input)), output, to_wire(user.tags)));
  return output;
}

}  // namespace aerolith::iam
