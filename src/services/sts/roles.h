// What STS needs of IAM.
#pragma once

#include <chrono>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "auth/credentials.h"
#include "base/strong_string.h"
#include "federation/oidc_keys.h"
#include "federation/saml_metadata.h"
#include "policy/document.h"

namespace aerolith::sts {

struct Role {
  std::string unique_id;  // AROA...
  std::string arn;
  std::string name;
  std::shared_ptr<const policy::Policy> trust;
  std::chrono::seconds longest_session{3600};
  auth::Tags tags;
};

struct SamlProvider {
  std::string metadata;  // the document
  federation::SamlDecryption decryption;
};

// What signs tokens of an account.
struct TokenSigner {
  std::string issuer;  // its URL
  std::string key_id;
  std::string private_key;  // PEM
};

// The seam to IAM. Safe from any thread.
class RoleSource {
 public:
  virtual ~RoleSource() = default;
  // By its ARN; nullopt where there is none.
  virtual std::optional<Role> find_role(const AccountId& account, std::string_view arn) const = 0;
  // The account's OIDC provider of that URL (without https://).
  virtual std::optional<federation::OidcProvider> find_oidc_provider(const AccountId& account,
                                                                     std::string_view url) const = 0;
  // The account's SAML provider of that name.
  virtual std::optional<SamlProvider> find_saml_provider(const AccountId& account, std::string_view name) const = 0;
  // Nullopt where the account issues no tokens at present.
  virtual std::optional<TokenSigner> find_token_signer(const AccountId& account,
                                                       federation::SignatureAlgorithm algorithm) const = 0;
  // Of the user or role behind a key, those of its session before them.
  virtual auth::Tags principal_tags(const auth::AccessKey& key) const = 0;
  // Whether the code is what this device of the caller shows now. A code counts once.
  virtual bool verify_mfa(const auth::Principal& caller, std::string_view serial_number, std::string_view code) = 0;
};

}  // namespace aerolith::sts
