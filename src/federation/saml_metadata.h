// The metadata document of a SAML identity provider: who it is, and the certificates that its signatures are checked
// with. https://docs.oasis-open.org/security/saml/v2.0/saml-metadata-2.0-os.pdf
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/time.h"

namespace aerolith::federation {

// AWS's limits. https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_iam-quotas.html
inline constexpr size_t kMaxMetadataBytes = 10'000'000;
inline constexpr size_t kMaxSamlKeys = 10;

struct SamlMetadata {
  std::string entity_id;
  std::vector<std::string> certificates;  // DER, of keys for signatures
  std::optional<Timestamp> valid_until;
};

// What a provider's assertions may be encrypted for.
struct SamlDecryption {
  std::vector<std::string> private_keys;  // RSA, PEM
  bool is_required = false;               // one that isn't encrypted is refused
};

// nullopt for what is no such document: no EntityDescriptor with an id at its root, no IDPSSODescriptor, no certificate
// for signatures that can be read, or too many.
std::optional<SamlMetadata> parse_saml_metadata(std::string_view document);

}  // namespace aerolith::federation
