// Who may call this server, and with what key: the accounts, their roots, IAM's users and roles, sessions.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "auth/credentials.h"
#include "auth/secret_box.h"
#include "base/time.h"
#include "gateway/credential_chain.h"
#include "gateway/root_credentials.h"
#include "main/accounts.h"
#include "main/config.h"
#include "main/iam_identities.h"
#include "main/installation.h"
#include "main/open_test_account.h"
#include "metadata/store.h"
#include "services/iam/api.h"
#include "services/sts/sessions.h"

namespace aerolith::main_program {

// Safe from any thread. What it is opened with must outlive it.
class Callers {
 public:
  // `corrupt` for a secret that this installation's key doesn't open.
  static metadata::Result<std::unique_ptr<Callers>> open(metadata::Store& store, const Installation& installation,
                                                         const Config& config, const Clock& clock);
  Callers(const Callers&) = delete;
  Callers& operator=(const Callers&) = delete;

  const auth::SecretBox& box() const { return *box_; }
  const auth::CredentialSource& keys() const { return *keys_; }
  iam::Directory& directory() { return directory_; }
  IamIdentities& identities() { return identities_; }
  const sts::Sessions& sessions() const { return sessions_; }

  std::vector<gateway::AccountInfo> accounts() const { return accounts_->list(); }
  std::vector<AccountId> account_ids() const;
  // nullopt for a key that nobody has; of temporary ones only the account is looked for.
  std::optional<AccountId> account_of_key(const std::string& access_key_id);
  // Durable on return. The error is a sentence for a person.
  Result<gateway::NewAccount, std::string> create_account(const std::string& name);
  // The same; one that isn't empty stays.
  Result<void, std::string> delete_account(const std::string& id);

 private:
  Callers(std::unique_ptr<auth::SecretBox> box, std::unique_ptr<Accounts> accounts, metadata::Store& store,
          const Installation& installation, const Config& config, const Clock& clock);

  const Installation& installation_;
  const Clock& clock_;
  const std::unique_ptr<auth::SecretBox> box_;
  const gateway::RootCredentials root_key_;
  const std::unique_ptr<Accounts> accounts_;
  const OpenTestAccount open_test_account_;
  const sts::Sessions sessions_;
  iam::Directory directory_;
  IamIdentities identities_;
  std::unique_ptr<const auth::CredentialSource> keys_;
};

}  // namespace aerolith::main_program
