// Temporary credentials with the rights of a role, for who shows a token of an OpenID Connect provider. Needs no
// signature. https://docs.aws.amazon.com/STS/latest/APIReference/API_AssumeRoleWithWebIdentity.html
#include "federation/web_identity.h"
#include "services/sts/operations/operations.h"
#include "services/sts/role_session.h"

namespace aerolith::sts {
namespace {

// https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_iam-condition-keys.html#condition-keys-wif
std::vector<auth::FederatedKey> condition_keys(const std::string& url, const federation::WebIdentity& identity) {
  std::vector<auth::FederatedKey> keys = {{url + ":aud", identity.audience}, {url + ":sub", identity.subject}};
  for (const std::string& audience : identity.original_audiences) keys.push_back({url + ":oaud", audience});
  for (const std::string& method : identity.methods) keys.push_back({url + ":amr", method, true});
  return keys;
}

}  // namespace

Result<AssumeRoleWithWebIdentityOutput> assume_role_with_web_identity(Call& call,
                                                                      const AssumeRoleWithWebIdentityInput& input) {
  TRY(check_supported(input));
  const std::string role_arn = input.role_arn.value_or("");
  const AccountId account = TRY(account_of_role(role_arn));
  if (input.provider_id) {
    return errors::not_implemented(
        "Access tokens of Login with Amazon and Facebook (ProviderId) are not implemented by Aerolith.");
  }
  const auto read = federation::read_token(input.web_identity_token.value_or(""));
  if (!read.has_value()) return errors::token_refused(read.error());
  const auto& [token, url] = *read;
  const auto provider = call.roles.find_oidc_provider(account, url);
  if (!provider) {
    return errors::invalid_identity_token("No OpenIDConnect provider found in your account for https://" + url);
  }
  auto identity = federation::verify_web_identity(token, *provider, call.oidc_keys, call.context.now);
  if (!identity.has_value()) return errors::token_refused(identity.error());

  const std::string provider_arn = "arn:aws:iam::" + account.str() + ":oidc-provider/" + url;
  FederatedClaims claims{.keys = condition_keys(url, *identity),
                         .tags = std::move(identity->tags),
                         .transitive_tag_keys = std::move(identity->transitive_tag_keys),
                         .source_identity = std::move(identity->source_identity)};
  FederatedSession session = TRY(assume_federated_role(call,
                                                       {.action = "sts:AssumeRoleWithWebIdentity",
                                                        .provider_arn = provider_arn,
                                                        .account = account,
                                                        .role_arn = role_arn,
                                                        .session_name = input.role_session_name.value_or(""),
                                                        .duration_seconds = input.duration_seconds,
                                                        .ends_at = std::nullopt,
                                                        .policy = input.policy,
                                                        .policy_arns = input.policy_arns},
                                                       std::move(claims)));
  auto output = to_output<AssumeRoleWithWebIdentityOutput>(std::move(session));
  output.subject_from_web_identity_token = identity->subject;
  output.audience = identity->audience;
  // Of a provider that IAM has, AWS tells the ARN.
  output.provider = provider_arn;
  return output;
}

}  // namespace aerolith::sts
