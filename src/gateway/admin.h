// Aerolith's own endpoints under /_aerolith/: health, metrics, backup, accounts. No AWS protocol.
#pragma once

#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "audit/log.h"
#include "auth/authenticate.h"
#include "base/result.h"
#include "base/strong_string.h"
#include "base/time.h"
#include "gateway/metrics.h"
#include "gateway/registry.h"
#include "http/message.h"

namespace aerolith::gateway {

struct AccountInfo {
  std::string id;
  std::string name;
  Timestamp created_at;
};

struct NewAccount {
  AccountInfo info;
  std::string access_key_id;  // of its root
  std::string secret_access_key;
};

// Each answers what went wrong in a sentence.
struct AdminSettings {
  std::string version;
  // Whose root alone may ask for what needs a signature: the installation's first account.
  AccountId owner;
  // Makes a backup of the running cloud in a folder; empty when all is well.
  std::function<std::string(const std::string& directory)> backup;
  std::function<Result<NewAccount, std::string>(const std::string& name)> create_account;
  std::function<Result<std::vector<AccountInfo>, std::string>()> list_accounts;
  std::function<http::ServerStats()> server_stats;
  std::function<audit::LogStats()> audit_stats;
};

// Safe from any thread.
class Admin {
 public:
  // The signing name of requests to this endpoint.
  static constexpr std::string_view kSigningName = "aerolith";

  Admin(AdminSettings settings, const Registry& registry, const Metrics& metrics,
        const auth::Authenticator& authenticator);
  static bool owns(std::string_view path);
  // Says in the event who wanted what; the operation stays empty for what isn't worth one.
  http::Response handle(const http::RequestHead& head, audit::Event& event) const;

 private:
  using Action = http::Response (Admin::*)(const http::RequestHead&) const;

  http::Response health() const;
  // Signed by the owner's root only; anybody else is refused.
  http::Response run_for_owner(std::string_view operation, Action action, const http::RequestHead& head,
                               audit::Event& event) const;
  // POST /_aerolith/backup?to=<absolute folder>
  http::Response backup(const http::RequestHead& head) const;
  // POST /_aerolith/accounts?name=<name>
  http::Response create_account(const http::RequestHead& head) const;
  // GET /_aerolith/accounts
  http::Response list_accounts(const http::RequestHead& head) const;

  AdminSettings settings_;
  const Registry& registry_;
  const Metrics& metrics_;
  const auth::Authenticator& authenticator_;
};

}  // namespace aerolith::gateway
