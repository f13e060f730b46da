// The accounts beside the installation's first one, each with its root key. docs/formats/installation.md
#pragma once

#include <atomic>
#include <functional>
#include <memory>
#include <optional>
#include <shared_mutex>
#include <string>
#include <string_view>
#include <unordered_map>
#include <unordered_set>
#include <vector>

#include "auth/credentials.h"
#include "auth/secret_box.h"
#include "base/strong_string.h"
#include "base/time.h"
#include "gateway/admin.h"
#include "metadata/store.h"

namespace aerolith::main_program {

// What an account has in the services. Each runs in the transaction that deletes the account, maybe several times.
struct AccountContent {
  // What stands in the way: "2 buckets".
  std::function<metadata::Result<std::vector<std::string>>(metadata::ReadTransaction&, const AccountId&)> find;
  // The rest, which goes with it.
  std::function<metadata::Result<>(metadata::Transaction&, const AccountId&)> erase;
};

// Safe from any thread. Answers from memory.
class Accounts final : public auth::CredentialSource {
 public:
  // Reads all there are. `corrupt` for a secret that this installation's key doesn't open.
  static metadata::Result<std::unique_ptr<Accounts>> open(metadata::Store& store, const auth::SecretBox& box,
                                                          gateway::AccountInfo first);

  // A new account and its root key, which is shown only here. Durable on return, and good from the next call on.
  metadata::Result<gateway::NewAccount> create(std::string_view name, Timestamp now);
  // Deletes the account, unless something is in it: that is the answer then. `invalid` for one that isn't there, and
  // for the first one. From its start on the account's keys and sessions are refused; calls that were let in before
  // still end. Durable on return. Nobody gets its id again.
  metadata::Result<std::vector<std::string>> remove(const AccountId& id, const AccountContent& content, Timestamp now);
  // Whether there was such an account: all that speaks for it is refused.
  bool was_removed(const AccountId& id) const;
  // The first one first, then by id.
  std::vector<gateway::AccountInfo> list() const;
  bool contains(const AccountId& id) const;

  Result<std::shared_ptr<const auth::AccessKey>, auth::CredentialError> find(
      const auth::AccessKeyId& id, std::string_view session_token) const override;

 private:
  Accounts(metadata::Store& store, const auth::SecretBox& box, gateway::AccountInfo first)
      : store_(store), box_(box), first_(std::move(first)) {}
  void set_removed(const AccountId& id, bool is_removed);
  void keep(gateway::AccountInfo info, std::string key_id, std::string secret);

  metadata::Store& store_;
  const auth::SecretBox& box_;
  const gateway::AccountInfo first_;
  mutable std::shared_mutex mutex_;
  std::unordered_map<std::string, gateway::AccountInfo> accounts_;  // by id
  std::unordered_map<std::string, std::shared_ptr<const auth::AccessKey>> keys_;
  std::unordered_set<AccountId> removed_;
  std::atomic<bool> has_removed_ = false;  // spares most installations the lock
};

// What is wrong with an account's name, empty when nothing is: 1 to 50 printable characters.
// https://docs.aws.amazon.com/organizations/latest/APIReference/API_CreateAccount.html
std::string find_name_fault(std::string_view name);

}  // namespace aerolith::main_program
