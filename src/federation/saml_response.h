// What a SAML response says, once it is believed.
// https://docs.aws.amazon.com/IAM/latest/UserGuide/id_roles_providers_create_saml_assertions.html
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/time.h"
#include "federation/saml_metadata.h"
#include "federation/token_error.h"

namespace aerolith::federation {

// AWS's limit for SAMLAssertion.
inline constexpr size_t kMaxSamlCharacters = 100'000;

struct SamlAttribute {
  std::string name;
  std::vector<std::string> values;
};

struct SamlAssertion {
  std::string issuer;
  std::string subject;
  std::string subject_type;  // "persistent", "transient", or the whole name of another format
  std::string recipient;
  std::vector<std::pair<std::string, std::string>> roles;  // ARNs: role, provider
  std::string session_name;
  std::vector<std::pair<std::string, std::string>> tags;
  std::vector<std::string> transitive_tag_keys;
  std::string source_identity;
  std::optional<Timestamp> session_ends_at;  // SessionNotOnOrAfter
  std::vector<SamlAttribute> attributes;     // all
};

// `response` in base64, as it is posted. Decrypts the assertion where it is encrypted, verifies the signatures against
// the provider's certificates, then times, audience and recipient. Every signature in it must be right, and there must
// be one that covers the assertion.
Result<SamlAssertion, TokenError> verify_saml_response(std::string_view response, const SamlMetadata& provider,
                                                       const SamlDecryption& decryption, Timestamp now);

}  // namespace aerolith::federation
