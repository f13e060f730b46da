// Sessions of roles: what the three AssumeRole operations have in common.
#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "services/sts/session_request.h"

namespace aerolith::sts {

// The account of arn:aws:iam::ACCOUNT:role/path/name. ValidationError for what is no such ARN.
Result<AccountId> account_of_role(std::string_view arn);
// One hour where none is given. ValidationError past the role's longest.
Result<std::chrono::seconds> role_duration(const std::optional<int32_t>& wanted, const Role& role);
auth::Principal role_principal(const AccountId& account, const Role& role, std::string_view session_name);

// What a call to assume a role brings, for conditions. `tags`: those of this request.
// https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_iam-condition-keys.html#condition-keys-sts
void add_role_conditions(const Role& role, std::string_view session_name, const auth::Tags& tags,
                         const auth::Session& session, policy::Context& context);

// A role that somebody with a token of an identity provider wants.
struct FederatedRequest {
  std::string_view action;  // sts:AssumeRoleWithSAML
  std::string provider_arn;
  AccountId account;  // of the role
  std::string role_arn;
  std::string session_name;
  std::optional<int32_t> duration_seconds;
  std::optional<Timestamp> ends_at;  // the provider's word: no session lasts longer
  const std::optional<std::string>& policy;
  const std::optional<std::vector<PolicyDescriptorType>>& policy_arns;
};
struct FederatedClaims {
  std::vector<auth::FederatedKey> keys;
  auth::Tags tags;
  std::vector<std::string> transitive_tag_keys;
  std::string source_identity;
};
struct FederatedSession {
  AssumedRoleUser user;
  Credentials credentials;
  int32_t packed_percent = 0;
  std::optional<std::string> source_identity;
};
// Asks the role's trust policy and makes the session. AccessDenied in the same words for a role that isn't there and
// for one that trusts somebody else.
Result<FederatedSession> assume_federated_role(Call& call, const FederatedRequest& request, FederatedClaims claims);
// The part that the answers of both operations share.
template <typename Output>
Output to_output(FederatedSession session) {
  Output output;
  output.credentials = std::move(session.credentials);
  output.assumed_role_user = std::move(session.user);
  output.packed_policy_size = session.packed_percent;
  output.source_identity = std::move(session.source_identity);
  return output;
}

}  // namespace aerolith::sts
