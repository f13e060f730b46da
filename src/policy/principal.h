// Who calls, and whom a Principal element names.
// https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_principal.html
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace aerolith::policy {

enum class PrincipalType : uint8_t {
  anonymous,
  root,                // of the account
  user,                // with long-term keys, or those of GetSessionToken
  role_session,        // of any of the AssumeRole operations
  federated_user,      // of GetFederationToken
  service,             // an AWS service on its own behalf
  federated_identity,  // not yet a session: calls AssumeRoleWithWebIdentity or AssumeRoleWithSAML
};

// Views: what they show must outlive the call. Empty where the type has no such thing.
struct Principal {
  PrincipalType type = PrincipalType::anonymous;
  std::string_view account;
  // Of the caller itself: arn:aws:iam::ID:root, .../user/path/name, arn:aws:sts::ID:assumed-role/role/session,
  // arn:aws:sts::ID:federated-user/name.
  std::string_view arn;
  // Behind a session: the role's ARN (arn:aws:iam::ID:role/path/name), the user's or the root user's.
  std::string_view entity_arn;
  // Of the user or role, AIDA... or AROA...: what a stored Principal holds in place of its ARN.
  std::string_view unique_id;
  std::string_view canonical_user_id;  // of the account, as S3 names it
  std::string_view service;            // ec2.amazonaws.com
  std::string_view provider;           // of a web identity or SAML assertion: ARN or domain
};

// How a Principal element names a caller; this decides which other policies limit the grant.
enum class PrincipalMatch : uint8_t {
  none,
  account,  // its account: whether this caller may is for the account's own policies
  entity,   // the role or user behind a session
  direct,   // the caller itself, or everyone
};

enum class PrincipalNameError : uint8_t { none, invalid };

class PrincipalSet {
 public:
  // "*" in place of a map.
  void add_everyone() { everyone_ = true; }
  // An entry of the map: type AWS, Service, Federated or CanonicalUser.
  PrincipalNameError add(std::string_view type, std::string_view value);

  PrincipalMatch match(const Principal& principal) const;
  // Whether NotPrincipal with Deny leaves this caller alone: a role session's ARN and its role's both must be listed.
  // https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_notprincipal.html
  bool exempts(const Principal& principal) const;

  // Whether Federated names it; {"AWS": "*"} grants nothing to an identity that AWS doesn't know yet.
  bool trusts_provider(std::string_view provider) const { return every_provider_ || lists(providers_, provider); }

  bool names_everyone() const { return everyone_; }
  // For an index of trust: the ARNs and unique ids of principals, accounts' left out.
  const std::vector<std::string>& arns() const { return arns_; }

 private:
  bool lists(const std::vector<std::string>& names, std::string_view name) const;

  bool everyone_ = false;
  bool every_provider_ = false;
  std::vector<std::string> accounts_;
  std::vector<std::string> arns_;  // and unique ids
  std::vector<std::string> services_;
  std::vector<std::string> providers_;
  std::vector<std::string> canonical_users_;
};

}  // namespace aerolith::policy
