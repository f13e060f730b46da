// A signed token by which others believe who the caller is: they verify it with the keys that the account's issuer
// publishes. AWS's sentences are what its endpoints answer.
// https://docs.aws.amazon.com/STS/latest/APIReference/API_GetWebIdentityToken.html
#include "base/encoding.h"
#include "base/uuid.h"
#include "federation/signing_key.h"
#include "federation/token_issuer.h"
#include "services/sts/identity_token.h"
#include "services/sts/operations/operations.h"
#include "services/sts/session_request.h"

namespace aerolith::sts {
namespace {

using federation::SignatureAlgorithm;

// "The GetWebIdentityToken API is not available on the STS Global endpoint."
bool is_global_endpoint(const Call& call) {
  const std::string_view host = call.context.head->headers.find("host").value_or("");
  return equals_ignore_case(host.substr(0, host.find(':')), "sts.amazonaws.com");
}

Result<> check_caller(const Call& call) {
  const auth::Principal& caller = call.context.principal();
  if (caller.kind == auth::PrincipalKind::federated_user) {
    return errors::access_denied("GetWebIdentityToken does not support federated user sessions");
  }
  // Tokens are of "IAM principals": users and roles.
  if (caller.is_root()) return errors::access_denied("GetWebIdentityToken does not support the account root user");
  return {};
}

Result<SignatureAlgorithm> read_algorithm(const GetWebIdentityTokenInput& input) {
  const auto algorithm = federation::parse_algorithm(input.signing_algorithm.value_or(""));
  if (algorithm == SignatureAlgorithm::rs256 || algorithm == SignatureAlgorithm::es384) return *algorithm;
  return errors::validation_error(
      "Requested SigningAlgorithm is not supported. See the GetWebIdentityToken documentation for supported "
      "algorithms");
}

// They are what the caller says, not tags of a session: names that begin with "aws:" are taken, as AWS takes them.
Result<auth::Tags> read_request_tags(const GetWebIdentityTokenInput& input) {
  auth::Tags tags;
  for (const Tag& tag : input.tags.value_or(std::vector<Tag>())) {
    TRY(check_new_tag(tag, tags));
    tags.emplace_back(tag.key.value_or(""), tag.value.value_or(""));
  }
  return tags;
}

}  // namespace

Result<GetWebIdentityTokenOutput> get_web_identity_token(Call& call, const GetWebIdentityTokenInput& input) {
  if (is_global_endpoint(call)) return errors::not_on_global_endpoint();
  TRY(check_caller(call));
  const SignatureAlgorithm algorithm = TRY(read_algorithm(input));
  const auth::Tags request_tags = TRY(read_request_tags(input));
  const auth::AccessKey& key = *call.context.key;
  const Timestamp expires_at = call.context.now + token_duration(input);
  if (key.session && expires_at > key.session->expires_at) return errors::session_duration_escalation();

  const auto signer = call.roles.find_token_signer(key.principal.account, algorithm);
  if (!signer) return errors::outbound_federation_disabled();
  const auth::Tags caller_tags = call.roles.principal_tags(key);
  const std::string claims = to_json({.issuer = signer->issuer,
                                      .id = make_uuid(),
                                      .caller = key,
                                      .caller_tags = caller_tags,
                                      .audience = input.audience.value_or(std::vector<std::string>()),
                                      .request_tags = request_tags,
                                      .region = call.context.region.view(),
                                      .issued_at = call.context.now,
                                      .expires_at = expires_at});
  if (claims.size() > kMaxClaimsBytes) return errors::jwt_payload_too_large();
  const auto signing_key = federation::SigningKey::read(algorithm, signer->key_id, signer->private_key);
  std::string token = signing_key ? signing_key->sign(claims) : "";
  if (token.empty()) return errors::internal_failure("a token can't be signed with the key " + signer->key_id);
  return GetWebIdentityTokenOutput{.web_identity_token = std::move(token), .expiration = expires_at};
}

}  // namespace aerolith::sts
