// The token of GetWebIdentityToken: what policies may ask of it, and what it says of who asked for it.
// https://docs.aws.amazon.com/IAM/latest/UserGuide/id_roles_providers_outbound_token_claims.html
#pragma once

#include <chrono>
#include <string>
#include <string_view>
#include <vector>

#include "auth/credentials.h"
#include "base/time.h"
#include "policy/context.h"
#include "sts/model.h"

namespace aerolith::sts {

// Of the claims as JSON, in bytes. AWS documents the error and not the number, which is what its endpoints take.
inline constexpr size_t kMaxClaimsBytes = 14'984;

// Five minutes where none is given.
std::chrono::seconds token_duration(const GetWebIdentityTokenInput& input);

// sts:IdentityTokenAudience, sts:SigningAlgorithm, sts:DurationSeconds, aws:RequestTag/..., aws:TagKeys.
void add_token_conditions(const GetWebIdentityTokenInput& input, policy::Context& keys);

// Views; what they show must outlive the call.
struct TokenClaims {
  std::string_view issuer;  // its URL
  std::string_view id;
  const auth::AccessKey& caller;  // a user's, a role's session
  const auth::Tags& caller_tags;  // with those of the session
  const std::vector<std::string>& audience;
  const auth::Tags& request_tags;
  std::string_view region;
  Timestamp issued_at;
  Timestamp expires_at;
};
// A JSON object. What isn't known of the caller isn't in it.
std::string to_json(const TokenClaims& claims);

}  // namespace aerolith::sts
