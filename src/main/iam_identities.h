// IAM as the gateway and STS know it: keys, the policies of users and roles, roles to assume.
#pragma once

#include "audit/event.h"
#include "auth/credentials.h"
#include "base/time.h"
#include "gateway/authorize.h"
#include "services/iam/api.h"
#include "services/sts/roles.h"

namespace aerolith::main_program {

// Safe from any thread. What it is given must outlive it. Throws std::runtime_error when IAM's records can't be read:
// a policy that denies must not be passed over.
class IamIdentities final : public auth::CredentialSource, public gateway::IdentitySource, public sts::RoleSource {
 public:
  IamIdentities(iam::Directory& directory, const Clock& clock) : directory_(directory), clock_(clock) {}

  Result<std::shared_ptr<const auth::AccessKey>, auth::CredentialError> find(
      const auth::AccessKeyId& id, std::string_view session_token) const override;
  std::shared_ptr<const gateway::Identity> find(const auth::Principal& principal) const override;
  std::optional<gateway::StoredPolicy> managed_policy(const AccountId& account, std::string_view arn) const override;
  std::optional<sts::Role> find_role(const AccountId& account, std::string_view arn) const override;
  std::optional<federation::OidcProvider> find_oidc_provider(const AccountId& account,
                                                             std::string_view url) const override;
  std::optional<sts::SamlProvider> find_saml_provider(const AccountId& account, std::string_view name) const override;
  std::optional<sts::TokenSigner> find_token_signer(const AccountId& account,
                                                    federation::SignatureAlgorithm algorithm) const override;
  auth::Tags principal_tags(const auth::AccessKey& key) const override;
  bool verify_mfa(const auth::Principal& caller, std::string_view serial_number, std::string_view code) override;

  // That a request was signed with this key, for a service of that signing name.
  void note_use(const auth::AccessKey& key, std::string_view service, std::string_view region, Timestamp now) const;
  // What a user or a role tried with a call, allowed or not.
  void note_call(const audit::Event& event, std::string_view region) const;

 private:
  iam::Directory& directory_;
  const Clock& clock_;
};

}  // namespace aerolith::main_program
