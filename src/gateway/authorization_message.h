// Why a call was denied, sealed: who was denied gets it, and who may sts:DecodeAuthorizationMessage can read it.
// https://docs.aws.amazon.com/STS/latest/APIReference/API_DecodeAuthorizationMessage.html
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "auth/credentials.h"
#include "auth/secret_box.h"
#include "policy/evaluate.h"

namespace aerolith::gateway {

// AWS's limit for EncodedMessage: what is sealed is kept within it, by leaving conditions out.
inline constexpr size_t kMaxEncodedMessageBytes = 10'240;

// The JSON document: allowed, explicitDeny, matchedStatements, failures, context (principal, action, resource,
// conditions).
std::string authorization_message(const auth::Principal& caller, const policy::Request& request,
                                  const policy::Decision& decision);
std::string encode_authorization_message(const auth::SecretBox& box, const auth::Principal& caller,
                                         const policy::Request& request, const policy::Decision& decision);
// nullopt for what wasn't sealed here, or for a caller of another account.
std::optional<std::string> decode_authorization_message(const auth::SecretBox& box, const AccountId& account,
                                                        std::string_view encoded);

}  // namespace aerolith::gateway
