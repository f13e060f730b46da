#include "federation/web_identity.h"

#include <fmt/format.h>

#include <algorithm>
#include <boost/json.hpp>
#include <chrono>
#include <cmath>

#include "base/log.h"

namespace aerolith::federation {
namespace {

namespace json = boost::json;
using Code = TokenErrorCode;

constexpr std::string_view kHttps = "https://";
constexpr std::string_view kTags = "https://aws.amazon.com/tags";
constexpr std::string_view kPrincipalTags = "https://aws.amazon.com/tags/principal_tags/";
constexpr std::string_view kTransitiveKeys = "https://aws.amazon.com/tags/transitive_tag_keys";
constexpr std::string_view kSourceIdentity = "https://aws.amazon.com/source_identity";
constexpr std::string_view kNotAToken =
    "The ID Token provided is not a valid JWT. (You may see this error if you sent an Access Token)";

std::unexpected<TokenError> invalid(std::string message) { return fail(Code::invalid, std::move(message)); }
std::unexpected<TokenError> missing(std::string_view claim) {
  return invalid(fmt::format("Missing a required claim: {}", claim));
}

TokenError to_error(const OidcProvider& provider, const OidcKeysError& error) {
  log_warning("an OIDC provider's keys can't be had", {{"issuer", provider.issuer()}, {"what", error.detail}});
  switch (error.code) {
    case OidcKeysErrorCode::unreachable:
      return {Code::unreachable, "Couldn't reach your identity provider: " + provider.issuer()};
    case OidcKeysErrorCode::untrusted:
      return {Code::invalid, "OpenIDConnect provider's HTTPS certificate doesn't match configured thumbprint"};
    case OidcKeysErrorCode::unusable:
    case OidcKeysErrorCode::unknown_key:
      break;
  }
  return {Code::invalid,
          "Couldn't retrieve verification key from your identity provider,  please reference "
          "AssumeRoleWithWebIdentity documentation for requirements"};
}

Result<void, TokenError> check_times(const Jwt& token, Timestamp now) {
  const double seconds = std::chrono::duration<double>(now.time_since_epoch()).count();
  const double skew = std::chrono::duration<double>(kClockSkew).count();
  const auto expires_at = token.number("exp");
  if (!expires_at) return missing("exp");
  const auto issued_at = token.number("iat");
  if (!issued_at) return missing("iat");
  if (!std::isfinite(*expires_at) || seconds >= *expires_at + skew) {
    return fail(Code::expired, fmt::format("Token expired: current date/time {:.0f} must be before the expiration "
                                           "date/time {:.0f}",
                                           std::floor(seconds), std::floor(*expires_at)));
  }
  if (!std::isfinite(*issued_at) || *issued_at > seconds + skew) return invalid("Token was issued in the future");
  if (token.claims.contains("nbf")) {
    const auto not_before = token.number("nbf");
    if (!not_before || *not_before > seconds + skew) return invalid("Token is not yet valid");
  }
  return {};
}

// https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_iam-condition-keys.html#condition-keys-wif
Result<void, TokenError> read_audience(const Jwt& token, const OidcProvider& provider, WebIdentity& identity) {
  const auto is_client = [&](const std::string& id) {
    return std::ranges::find(provider.client_ids, id) != provider.client_ids.end();
  };
  const auto audiences = token.texts("aud");
  if (!audiences || audiences->empty()) return missing("aud");
  if (token.claims.contains("azp")) {
    const auto party = token.text("azp");
    if (!party || !is_client(*party)) return invalid("Incorrect token audience");
    identity.audience = *party;
    identity.original_audiences = *audiences;
    return {};
  }
  const auto found = std::ranges::find_if(*audiences, is_client);
  if (found == audiences->end()) return invalid("Incorrect token audience");
  identity.audience = *found;
  return {};
}

// A tag's value comes as a string or as a list of one.
Result<void, TokenError> add_tag(std::string_view key, const json::value& value, WebIdentity& identity) {
  const auto values = texts_of(value);
  if (!values || values->size() != 1) return invalid(fmt::format("The session tag {} must have one value", key));
  identity.tags.emplace_back(std::string(key), values->front());
  return {};
}

Result<void, TokenError> read_transitive(const json::value& value, WebIdentity& identity) {
  const auto keys = texts_of(value);
  if (!keys) return invalid("transitive_tag_keys must be a list of strings");
  identity.transitive_tag_keys.insert(identity.transitive_tag_keys.end(), keys->begin(), keys->end());
  return {};
}

Result<void, TokenError> read_nested_tags(const json::value& claim, WebIdentity& identity) {
  const json::object* const object = claim.if_object();
  if (object == nullptr) return invalid(fmt::format("The claim {} must be an object", kTags));
  if (const json::value* tags = object->if_contains("principal_tags")) {
    if (!tags->is_object()) return invalid("principal_tags must be an object");
    for (const auto& [key, value] : tags->get_object()) {
      TRY(add_tag(std::string_view(key.data(), key.size()), value, identity));
    }
  }
  if (const json::value* keys = object->if_contains("transitive_tag_keys")) TRY(read_transitive(*keys, identity));
  return {};
}

// Either form that AWS knows: one claim with all in it, or a claim for each tag.
Result<void, TokenError> read_tags(const Jwt& token, WebIdentity& identity) {
  for (const auto& [name, value] : token.claims) {
    const std::string_view claim(name.data(), name.size());
    if (claim == kTags) TRY(read_nested_tags(value, identity));
    if (claim == kTransitiveKeys) TRY(read_transitive(value, identity));
    if (claim.starts_with(kPrincipalTags)) TRY(add_tag(claim.substr(kPrincipalTags.size()), value, identity));
  }
  if (token.claims.contains(kSourceIdentity)) {
    const auto source = token.text(kSourceIdentity);
    if (!source) return invalid("source_identity must be a string");
    identity.source_identity = *source;
  }
  return {};
}

}  // namespace

Result<std::pair<Jwt, std::string>, TokenError> read_token(std::string_view text) {
  auto token = parse_jwt(text);
  if (!token.has_value()) {
    if (token.error().code == JwtErrorCode::malformed) return invalid(std::string(kNotAToken));
    return invalid(fmt::format("The token is signed in a way that isn't supported: {}", token.error().detail));
  }
  const auto issuer = token->text("iss");
  if (!issuer) return missing("iss");
  if (!issuer->starts_with(kHttps) || issuer->size() == kHttps.size()) {
    return invalid(fmt::format("No OpenIDConnect provider found in your account for {}", *issuer));
  }
  std::string url = issuer->substr(kHttps.size());
  return std::pair(*std::move(token), std::move(url));
}

Result<WebIdentity, TokenError> verify_web_identity(const Jwt& token, const OidcProvider& provider, OidcKeys& keys,
                                                    Timestamp now) {
  if (token.text("iss") != provider.issuer()) return invalid("The token's issuer isn't the provider's");
  WebIdentity identity;
  // Cheap refusals come before the provider is asked.
  TRY(read_audience(token, provider, identity));
  TRY(check_times(token, now));
  const auto set = keys.find(provider, token);
  if (!set.has_value()) return std::unexpected(to_error(provider, set.error()));
  if (!(*set)->verifies(token)) return invalid("The token's signature is invalid");

  const auto subject = token.text("sub");
  if (!subject || subject->empty()) return missing("sub");
  identity.subject = *subject;
  if (token.claims.contains("amr")) {
    const auto methods = token.texts("amr");
    if (!methods) return invalid("amr must be a list of strings");
    identity.methods = *methods;
  }
  TRY(read_tags(token, identity));
  return identity;
}

}  // namespace aerolith::federation
