#include "gateway/request_context.h"

#include <algorithm>
#include <chrono>
#include <string>

namespace aerolith::gateway {
namespace {

std::string_view type_name(auth::PrincipalKind kind) {
  switch (kind) {
    case auth::PrincipalKind::root:
      return "Account";
    case auth::PrincipalKind::user:
      return "User";
    case auth::PrincipalKind::assumed_role:
      return "AssumedRole";
    case auth::PrincipalKind::federated_user:
      return "FederatedUser";
  }
  return "Anonymous";
}

std::string epoch_seconds(Timestamp time) {
  return std::to_string(std::chrono::floor<std::chrono::seconds>(time).time_since_epoch().count());
}

// aws:MultiFactorAuthPresent is there with temporary credentials only; long-lived keys have no such key at all.
void add_session_keys(const auth::Session& session, Timestamp now, policy::Context& context) {
  context.set("aws:TokenIssueTime", format_iso8601(session.issued_at));
  context.set("aws:MultiFactorAuthPresent", session.mfa_at ? "true" : "false");
  if (session.mfa_at) {
    const auto age = std::chrono::floor<std::chrono::seconds>(now - *session.mfa_at).count();
    context.set("aws:MultiFactorAuthAge", std::to_string(std::max<int64_t>(age, 0)));
  }
  if (!session.source_identity.empty()) context.set("aws:SourceIdentity", session.source_identity);
  if (!session.federated_provider.empty()) context.set("aws:FederatedProvider", session.federated_provider);
  for (const auth::FederatedKey& key : session.federated_keys) {
    if (!key.is_list) {
      context.set(key.name, key.value);
    } else {
      context.add_value(key.name, key.value);
    }
  }
}

void add_principal_keys(const RequestFacts& facts, policy::Context& context) {
  if (facts.key == nullptr) {
    context.set("aws:PrincipalType", "Anonymous");
    context.set("aws:PrincipalAccount", "anonymous");
    context.set("aws:userid", "anonymous");
    return;
  }
  const auth::Principal& principal = facts.key->principal;
  const bool is_session = principal.kind == auth::PrincipalKind::assumed_role;
  // Of a role's session it is the role's.
  context.set("aws:PrincipalArn", is_session ? principal.entity_arn : principal.arn);
  context.set("aws:PrincipalAccount", principal.account.view());
  context.set("aws:PrincipalType", type_name(principal.kind));
  context.set("aws:userid", principal.user_id);
  if (principal.kind == auth::PrincipalKind::user) context.set("aws:username", principal.entity_name);
  for (const auto& [name, value] : facts.principal_tags) context.set("aws:PrincipalTag/" + name, value);
  if (facts.key->session) add_session_keys(*facts.key->session, facts.now, context);
}

}  // namespace

void add_request_keys(const RequestFacts& facts, policy::Context& context) {
  add_principal_keys(facts, context);
  context.set("aws:PrincipalIsAWSService", "false");
  context.set("aws:ViaAWSService", "false");
  context.set("aws:CurrentTime", format_iso8601(std::chrono::floor<std::chrono::seconds>(facts.now)));
  context.set("aws:EpochTime", epoch_seconds(facts.now));
  context.set("aws:SourceIp", facts.head.peer_address);
  context.set("aws:SecureTransport", facts.head.is_tls ? "true" : "false");
  context.set("aws:RequestedRegion", facts.region);
  if (const auto agent = facts.head.headers.find("user-agent")) context.set("aws:UserAgent", *agent);
  if (const auto referer = facts.head.headers.find("referer")) context.set("aws:Referer", *referer);
}

}  // namespace aerolith::gateway
