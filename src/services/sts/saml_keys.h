// The context keys of a SAML session, for conditions.
// https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_iam-condition-keys.html#condition-keys-saml
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "auth/credentials.h"
#include "federation/saml_response.h"

namespace aerolith::sts {

// BASE64(SHA1(issuer + account + "/" + name of the provider)): with the subject it names a user for good.
std::string name_qualifier(std::string_view issuer, const AccountId& account, std::string_view provider_name);

// saml:aud, saml:sub and the like, and those that attributes of the assertion give (saml:eduPersonAffiliation).
std::vector<auth::FederatedKey> saml_keys(const federation::SamlAssertion& assertion, const AccountId& account,
                                          std::string_view provider_name);

}  // namespace aerolith::sts
