#include "services/sts/identity_token.h"

#include <boost/json.hpp>

namespace aerolith::sts {
namespace {

namespace json = boost::json;
using std::chrono::seconds;

constexpr seconds kDefaultTokenDuration{300};
constexpr std::string_view kNamespace = "https://sts.amazonaws.com/";

int64_t epoch_seconds(Timestamp time) { return std::chrono::floor<seconds>(time).time_since_epoch().count(); }

// Of a role's session the role, with its path; else the user.
const std::string& subject_of(const auth::Principal& caller) {
  return caller.kind == auth::PrincipalKind::assumed_role ? caller.entity_arn : caller.arn;
}

json::object to_object(const auth::Tags& tags) {
  json::object object;
  for (const auto& [name, value] : tags) object[name] = value;
  return object;
}

// AWS's own claims, under its name.
json::object own_claims(const TokenClaims& claims) {
  const auth::Principal& caller = claims.caller.principal;
  json::object own;
  own["aws_account"] = caller.account.str();
  if (!claims.request_tags.empty()) own["request_tags"] = to_object(claims.request_tags);
  own["source_region"] = claims.region;
  own["principal_id"] = subject_of(caller);
  if (!claims.caller_tags.empty()) own["principal_tags"] = to_object(claims.caller_tags);
  if (!claims.caller.session) return own;
  const auth::Session& session = *claims.caller.session;
  own["original_session_exp"] = format_iso8601(std::chrono::floor<seconds>(session.expires_at));
  if (!session.source_identity.empty()) own["source_identity"] = session.source_identity;
  if (!session.federated_provider.empty()) own["federated_provider"] = session.federated_provider;
  return own;
}

}  // namespace

seconds token_duration(const GetWebIdentityTokenInput& input) {
  return input.duration_seconds ? seconds(*input.duration_seconds) : kDefaultTokenDuration;
}

void add_token_conditions(const GetWebIdentityTokenInput& input, policy::Context& keys) {
  for (const std::string& audience : input.audience.value_or(std::vector<std::string>())) {
    keys.add_value("sts:IdentityTokenAudience", audience);
  }
  keys.set("sts:SigningAlgorithm", input.signing_algorithm.value_or(""));
  keys.set("sts:DurationSeconds", std::to_string(token_duration(input).count()));
  for (const Tag& tag : input.tags.value_or(std::vector<Tag>())) {
    keys.set("aws:RequestTag/" + tag.key.value_or(""), tag.value.value_or(""));
    keys.add_value("aws:TagKeys", tag.key.value_or(""));
  }
}

std::string to_json(const TokenClaims& claims) {
  json::object token;
  // One audience is a string, as most relying parties want it.
  if (claims.audience.size() == 1) {
    token["aud"] = claims.audience.front();
  } else {
    token["aud"] = json::array(claims.audience.begin(), claims.audience.end());
  }
  token["sub"] = subject_of(claims.caller.principal);
  token[kNamespace] = own_claims(claims);
  token["iss"] = claims.issuer;
  token["exp"] = epoch_seconds(claims.expires_at);
  token["iat"] = epoch_seconds(claims.issued_at);
  token["jti"] = claims.id;
  return json::serialize(token);
}

}  // namespace aerolith::sts
