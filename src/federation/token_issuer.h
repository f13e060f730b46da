// Issuers of tokens of our own, under names like those that AWS gives each account:
// https://a103a2cc-b461-473d-84fe-6c4f6d45af88.tokens.sts.global.api.aws
// https://docs.aws.amazon.com/IAM/latest/UserGuide/id_roles_providers_outbound_getting_started.html
#pragma once

#include <boost/json/object.hpp>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace aerolith::federation {

// https://openid.net/specs/openid-connect-discovery-1_0.html#ProviderConfig
inline constexpr std::string_view kDiscoveryPath = "/.well-known/openid-configuration";
inline constexpr std::string_view kKeysPath = "/.well-known/jwks.json";

std::string issuer_url(std::string_view id);
// The id of an issuer by its host's name, lower case, a port allowed; nullopt for every other name, also where what
// stands in the id's place is no UUID: every name that a client of TLS or DNS asks for comes here, and is looked up by
// what this answers. Whether there is such an issuer isn't asked.
std::optional<std::string> issuer_of_host(std::string_view host);

std::string discovery_document(std::string_view id);
// A JWKS.
std::string key_set_document(const std::vector<boost::json::object>& keys);

}  // namespace aerolith::federation
