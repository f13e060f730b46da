// The STS service: what main/ puts into the registry.
#pragma once

#include <functional>
#include <optional>

#include "auth/secret_box.h"
#include "federation/oidc_keys.h"
#include "gateway/service_table.h"
#include "services/sts/roles.h"
#include "services/sts/sessions.h"

namespace aerolith::sts {

struct Parts {
  const Sessions& sessions;
  RoleSource& roles;
  federation::OidcKeys& oidc_keys;
  const auth::SecretBox& messages;  // what encoded authorization messages are sealed with
  // Of long-lived keys; nullopt for a key that nobody has.
  std::function<std::optional<AccountId>(const std::string& access_key_id)> account_of_key;
};

// What `parts` refers to must outlive the table. The table may be used from any thread.
gateway::ServiceTable make_service(const Parts& parts);

}  // namespace aerolith::sts
