#include "services/sts/saml_keys.h"

#include <array>
#include <utility>

#include "base/digest.h"
#include "base/encoding.h"

namespace aerolith::sts {
namespace {

// https://docs.aws.amazon.com/IAM/latest/UserGuide/id_roles_providers_create_saml_assertions.html#saml-attribute-mapping
constexpr std::array<std::pair<std::string_view, std::string_view>, 30> kMapped = {{
    {"urn:oid:1.3.6.1.4.1.5923.1.1.1.1", "eduPersonAffiliation"},
    {"urn:oid:1.3.6.1.4.1.5923.1.1.1.2", "eduPersonNickname"},
    {"urn:oid:1.3.6.1.4.1.5923.1.1.1.3", "eduPersonOrgDN"},
    {"urn:oid:1.3.6.1.4.1.5923.1.1.1.4", "eduPersonOrgUnitDN"},
    {"urn:oid:1.3.6.1.4.1.5923.1.1.1.5", "eduPersonPrimaryAffiliation"},
    {"urn:oid:1.3.6.1.4.1.5923.1.1.1.6", "eduPersonPrincipalName"},
    {"urn:oid:1.3.6.1.4.1.5923.1.1.1.7", "eduPersonEntitlement"},
    {"urn:oid:1.3.6.1.4.1.5923.1.1.1.8", "eduPersonPrimaryOrgUnitDN"},
    {"urn:oid:1.3.6.1.4.1.5923.1.1.1.9", "eduPersonScopedAffiliation"},
    {"urn:oid:1.3.6.1.4.1.5923.1.1.1.10", "eduPersonTargetedID"},
    {"urn:oid:1.3.6.1.4.1.5923.1.1.1.11", "eduPersonAssurance"},
    {"urn:oid:1.3.6.1.4.1.5923.1.2.1.2", "eduOrgHomePageURI"},
    {"urn:oid:1.3.6.1.4.1.5923.1.2.1.3", "eduOrgIdentityAuthNPolicyURI"},
    {"urn:oid:1.3.6.1.4.1.5923.1.2.1.4", "eduOrgLegalName"},
    {"urn:oid:1.3.6.1.4.1.5923.1.2.1.5", "eduOrgSuperiorURI"},
    {"urn:oid:1.3.6.1.4.1.5923.1.2.1.6", "eduOrgWhitePagesURI"},
    {"urn:oid:2.5.4.3", "cn"},
    {"http://schemas.xmlsoap.org/ws/2005/05/identity/claims/name", "name"},
    {"http://schemas.xmlsoap.org/claims/CommonName", "commonName"},
    {"http://schemas.xmlsoap.org/ws/2005/05/identity/claims/givenname", "givenName"},
    {"http://schemas.xmlsoap.org/ws/2005/05/identity/claims/surname", "surname"},
    {"http://schemas.xmlsoap.org/ws/2005/05/identity/claims/emailaddress", "mail"},
    {"http://schemas.microsoft.com/ws/2008/06/identity/claims/primarygroupsid", "uid"},
    {"2.5.4.3", "commonName"},
    {"2.5.4.4", "surname"},
    {"2.5.4.42", "givenName"},
    {"2.5.4.45", "x500UniqueIdentifier"},
    {"0.9.2342.19200300100.1.1", "uid"},
    {"0.9.2342.19200300100.1.3", "mail"},
    {"0.9.2342.19200300100.1.45", "organizationStatus"},
}};

}  // namespace

std::string name_qualifier(std::string_view issuer, const AccountId& account, std::string_view provider_name) {
  std::string text(issuer);
  text += account.str();
  text += '/';
  text += provider_name;
  return base64_encode(digest(DigestKind::sha1, text));
}

std::vector<auth::FederatedKey> saml_keys(const federation::SamlAssertion& assertion, const AccountId& account,
                                          std::string_view provider_name) {
  std::vector<auth::FederatedKey> keys = {
      {"saml:aud", assertion.recipient},
      {"saml:iss", assertion.issuer},
      {"saml:sub", assertion.subject},
      {"saml:sub_type", assertion.subject_type},
      {"saml:namequalifier", name_qualifier(assertion.issuer, account, provider_name)},
      {"saml:doc", account.str() + "/" + std::string(provider_name)},
  };
  for (const federation::SamlAttribute& attribute : assertion.attributes) {
    for (const auto& [name, key] : kMapped) {
      if (name != attribute.name) continue;
      for (const std::string& value : attribute.values) keys.push_back({"saml:" + std::string(key), value, true});
    }
  }
  return keys;
}

}  // namespace aerolith::sts
