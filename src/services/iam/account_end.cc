#include "services/iam/account_end.h"

#include <fmt/format.h>

#include <tuple>

#include "metadata/erase_rows.h"
#include "services/iam/tables.h"

namespace aerolith::iam {
namespace {

using metadata::Direction;

struct Noun {
  std::string_view one;
  std::string_view many;
};

template <typename Table>
metadata::Result<> add_count(metadata::ReadTransaction& txn, const Table& table, const AccountId& account,
                             const Noun& noun, std::vector<std::string>& content) {
  size_t count = 0;
  auto rows = table.scan(txn, Direction::forward, account);
  while (TRY(rows.next())) ++count;
  if (count > 0) content.push_back(fmt::format("{} {}", count, count == 1 ? noun.one : noun.many));
  return {};
}

}  // namespace

metadata::Result<std::vector<std::string>> find_account_content(metadata::ReadTransaction& txn,
                                                                const AccountId& account) {
  std::vector<std::string> content;
  TRY(add_count(txn, kUsers, account, {"user", "users"}, content));
  TRY(add_count(txn, kGroups, account, {"group", "groups"}, content));
  TRY(add_count(txn, kRoles, account, {"role", "roles"}, content));
  TRY(add_count(txn, kPolicies, account, {"policy", "policies"}, content));
  TRY(add_count(txn, kInstanceProfiles, account, {"instance profile", "instance profiles"}, content));
  TRY(add_count(txn, kMfaDevices, account, {"MFA device", "MFA devices"}, content));
  TRY(add_count(txn, kServerCertificates, account, {"server certificate", "server certificates"}, content));
  TRY(add_count(txn, kOidcProviders, account, {"OpenID Connect provider", "OpenID Connect providers"}, content));
  TRY(add_count(txn, kSamlProviders, account, {"SAML provider", "SAML providers"}, content));
  return content;
}

metadata::Result<> erase_account(metadata::Transaction& txn, const AccountId& account) {
  const auto record = TRY(kAccounts.get(txn, {account}));
  if (record && record->alias) kAliases.erase(txn, {*record->alias});
  kAccounts.erase(txn, {account});
  const auto issuer = TRY(kTokenIssuers.get(txn, {account}));
  if (issuer) kTokenIssuerOwners.erase(txn, {issuer->id});
  kTokenIssuers.erase(txn, {account});
  // Of the root: nobody else is left.
  auto keys = kAccessKeys.scan(txn, Direction::forward, account);
  std::vector<AccessKeyId> ids;
  while (TRY(keys.next())) ids.push_back(std::get<2>(keys.key()));
  for (const AccessKeyId& id : ids) kAccessKeyOwners.erase(txn, {id});
  TRY(metadata::erase_rows(txn, kAccessKeys, account));
  TRY(metadata::erase_rows(txn, kSigningCertificates, account));
  TRY(metadata::erase_rows(txn, kKeyUses, account));
  TRY(metadata::erase_rows(txn, kServiceUses, account));
  TRY(metadata::erase_rows(txn, kAccessReports, account));
  TRY(metadata::erase_rows(txn, kDeletionTasks, account));
  kCredentialReports.erase(txn, {account});
  return {};
}

}  // namespace aerolith::iam
