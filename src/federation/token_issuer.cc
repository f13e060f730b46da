#include "federation/token_issuer.h"

#include <algorithm>
#include <boost/json.hpp>

#include "base/encoding.h"

namespace aerolith::federation {
namespace {

namespace json = boost::json;

constexpr std::string_view kParent = ".tokens.sts.global.api.aws";

// As make_uuid makes them, in lower case.
bool is_uuid(std::string_view id) {
  constexpr std::string_view kShape = "xxxxxxxx-xxxx-xxxx-xxxx-xxxxxxxxxxxx";
  return std::ranges::equal(id, kShape, [](char byte, char shape) {
    if (shape == '-') return byte == '-';
    return (byte >= '0' && byte <= '9') || (byte >= 'a' && byte <= 'f');
  });
}

}  // namespace

std::string issuer_url(std::string_view id) { return "https://" + std::string(id) + std::string(kParent); }

std::optional<std::string> issuer_of_host(std::string_view host) {
  std::string id = to_lower(host.substr(0, host.find(':')));
  if (!id.ends_with(kParent)) return std::nullopt;
  id.resize(id.size() - kParent.size());
  if (!is_uuid(id)) return std::nullopt;
  return id;
}

// Field by field what AWS's says.
std::string discovery_document(std::string_view id) {
  const std::string issuer = issuer_url(id);
  return json::serialize(json::object{
      {"issuer", issuer},
      {"jwks_uri", issuer + std::string(kKeysPath)},
      {"response_types_supported", json::array{"id_token"}},
      {"subject_types_supported", json::array{"public"}},
      {"id_token_signing_alg_values_supported", json::array{"RS256", "ES384"}},
      {"claims_supported", json::array{"sub", "iss", "aud", "exp", "iat", "jti", "https://sts.amazonaws.com/"}}});
}

std::string key_set_document(const std::vector<json::object>& keys) {
  json::array all;
  for (const json::object& key : keys) all.push_back(key);
  return json::serialize(json::object{{"keys", std::move(all)}});
}

}  // namespace aerolith::federation
