// Temporary credentials with the rights of a role, for who shows a SAML response. Needs no signature.
// https://docs.aws.amazon.com/STS/latest/APIReference/API_AssumeRoleWithSAML.html
#include <fmt/format.h>

#include <algorithm>

#include "federation/saml_metadata.h"
#include "federation/saml_response.h"
#include "services/sts/operations/operations.h"
#include "services/sts/role_session.h"
#include "services/sts/saml_keys.h"

namespace aerolith::sts {
namespace {

// The name in arn:aws:iam::ACCOUNT:saml-provider/NAME, of the role's account.
Result<std::string> provider_name(const std::string& arn, const AccountId& account) {
  const std::string prefix = "arn:aws:iam::" + account.str() + ":saml-provider/";
  if (!arn.starts_with("arn:aws:iam::") || arn.find(":saml-provider/") == std::string::npos) {
    return errors::validation_error(fmt::format("{} is invalid", arn));
  }
  if (arn.starts_with(prefix) && arn.size() > prefix.size()) return arn.substr(prefix.size());
  return errors::access_denied("Not authorized to perform sts:AssumeRoleWithSAML");
}

Result<federation::SamlMetadata> read_metadata(const Call& call, const std::string& document) {
  // It was parsed before it was stored.
  auto metadata = federation::parse_saml_metadata(document);
  if (!metadata) return errors::invalid_identity_token("Could not parse metadata");
  if (metadata->valid_until && *metadata->valid_until <= call.context.now) {
    return errors::invalid_identity_token("The metadata of the specified provider has expired");
  }
  return *std::move(metadata);
}

}  // namespace

Result<AssumeRoleWithSAMLOutput> assume_role_with_saml(Call& call, const AssumeRoleWithSAMLInput& input) {
  TRY(check_supported(input));
  const std::string role_arn = input.role_arn.value_or("");
  const std::string provider_arn = input.principal_arn.value_or("");
  const AccountId account = TRY(account_of_role(role_arn));
  const std::string name = TRY(provider_name(provider_arn, account));
  const std::optional<SamlProvider> provider = call.roles.find_saml_provider(account, name);
  if (!provider) return errors::invalid_identity_token("Specified provider doesn't exist");
  const federation::SamlMetadata metadata = TRY(read_metadata(call, provider->metadata));
  auto assertion = federation::verify_saml_response(input.saml_assertion.value_or(""), metadata, provider->decryption,
                                                    call.context.now);
  if (!assertion.has_value()) return errors::token_refused(assertion.error());
  if (std::ranges::find(assertion->roles, std::pair(role_arn, provider_arn)) == assertion->roles.end()) {
    return errors::access_denied("Not authorized to perform sts:AssumeRoleWithSAML");
  }

  FederatedClaims claims{.keys = saml_keys(*assertion, account, name),
                         .tags = std::move(assertion->tags),
                         .transitive_tag_keys = std::move(assertion->transitive_tag_keys),
                         .source_identity = std::move(assertion->source_identity)};
  FederatedSession session = TRY(assume_federated_role(call,
                                                       {.action = "sts:AssumeRoleWithSAML",
                                                        .provider_arn = provider_arn,
                                                        .account = account,
                                                        .role_arn = role_arn,
                                                        .session_name = assertion->session_name,
                                                        .duration_seconds = input.duration_seconds,
                                                        .ends_at = assertion->session_ends_at,
                                                        .policy = input.policy,
                                                        .policy_arns = input.policy_arns},
                                                       std::move(claims)));
  auto output = to_output<AssumeRoleWithSAMLOutput>(std::move(session));
  output.subject = assertion->subject;
  output.subject_type = assertion->subject_type;
  output.issuer = assertion->issuer;
  output.audience = assertion->recipient;
  output.name_qualifier = name_qualifier(assertion->issuer, account, name);
  return output;
}

}  // namespace aerolith::sts
