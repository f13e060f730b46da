#include "main/callers.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <utility>

#include "base/log.h"
#include "main/sealer.h"
#include "services/ec2/account_end.h"
#include "services/iam/account_end.h"
#include "services/rbin/api.h"
#include "services/s3/api.h"
#include "services/sts/key_ids.h"

namespace aerolith::main_program {
namespace {

// The installation's key as the rooms below know it.
class InstallationBox final : public auth::SecretBox {
 public:
  explicit InstallationBox(const Sealer& sealer) : sealer_(sealer) {}
  std::string seal(std::string_view secret, std::string_view context) const override {
    return sealer_.seal(secret, context);
  }
  std::optional<std::string> open(std::string_view sealed, std::string_view context) const override {
    auto opened = sealer_.open(sealed, context);
    if (!opened.has_value()) return std::nullopt;
    return *std::move(opened);
  }

 private:
  const Sealer& sealer_;
};

// Keys and sessions of accounts that are there.
class LivingAccounts final : public auth::CredentialSource {
 public:
  LivingAccounts(std::vector<const auth::CredentialSource*> sources, const Accounts& accounts)
      : chain_(std::move(sources)), accounts_(accounts) {}
  Result<std::shared_ptr<const auth::AccessKey>, auth::CredentialError> find(
      const auth::AccessKeyId& id, std::string_view session_token) const override {
    auto found = TRY(chain_.find(id, session_token));
    if (found == nullptr || accounts_.was_removed(found->principal.account)) return nullptr;
    return found;
  }

 private:
  const gateway::CredentialChain chain_;
  const Accounts& accounts_;
};

metadata::Result<std::vector<std::string>> find_content(metadata::ReadTransaction& txn, const AccountId& account) {
  std::vector<std::string> content = TRY(iam::find_account_content(txn, account));
  for (std::string& each : TRY(ec2::find_account_content(txn, account))) content.push_back(std::move(each));
  const uint64_t buckets = TRY(s3::count_buckets(txn, account));
  if (buckets > 0) content.push_back(std::to_string(buckets) + (buckets == 1 ? " bucket" : " buckets"));
  const size_t rules = TRY(rbin::count_rules(txn, account));
  if (rules > 0) content.push_back(std::to_string(rules) + (rules == 1 ? " retention rule" : " retention rules"));
  return content;
}

metadata::Result<> erase_rest(metadata::Transaction& txn, const AccountId& account) {
  s3::erase_account(txn, account);
  TRY(ec2::erase_account(txn, account));
  TRY(rbin::erase_account(txn, account));
  return iam::erase_account(txn, account);
}

gateway::AccountInfo first_account(const Installation& installation) {
  return {.id = installation.account_id.str(), .name = "", .created_at = installation.created};
}

}  // namespace

Callers::Callers(std::unique_ptr<auth::SecretBox> box, std::unique_ptr<Accounts> accounts, metadata::Store& store,
                 const Installation& installation, const Config& config, const Clock& clock)
    : installation_(installation),
      clock_(clock),
      box_(std::move(box)),
      root_key_(installation.account_id, auth::AccessKeyId(installation.root_access_key_id),
                installation.root_secret_access_key),
      accounts_(std::move(accounts)),
      open_test_account_([this](const AccountId& id) { return accounts_->contains(id); }),
      sessions_(*box_),
      directory_(store, *box_),
      identities_(directory_, clock) {
  std::vector<const auth::CredentialSource*> sources{&root_key_, &sessions_, accounts_.get(), &identities_};
  if (config.security.open_test_account) sources.push_back(&open_test_account_);
  keys_ = std::make_unique<const LivingAccounts>(std::move(sources), *accounts_);
}

metadata::Result<std::unique_ptr<Callers>> Callers::open(metadata::Store& store, const Installation& installation,
                                                         const Config& config, const Clock& clock) {
  auto box = std::make_unique<InstallationBox>(installation.sealer);
  auto accounts = TRY(Accounts::open(store, *box, first_account(installation)));
  std::unique_ptr<Callers> callers(
      new Callers(std::move(box), std::move(accounts), store, installation, config, clock));
  for (const gateway::AccountInfo& info : callers->accounts()) {
    TRY(callers->directory_.ensure_account(AccountId(info.id), info.name, info.created_at));
  }
  return callers;
}

std::vector<AccountId> Callers::account_ids() const {
  std::vector<AccountId> ids;
  for (const gateway::AccountInfo& account : accounts()) ids.emplace_back(account.id);
  return ids;
}

std::optional<AccountId> Callers::account_of_key(const std::string& access_key_id) {
  if (const auto account = sts::account_of_session_key(access_key_id)) {
    const std::vector<AccountId> known = account_ids();
    return std::ranges::find(known, *account) == known.end() ? std::nullopt : account;
  }
  if (access_key_id == installation_.root_access_key_id) return installation_.account_id;
  const auto root_of_another = accounts_->find(auth::AccessKeyId(access_key_id), "");
  if (root_of_another.has_value() && *root_of_another) return (*root_of_another)->principal.account;
  const auto key = directory_.find_access_key(access_key_id);
  if (!key.has_value() || *key == nullptr) return std::nullopt;
  return (*key)->key.principal.account;
}

Result<gateway::NewAccount, std::string> Callers::create_account(const std::string& name) {
  if (std::string fault = find_name_fault(name); !fault.empty()) return std::unexpected(std::move(fault));
  const Timestamp now = clock_.now();
  auto made = accounts_->create(name, now);
  if (!made.has_value()) return std::unexpected(made.error().detail);
  // A start that finds it missing makes up for it.
  const auto known = directory_.ensure_account(AccountId(made->info.id), name, now);
  if (!known.has_value()) return std::unexpected(known.error().detail);
  log_info("made an account", {{"account", made->info.id}, {"name", made->info.name}});
  return *std::move(made);
}

Result<void, std::string> Callers::delete_account(const std::string& id) {
  const AccountId account(id);
  const auto left = accounts_->remove(account, {.find = find_content, .erase = erase_rest}, clock_.now());
  if (!left.has_value()) return std::unexpected(left.error().detail);
  if (!left->empty()) {
    return std::unexpected(fmt::format("account {} isn't empty: delete its {} first", id, fmt::join(*left, ", ")));
  }
  directory_.changed(account);
  log_info("deleted an account", {{"account", id}});
  return {};
}

}  // namespace aerolith::main_program
