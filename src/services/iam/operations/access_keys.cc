// Access keys: two a user, the secret shown once.
// https://docs.aws.amazon.com/IAM/latest/APIReference/API_CreateAccessKey.html
#include "services/iam/entities.h"
#include "services/iam/key_uses.h"
#include "services/iam/mfa_seed.h"
#include "services/iam/operations/operations.h"
#include "services/iam/paging.h"
#include "services/iam/wire.h"

namespace aerolith::iam {
namespace {

constexpr int32_t kMaxKeysOfUser = 2;
constexpr const char* kActive = "Active";
constexpr const char* kInactive = "Inactive";

const char* status_of(const AccessKeyRecord& key) { return key.active ? kActive : kInactive; }

// The empty name is the account's root.
Result<> check_user(metadata::ReadTransaction& txn, const AccountId& account, const std::string& name) {
  if (!name.empty()) TRY(find_entity<EntityKind::user>(txn, account, name));
  return {};
}

Result<AccessKeyRecord> find_key(metadata::ReadTransaction& txn, const AccountId& account, const std::string& user,
                                 const std::string& id) {
  TRY(check_user(txn, account, user));
  auto key = TRY(kAccessKeys.get(txn, {account, lower_name(user), id}));
  if (!key) return errors::no_such("The Access Key with id " + id + " cannot be found.");
  return *std::move(key);
}

// As the user spells it.
Result<std::string> display_name(metadata::ReadTransaction& txn, const AccountId& account, const std::string& name) {
  if (name.empty()) return std::string();
  return TRY(find_entity<EntityKind::user>(txn, account, name)).name;
}

}  // namespace

Result<CreateAccessKeyOutput> create_access_key(Call& call, const CreateAccessKeyInput& input) {
  const AccountId& account = call.account();
  const std::string user = TRY(user_or_caller(call, input.user_name));
  const Name owner = lower_name(user);
  const std::string id = make_access_key_id();
  const std::string secret = make_secret_access_key();
  const AccessKeyRecord key{.created_at = call.context.now,
                            .sealed_secret = call.secrets.seal(secret, access_key_context(account, id))};
  std::string shown_name;
  TRY(call.write([&](metadata::Transaction& txn) -> Result<> {
    shown_name = TRY(display_name(txn, account, user));
    if (TRY(count_rows(txn, kAccessKeys, account, owner)) >= kMaxKeysOfUser) {
      return errors::quota_exceeded("AccessKeysPerUser", kMaxKeysOfUser);
    }
    kAccessKeys.put(txn, {account, owner, id}, key);
    kAccessKeyOwners.put(txn, {id}, {.account = account, .user = owner});
    return {};
  }));
  return CreateAccessKeyOutput{.access_key = AccessKey{.user_name = shown_name,
                                                       .access_key_id = id,
                                                       .status = kActive,
                                                       .secret_access_key = secret,
                                                       .create_date = key.created_at}};
}

Result<NoOutput> update_access_key(Call& call, const UpdateAccessKeyInput& input) {
  const std::string user = TRY(user_or_caller(call, input.user_name));
  return call.write([&](metadata::Transaction& txn) -> Result<NoOutput> {
    AccessKeyRecord key = TRY(find_key(txn, call.account(), user, *input.access_key_id));
    if (input.status != kActive && input.status != kInactive) {
      return errors::invalid_input("The status of an access key is Active or Inactive.");
    }
    key.active = input.status == kActive;
    kAccessKeys.put(txn, {call.account(), lower_name(user), *input.access_key_id}, key);
    return NoOutput{};
  });
}

Result<NoOutput> delete_access_key(Call& call, const DeleteAccessKeyInput& input) {
  const std::string user = TRY(user_or_caller(call, input.user_name));
  return call.write([&](metadata::Transaction& txn) -> Result<NoOutput> {
    TRY(find_key(txn, call.account(), user, *input.access_key_id));
    kAccessKeys.erase(txn, {call.account(), lower_name(user), *input.access_key_id});
    kAccessKeyOwners.erase(txn, {*input.access_key_id});
    kKeyUses.erase(txn, {call.account(), *input.access_key_id});
    return NoOutput{};
  });
}

Result<ListAccessKeysOutput> list_access_keys(Call& call, const ListAccessKeysInput& input) {
  const AccountId& account = call.account();
  const std::string user = TRY(user_or_caller(call, input.user_name));
  auto txn = call.metadata.begin_read();
  const std::string shown_name = TRY(display_name(*txn, account, user));
  ListAccessKeysOutput output;
  auto& keys = output.access_key_metadata.emplace();
  TRY(list_rows(
      *txn, kAccessKeys, TRY(read_page(input)), output, kWantsAll,
      [&](const AccessKeyId& id, const AccessKeyRecord& key) -> Result<> {
        keys.push_back(
            {.user_name = shown_name, .access_key_id = id, .status = status_of(key), .create_date = key.created_at});
        return {};
      },
      account, lower_name(user)));
  return output;
}

Result<GetAccessKeyLastUsedOutput> get_access_key_last_used(Call& call, const GetAccessKeyLastUsedInput& input) {
  const std::string& id = *input.access_key_id;
  auto txn = call.metadata.begin_read();
  const auto owner = TRY(kAccessKeyOwners.get(*txn, {id}));
  if (!owner || owner->account != call.account()) {
    return errors::access_denied("The Access Key with id " + id + " cannot be found.");
  }
  GetAccessKeyLastUsedOutput output{.user_name = TRY(display_name(*txn, owner->account, owner->user))};
  AccessKeyLastUsed& use = output.access_key_last_used.emplace();
  use.service_name = "N/A";
  use.region = "N/A";
  if (const auto last = TRY(last_use(call, *txn, owner->account, id))) {
    use = {.last_used_date = whole_seconds(last->at), .service_name = last->service, .region = last->region};
  }
  return output;
}

}  // namespace aerolith::iam
