// What an OpenID Connect token says, once it is believed.
// https://docs.aws.amazon.com/IAM/latest/UserGuide/id_roles_providers_oidc.html
// https://docs.aws.amazon.com/IAM/latest/UserGuide/id_session-tags.html#id_session-tags_adding-assume-role-idp
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "base/time.h"
#include "federation/oidc_keys.h"
#include "federation/token_error.h"

namespace aerolith::federation {

struct WebIdentity {
  std::string subject;
  // Whom the token is for: azp where it is there, else the one of aud that the provider's client ids name.
  std::string audience;
  std::vector<std::string> original_audiences;  // aud, where azp is there
  std::vector<std::string> methods;             // amr
  std::vector<std::pair<std::string, std::string>> tags;
  std::vector<std::string> transitive_tag_keys;
  std::string source_identity;
};

// The issuer that a token names, without https://: whose provider is to be asked. `invalid` for what is no token.
Result<std::pair<Jwt, std::string>, TokenError> read_token(std::string_view token);

// Verifies signature, times, audience; the issuer is the provider's by read_token(). May ask the provider: OidcKeys.
Result<WebIdentity, TokenError> verify_web_identity(const Jwt& token, const OidcProvider& provider, OidcKeys& keys,
                                                    Timestamp now);

}  // namespace aerolith::federation
