#include "main/accounts.h"

#include <algorithm>
#include <utility>

#include "base/encoding.h"
#include "base/random.h"
#include "gateway/root_credentials.h"
#include "metadata/table.h"

namespace aerolith::main_program {
namespace {

struct AccountRecord {
  static constexpr uint32_t kVersion = 1;
  std::string name;
  Timestamp created_at;
  std::string root_key_id;
  std::string sealed_root_secret;
};
template <class Archive>
void fields(Archive& archive, AccountRecord& r) {
  archive(r.name, r.created_at, r.root_key_id, r.sealed_root_secret);
}

const metadata::Table<AccountRecord, AccountId> kAccounts{"main.account"};

struct RemovedAccountRecord {
  static constexpr uint32_t kVersion = 1;
  std::string name;
  Timestamp removed_at;
};
template <class Archive>
void fields(Archive& archive, RemovedAccountRecord& r) {
  archive(r.name, r.removed_at);
}

// Sessions of the account are sealed into their tokens: only this says that they are over.
const metadata::Table<RemovedAccountRecord, AccountId> kRemovedAccounts{"main.removed_account"};

std::string secret_context(const AccountId& account, std::string_view key_id) {
  return "account root key " + account.str() + " " + std::string(key_id);
}

}  // namespace

std::string find_name_fault(std::string_view name) {
  constexpr size_t kLongest = 50;
  if (name.empty() || name.size() > kLongest) return "the name of an account has 1 to 50 characters";
  const bool is_printable = std::ranges::all_of(name, [](char c) { return c >= ' ' && c <= '~'; });
  return is_printable ? "" : "the name of an account has printable ASCII characters only";
}

metadata::Result<std::unique_ptr<Accounts>> Accounts::open(metadata::Store& store, const auth::SecretBox& box,
                                                           gateway::AccountInfo first) {
  std::unique_ptr<Accounts> accounts(new Accounts(store, box, std::move(first)));
  const auto txn = store.begin_read();
  auto rows = kAccounts.scan(*txn, metadata::Direction::forward);
  while (TRY(rows.next())) {
    const AccountId& id = std::get<0>(rows.key());
    AccountRecord record = TRY(rows.record());
    auto secret = box.open(record.sealed_root_secret, secret_context(id, record.root_key_id));
    if (!secret) return fail(metadata::ErrorCode::corrupt, "the root key of account " + id.str() + " can't be opened");
    accounts->keep({.id = id.str(), .name = std::move(record.name), .created_at = record.created_at},
                   std::move(record.root_key_id), *std::move(secret));
  }
  auto removed = kRemovedAccounts.scan(*txn, metadata::Direction::forward);
  while (TRY(removed.next())) accounts->set_removed(std::get<0>(removed.key()), true);
  return accounts;
}

metadata::Result<gateway::NewAccount> Accounts::create(std::string_view name, Timestamp now) {
  gateway::NewAccount made;
  made.info = {.id = {}, .name = std::string(name), .created_at = now};
  // https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_identifiers.html#identifiers-unique-ids
  made.access_key_id = "AKIA" + random_string(16, "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567");
  made.secret_access_key = random_string(40, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/");
  do {
    made.info.id = random_string(1, "123456789") + random_string(11, "0123456789");
  } while (contains(AccountId(made.info.id)) || was_removed(AccountId(made.info.id)));
  const AccountId id(made.info.id);
  const AccountRecord record{
      .name = made.info.name,
      .created_at = now,
      .root_key_id = made.access_key_id,
      .sealed_root_secret = box_.seal(made.secret_access_key, secret_context(id, made.access_key_id))};
  TRY(metadata::run_transaction(store_, [&](metadata::Transaction& txn) -> metadata::Result<> {
    if (TRY(kAccounts.contains(txn, {id}))) return fail(metadata::ErrorCode::invalid, "the account is there already");
    kAccounts.put(txn, {id}, record);
    return {};
  }));
  keep(made.info, made.access_key_id, made.secret_access_key);
  return made;
}

metadata::Result<std::vector<std::string>> Accounts::remove(const AccountId& id, const AccountContent& content,
                                                            Timestamp now) {
  if (id.str() == first_.id) return fail(metadata::ErrorCode::invalid, "the first account can't be deleted");
  if (!contains(id)) return fail(metadata::ErrorCode::invalid, "there is no account " + id.str());
  set_removed(id, true);
  const auto left =
      metadata::run_transaction(store_, [&](metadata::Transaction& txn) -> metadata::Result<std::vector<std::string>> {
        const auto record = TRY(kAccounts.get(txn, {id}));
        if (!record) return fail(metadata::ErrorCode::invalid, "there is no account " + id.str());
        auto found = TRY(content.find(txn, id));
        if (!found.empty()) return found;
        TRY(content.erase(txn, id));
        kAccounts.erase(txn, {id});
        kRemovedAccounts.put(txn, {id}, {.name = record->name, .removed_at = now});
        return found;
      });
  const bool is_removed = left.has_value() && left->empty();
  if (!is_removed) set_removed(id, false);
  if (is_removed) {
    const std::unique_lock lock(mutex_);
    accounts_.erase(id.str());
    std::erase_if(keys_, [&](const auto& entry) { return entry.second->principal.account == id; });
  }
  return left;
}

void Accounts::set_removed(const AccountId& id, bool is_removed) {
  const std::unique_lock lock(mutex_);
  if (is_removed) {
    removed_.insert(id);
  } else {
    removed_.erase(id);
  }
  has_removed_ = !removed_.empty();
}

bool Accounts::was_removed(const AccountId& id) const {
  if (!has_removed_) return false;
  const std::shared_lock lock(mutex_);
  return removed_.contains(id);
}

void Accounts::keep(gateway::AccountInfo info, std::string key_id, std::string secret) {
  auto key = gateway::make_root_key(AccountId(info.id), auth::AccessKeyId(key_id), std::move(secret));
  const std::unique_lock lock(mutex_);
  keys_.insert_or_assign(std::move(key_id), std::move(key));
  accounts_.insert_or_assign(info.id, info);
}

std::vector<gateway::AccountInfo> Accounts::list() const {
  std::vector<gateway::AccountInfo> all;
  {
    const std::shared_lock lock(mutex_);
    for (const auto& [id, info] : accounts_) all.push_back(info);
  }
  std::ranges::sort(all, {}, &gateway::AccountInfo::id);
  all.insert(all.begin(), first_);
  return all;
}

bool Accounts::contains(const AccountId& id) const {
  if (id.str() == first_.id) return true;
  const std::shared_lock lock(mutex_);
  return accounts_.contains(id.str());
}

Result<std::shared_ptr<const auth::AccessKey>, auth::CredentialError> Accounts::find(const auth::AccessKeyId& id,
                                                                                     std::string_view) const {
  const std::shared_lock lock(mutex_);
  const auto found = keys_.find(id.str());
  return found == keys_.end() ? nullptr : found->second;
}

}  // namespace aerolith::main_program
