// What a handler of this service is given.
#pragma once

#include <functional>
#include <optional>
#include <string>

#include "gateway/call.h"
#include "services/sts/roles.h"
#include "services/sts/sessions.h"

namespace aerolith::sts {

template <typename T = void>
using Result = gateway::ApiResult<T>;

// Lives for one call, on one thread.
struct Call {
  gateway::CallContext& context;
  const Sessions& sessions;
  RoleSource& roles;
  federation::OidcKeys& oidc_keys;
  const auth::SecretBox& messages;  // what encoded authorization messages are sealed with
  const std::function<std::optional<AccountId>(const std::string& access_key_id)>& account_of_key;
};

}  // namespace aerolith::sts
