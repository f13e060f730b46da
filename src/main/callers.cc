#include "main/callers.h"

#include <utility>

#include "base/log.h"
#include "main/sealer.h"

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
  keys_ = std::make_unique<const gateway::CredentialChain>(std::move(sources));
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

}  // namespace aerolith::main_program
