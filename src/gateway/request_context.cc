#include "gateway/request_context.h"

#include <algorithm>
#include <chrono>
#include <string>

#include "gateway/authorize.h"

namespace aerolith::gateway {
namespace {

struct Keys {
  policy::ContextKey principal_arn{"aws:PrincipalArn"};
  policy::ContextKey principal_account{"aws:PrincipalAccount"};
  policy::ContextKey principal_type{"aws:PrincipalType"};
  policy::ContextKey user_id{"aws:userid"};
  policy::ContextKey user_name{"aws:username"};
  policy::ContextKey is_aws_service{"aws:PrincipalIsAWSService"};
  policy::ContextKey via_aws_service{"aws:ViaAWSService"};
  policy::ContextKey current_time{"aws:CurrentTime"};
  policy::ContextKey epoch_time{"aws:EpochTime"};
  policy::ContextKey source_ip{"aws:SourceIp"};
  policy::ContextKey source_vpce{"aws:SourceVpce"};
  policy::ContextKey source_vpc{"aws:SourceVpc"};
  policy::ContextKey secure_transport{"aws:SecureTransport"};
  policy::ContextKey requested_region{"aws:RequestedRegion"};
  policy::ContextKey user_agent{"aws:UserAgent"};
  policy::ContextKey referer{"aws:Referer"};
};

const Keys& keys() {
  static const Keys all;
  return all;
}

// A second as conditions see it. Kept by each thread, since most requests come within the second of the one before.
struct Second {
  std::chrono::sys_seconds time;
  std::string iso8601;
  std::string epoch;
};

const Second& second_of(Timestamp now) {
  thread_local Second kept;
  const auto second = std::chrono::floor<std::chrono::seconds>(now);
  if (kept.iso8601.empty() || kept.time != second) {
    kept = {second, format_iso8601(second), std::to_string(second.time_since_epoch().count())};
  }
  return kept;
}

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

}  // namespace

void add_principal_keys(const RequestFacts& facts, const auth::Tags& tags, policy::Context& context) {
  const Keys& known = keys();
  if (facts.key == nullptr) {
    context.set(known.principal_type, "Anonymous");
    context.set(known.principal_account, "anonymous");
    context.set(known.user_id, "anonymous");
    return;
  }
  const auth::Principal& principal = facts.key->principal;
  const bool is_session = principal.kind == auth::PrincipalKind::assumed_role;
  // Of a role's session it is the role's.
  context.set(known.principal_arn, is_session ? principal.entity_arn : principal.arn);
  context.set(known.principal_account, principal.account.view());
  context.set(known.principal_type, type_name(principal.kind));
  context.set(known.user_id, principal.user_id);
  if (principal.kind == auth::PrincipalKind::user) context.set(known.user_name, principal.entity_name);
  for (const auto& [name, value] : tags) context.set("aws:PrincipalTag/" + name, value);
  if (facts.key->session) add_session_keys(*facts.key->session, facts.now, context);
}

void add_request_keys(const RequestFacts& facts, policy::Context& context) {
  const Keys& known = keys();
  context.set(known.is_aws_service, "false");
  context.set(known.via_aws_service, "false");
  const Second& second = second_of(facts.now);
  context.set(known.current_time, second.iso8601);
  context.set(known.epoch_time, second.epoch);
  // "The aws:SourceIp condition key is always included in the request, except for requests that use a VPC endpoint."
  if (facts.endpoint != nullptr) {
    context.set(known.source_vpce, facts.endpoint->id);
    context.set(known.source_vpc, facts.endpoint->vpc);
  } else {
    context.set(known.source_ip, facts.head.peer_address);
  }
  context.set(known.secure_transport, facts.head.is_tls ? "true" : "false");
  context.set(known.requested_region, facts.region);
  if (const auto agent = facts.head.headers.find("user-agent")) context.set(known.user_agent, *agent);
  if (const auto referer = facts.head.headers.find("referer")) context.set(known.referer, *referer);
}

}  // namespace aerolith::gateway
