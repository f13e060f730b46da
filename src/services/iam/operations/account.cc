// The account as a whole: alias, numbers, password policy.
// https://docs.aws.amazon.com/IAM/latest/APIReference/API_GetAccountSummary.html
#include <fmt/format.h>

#include <algorithm>

#include "services/iam/entities.h"
#include "services/iam/managed.h"
#include "services/iam/operations/operations.h"
#include "services/iam/paging.h"

namespace aerolith::iam {
namespace {

Result<AccountRecord> find_account(metadata::ReadTransaction& txn, const AccountId& account) {
  // An open test account is there without anybody having made it.
  return TRY(kAccounts.get(txn, {account})).value_or(AccountRecord{});
}

// ^[a-z0-9]([a-z0-9]|-(?!-)){1,61}[a-z0-9]$, of the model: its look-ahead is beyond the codec.
bool is_alias(std::string_view alias) {
  const auto is_letter = [](char c) { return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9'); };
  return alias.size() >= 3 && alias.size() <= 63 && is_letter(alias.front()) && is_letter(alias.back()) &&
         alias.find("--") == std::string_view::npos &&
         std::ranges::all_of(alias, [&](char c) { return is_letter(c) || c == '-'; });
}

std::unexpected<CallError> no_password_policy(const AccountId& account) {
  return errors::no_such(fmt::format("The Password Policy with domain name {} cannot be found.", account.view()));
}

// Tokens of the global endpoint are valid in all regions, as a server has one and nobody must enable it: version 2.
constexpr int32_t kGlobalEndpointTokenVersion = 2;

template <typename Change>
Result<NoOutput> change_account(Call& call, Change change) {
  return call.write([&](metadata::Transaction& txn) -> Result<NoOutput> {
    AccountRecord record = TRY(find_account(txn, call.account()));
    TRY(change(txn, record));
    kAccounts.put(txn, {call.account()}, record);
    return NoOutput{};
  });
}

}  // namespace

Result<NoOutput> create_account_alias(Call& call, const CreateAccountAliasInput& input) {
  const std::string& alias = *input.account_alias;
  if (!is_alias(alias)) {
    return errors::validation_error(fmt::format(
        "1 validation error detected: Value '{}' at 'accountAlias' failed to satisfy constraint: Member must "
        "satisfy regular expression pattern: ^[a-z0-9]([a-z0-9]|-(?!-)){{1,61}}[a-z0-9]$",
        alias));
  }
  return change_account(call, [&](metadata::Transaction& txn, AccountRecord& record) -> Result<> {
    const auto owner = TRY(kAliases.get(txn, {alias}));
    if (owner && owner->account != call.account()) {
      return errors::already_exists(fmt::format("The account alias {} already exists.", alias));
    }
    if (record.alias) kAliases.erase(txn, {*record.alias});
    kAliases.put(txn, {alias}, {.account = call.account()});
    record.alias = alias;
    return {};
  });
}

Result<NoOutput> delete_account_alias(Call& call, const DeleteAccountAliasInput& input) {
  return change_account(call, [&](metadata::Transaction& txn, AccountRecord& record) -> Result<> {
    if (record.alias != *input.account_alias) {
      return errors::no_such(fmt::format("The Account Alias with name {} cannot be found.", *input.account_alias));
    }
    kAliases.erase(txn, {*record.alias});
    record.alias.reset();
    return {};
  });
}

Result<ListAccountAliasesOutput> list_account_aliases(Call& call, const ListAccountAliasesInput& input) {
  const AccountRecord record = TRY(find_account(*call.metadata.begin_read(), call.account()));
  std::vector<std::string> aliases;
  if (record.alias) aliases.push_back(*record.alias);
  ListAccountAliasesOutput output;
  output.account_aliases = TRY(list_items(TRY(read_page(input)), output, std::move(aliases)));
  return output;
}

Result<GetAccountSummaryOutput> get_account_summary(Call& call, const NoInput&) {
  const AccountId& account = call.account();
  auto txn = call.metadata.begin_read();
  GetAccountSummaryOutput output;
  auto& numbers = output.summary_map.emplace();
  // https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_iam-quotas.html
  numbers = {{"AccessKeysPerUserQuota", 2},
             {"AssumeRolePolicySizeQuota", 2048},
             {"AttachedPoliciesPerGroupQuota", 10},
             {"AttachedPoliciesPerRoleQuota", 10},
             {"AttachedPoliciesPerUserQuota", 10},
             {"GroupPolicySizeQuota", 5120},
             {"GroupsPerUserQuota", 10},
             {"GroupsQuota", kMaxGroups},
             {"InstanceProfilesQuota", kMaxInstanceProfiles},
             {"PoliciesQuota", kMaxPolicies},
             {"PolicySizeQuota", 6144},
             {"PolicyVersionsInUseQuota", kMaxVersionsInUse},
             {"RolePolicySizeQuota", 10240},
             {"RolesQuota", kMaxRoles},
             {"ServerCertificatesQuota", 20},
             {"SigningCertificatesPerUserQuota", 2},
             {"UserPolicySizeQuota", 2048},
             {"UsersQuota", kMaxUsers},
             {"VersionsPerPolicyQuota", 5},
             {"GlobalEndpointTokenVersion", kGlobalEndpointTokenVersion},
             // The root has neither certificates nor MFA devices nor a password here.
             {"AccountSigningCertificatesPresent", 0},
             {"AccountMFAEnabled", 0},
             {"AccountPasswordPresent", 0}};
  int32_t devices_in_use = 0;
  auto devices = kMfaDevices.scan(*txn, metadata::Direction::forward, account);
  while (TRY(devices.next())) {
    if (TRY(devices.record()).user) ++devices_in_use;
  }
  numbers["MFADevices"] = TRY(count_rows(*txn, kMfaDevices, account));
  numbers["MFADevicesInUse"] = devices_in_use;
  numbers["ServerCertificates"] = TRY(count_rows(*txn, kServerCertificates, account));
  numbers["Providers"] =
      TRY(count_rows(*txn, kOidcProviders, account)) + TRY(count_rows(*txn, kSamlProviders, account));
  numbers["Users"] = TRY(count_rows(*txn, kUsers, account));
  numbers["Groups"] = TRY(count_rows(*txn, kGroups, account));
  numbers["Roles"] = TRY(count_rows(*txn, kRoles, account));
  numbers["InstanceProfiles"] = TRY(count_rows(*txn, kInstanceProfiles, account));
  numbers["Policies"] = TRY(count_rows(*txn, kPolicies, account));
  numbers["PolicyVersionsInUse"] = TRY(count_rows(*txn, kPolicyVersions, account));
  // The installation's own root key, which no row stands for.
  numbers["AccountAccessKeysPresent"] = 1;
  return output;
}

// What is asked for is so already, or can't be had.
Result<NoOutput> set_security_token_service_preferences(Call&, const SetSecurityTokenServicePreferencesInput& input) {
  if (input.global_endpoint_token_version == fmt::format("v{}Token", kGlobalEndpointTokenVersion)) return NoOutput{};
  return errors::of({.code = "NotImplemented",
                     .http_status = 501,
                     .message = "Tokens that are valid in some regions only (v1Token) are not implemented by Aerolith: "
                                "its tokens are valid wherever the server is."});
}

Result<GetAccountPasswordPolicyOutput> get_account_password_policy(Call& call, const NoInput&) {
  const AccountRecord record = TRY(find_account(*call.metadata.begin_read(), call.account()));
  if (!record.password_policy) return no_password_policy(call.account());
  const PasswordPolicyRecord& rules = *record.password_policy;
  PasswordPolicy policy{.minimum_password_length = rules.minimum_length,
                        .require_symbols = rules.require_symbols,
                        .require_numbers = rules.require_numbers,
                        .require_uppercase_characters = rules.require_uppercase,
                        .require_lowercase_characters = rules.require_lowercase,
                        .allow_users_to_change_password = rules.users_may_change,
                        .expire_passwords = rules.max_age_days > 0};
  if (rules.max_age_days > 0) policy.max_password_age = rules.max_age_days;
  if (rules.reuse_prevention > 0) policy.password_reuse_prevention = rules.reuse_prevention;
  if (rules.max_age_days > 0) policy.hard_expiry = rules.hard_expiry;
  return GetAccountPasswordPolicyOutput{.password_policy = policy};
}

// What isn't given goes back to its default.
Result<NoOutput> update_account_password_policy(Call& call, const UpdateAccountPasswordPolicyInput& input) {
  return change_account(call, [&](metadata::Transaction&, AccountRecord& record) -> Result<> {
    record.password_policy = {.minimum_length = input.minimum_password_length.value_or(6),
                              .require_symbols = input.require_symbols.value_or(false),
                              .require_numbers = input.require_numbers.value_or(false),
                              .require_uppercase = input.require_uppercase_characters.value_or(false),
                              .require_lowercase = input.require_lowercase_characters.value_or(false),
                              .users_may_change = input.allow_users_to_change_password.value_or(false),
                              .max_age_days = input.max_password_age.value_or(0),
                              .reuse_prevention = input.password_reuse_prevention.value_or(0),
                              .hard_expiry = input.hard_expiry.value_or(false)};
    return {};
  });
}

Result<NoOutput> delete_account_password_policy(Call& call, const NoInput&) {
  return change_account(call, [&](metadata::Transaction&, AccountRecord& record) -> Result<> {
    if (!record.password_policy) return no_password_policy(call.account());
    record.password_policy.reset();
    return {};
  });
}

}  // namespace aerolith::iam
