// Passwords of users. There is no console to sign in to; the rules and records are those of IAM.
// https://docs.aws.amazon.com/IAM/latest/APIReference/API_CreateLoginProfile.html
#include <fmt/format.h>

#include "gateway/access_check.h"
#include "services/iam/entities.h"
#include "services/iam/operations/operations.h"
#include "services/iam/passwords.h"

namespace aerolith::iam {
namespace {

// The most that a password policy can keep from coming again.
constexpr size_t kMostPast = 24;

Result<AccountRecord> read_account(metadata::ReadTransaction& txn, const AccountId& account) {
  // An open test account is there without anybody having made it.
  return TRY(kAccounts.get(txn, {account})).value_or(AccountRecord{});
}

Result<LoginProfileRecord> find_login_profile(metadata::ReadTransaction& txn, const AccountId& account,
                                              const std::string& user) {
  TRY(find_entity<EntityKind::user>(txn, account, user));
  auto profile = TRY(kLoginProfiles.get(txn, {account, lower_name(user)}));
  if (!profile) return errors::no_such(fmt::format("Login Profile for User {} cannot be found.", user));
  return *std::move(profile);
}

LoginProfile to_wire(const std::string& user, const LoginProfileRecord& profile) {
  return {.user_name = user, .create_date = profile.created_at, .password_reset_required = profile.reset_required};
}

// By the account's rules; hashing takes long, so before any transaction.
Result<> check_new_password(const AccountRecord& account, const std::string& password) {
  return check_password(password, account.password_policy, account.alias.value_or(""));
}

// The hashes that a new password must not match.
std::vector<std::string> used_hashes(const LoginProfileRecord& profile) {
  std::vector<std::string> hashes{profile.hash};
  hashes.insert(hashes.end(), profile.past.begin(), profile.past.end());
  return hashes;
}

Result<> check_reuse(const AccountRecord& account, const LoginProfileRecord& profile, const std::string& password) {
  const int32_t kept = account.password_policy ? account.password_policy->reuse_prevention : 0;
  return check_not_used_before(password, used_hashes(profile), kept);
}

void replace_password(LoginProfileRecord& profile, std::string hash, Timestamp now) {
  profile.past.insert(profile.past.begin(), std::move(profile.hash));
  if (profile.past.size() > kMostPast) profile.past.resize(kMostPast);
  profile.hash = std::move(hash);
  profile.changed_at = now;
}

// Read before hashing, written after it: somebody else's change between the two is not overwritten.
Result<NoOutput> store_profile(Call& call, const std::string& user, const std::string& hash_before,
                               const LoginProfileRecord& profile) {
  return call.write([&](metadata::Transaction& txn) -> Result<NoOutput> {
    if (TRY(find_login_profile(txn, call.account(), user)).hash != hash_before) {
      return errors::temporarily_unmodifiable(
          fmt::format("Login Profile for User {} is being changed by another request.", user));
    }
    kLoginProfiles.put(txn, {call.account(), lower_name(user)}, profile);
    return NoOutput{};
  });
}

}  // namespace

Result<CreateLoginProfileOutput> create_login_profile(Call& call, const CreateLoginProfileInput& input) {
  const AccountId& account = call.account();
  const std::string user = TRY(user_not_root(call, input.user_name));
  if (!input.password) return errors::validation_error("A password is required.");
  TRY(check_new_password(TRY(read_account(*call.metadata.begin_read(), account)), *input.password));
  const LoginProfileRecord profile{.created_at = call.context.now,
                                   .changed_at = call.context.now,
                                   .reset_required = input.password_reset_required.value_or(false),
                                   .hash = hash_password(*input.password),
                                   .past = {}};
  return call.write([&](metadata::Transaction& txn) -> Result<CreateLoginProfileOutput> {
    const UserRecord record = TRY(find_entity<EntityKind::user>(txn, account, user));
    if (TRY(kLoginProfiles.contains(txn, {account, lower_name(user)}))) {
      return errors::already_exists(fmt::format("Login Profile for User {} already exists.", record.name));
    }
    kLoginProfiles.put(txn, {account, lower_name(user)}, profile);
    return CreateLoginProfileOutput{.login_profile = to_wire(record.name, profile)};
  });
}

Result<GetLoginProfileOutput> get_login_profile(Call& call, const GetLoginProfileInput& input) {
  const std::string user = TRY(user_not_root(call, input.user_name));
  auto txn = call.metadata.begin_read();
  const UserRecord record = TRY(find_entity<EntityKind::user>(*txn, call.account(), user));
  return GetLoginProfileOutput{.login_profile =
                                   to_wire(record.name, TRY(find_login_profile(*txn, call.account(), record.name)))};
}

Result<NoOutput> update_login_profile(Call& call, const UpdateLoginProfileInput& input) {
  const std::string& user = *input.user_name;
  auto txn = call.metadata.begin_read();
  LoginProfileRecord profile = TRY(find_login_profile(*txn, call.account(), user));
  const std::string before = profile.hash;
  if (input.password) {
    const AccountRecord account = TRY(read_account(*txn, call.account()));
    TRY(check_new_password(account, *input.password));
    TRY(check_reuse(account, profile, *input.password));
    replace_password(profile, hash_password(*input.password), call.context.now);
  }
  profile.reset_required = input.password_reset_required.value_or(profile.reset_required);
  return store_profile(call, user, before, profile);
}

Result<NoOutput> delete_login_profile(Call& call, const DeleteLoginProfileInput& input) {
  const std::string user = TRY(user_not_root(call, input.user_name));
  return call.write([&](metadata::Transaction& txn) -> Result<NoOutput> {
    TRY(find_login_profile(txn, call.account(), user));
    kLoginProfiles.erase(txn, {call.account(), lower_name(user)});
    return NoOutput{};
  });
}

// The account's password policy can let all users do it, whatever their policies leave out (but not what they deny).
Result<NoOutput> change_password(Call& call, const ChangePasswordInput& input) {
  const auth::Principal& caller = call.context.principal();
  if (caller.kind != auth::PrincipalKind::user) return errors::invalid_user_type();
  auto txn = call.metadata.begin_read();
  const AccountRecord account = TRY(read_account(*txn, call.account()));
  const auto allowed = call.context.access->require({"iam:ChangePassword", caller.arn});
  if (!allowed.has_value()) {
    const bool all_may = account.password_policy && account.password_policy->users_may_change;
    const bool is_denied = allowed.error().message.find("with an explicit deny") != std::string::npos;
    if (!all_may || is_denied) return errors::of(allowed.error());
  }
  LoginProfileRecord profile = TRY(find_login_profile(*txn, call.account(), caller.entity_name));
  const std::string before = profile.hash;
  if (!is_password_of(*input.old_password, profile.hash)) {
    return errors::access_denied("The old password was incorrect.");
  }
  TRY(check_new_password(account, *input.new_password));
  TRY(check_reuse(account, profile, *input.new_password));
  replace_password(profile, hash_password(*input.new_password), call.context.now);
  profile.reset_required = false;
  return store_profile(call, caller.entity_name, before, profile);
}

}  // namespace aerolith::iam
