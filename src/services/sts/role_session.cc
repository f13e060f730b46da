#include "services/sts/role_session.h"

#include <fmt/format.h>

#include <algorithm>

#include "gateway/access_check.h"

namespace aerolith::sts {
namespace {

using std::chrono::seconds;

constexpr seconds kDefaultDuration = std::chrono::hours(1);
// The model's limits, for tags that come in a token.
constexpr size_t kMaxTagKey = 128;
constexpr size_t kMaxTagValue = 256;

std::unexpected<protocol::ApiError> not_authorized(std::string_view action) {
  return errors::access_denied(fmt::format("Not authorized to perform {}", action));
}

bool is_source_identity(std::string_view text) {
  constexpr std::string_view kLetters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_+=,.@-";
  return text.size() >= 2 && text.size() <= 64 && text.find_first_not_of(kLetters) == std::string_view::npos;
}

Result<> add_claims(FederatedClaims claims, auth::Session& session) {
  std::vector<Tag> tags;
  for (const auto& [name, value] : claims.tags) {
    if (name.empty() || name.size() > kMaxTagKey || value.size() > kMaxTagValue) {
      return errors::invalid_identity_token("A session tag of the token is too long, or has no name.");
    }
    tags.push_back({.key = name, .value = value});
  }
  TRY(add_tags(tags, session));
  TRY(add_transitive_keys(claims.transitive_tag_keys, session));
  if (!claims.source_identity.empty() && !is_source_identity(claims.source_identity)) {
    return errors::invalid_identity_token("The source identity of the token must match [a-zA-Z_0-9+=,.@-]{2,64}");
  }
  session.source_identity = std::move(claims.source_identity);
  session.federated_keys = std::move(claims.keys);
  return {};
}

Result<> check_trust(const Call& call, const FederatedRequest& request, const Role& role,
                     const auth::Session& session) {
  const gateway::ResourcePolicy trust{.owner = request.account, .policy = gateway::StoredPolicy{role.arn, role.trust}};
  std::vector<std::string> actions = {std::string(request.action)};
  if (!session.tags.empty()) actions.emplace_back("sts:TagSession");
  if (!session.source_identity.empty()) actions.emplace_back("sts:SetSourceIdentity");
  for (const std::string& action : actions) {
    const auto answer = call.context.access->ask_for_token(request.provider_arn, {action, role.arn}, trust);
    if (!answer.allowed) return not_authorized(action);
  }
  return {};
}

}  // namespace

Result<AccountId> account_of_role(std::string_view arn) {
  constexpr std::string_view kPrefix = "arn:aws:iam::";
  constexpr size_t kAccountDigits = 12;
  const std::string_view rest = arn.starts_with(kPrefix) ? arn.substr(kPrefix.size()) : std::string_view();
  if (rest.size() < kAccountDigits || !rest.substr(kAccountDigits).starts_with(":role/")) {
    return errors::validation_error(fmt::format("{} is invalid", arn));
  }
  return AccountId(std::string(rest.substr(0, kAccountDigits)));
}

Result<seconds> role_duration(const std::optional<int32_t>& wanted, const Role& role) {
  const seconds duration = wanted ? seconds(*wanted) : kDefaultDuration;
  if (duration <= role.longest_session) return duration;
  return errors::validation_error("The requested DurationSeconds exceeds the MaxSessionDuration set for this role.");
}

auth::Principal role_principal(const AccountId& account, const Role& role, std::string_view session_name) {
  return {.account = account,
          .arn = fmt::format("arn:aws:sts::{}:assumed-role/{}/{}", account.view(), role.name, session_name),
          .user_id = fmt::format("{}:{}", role.unique_id, session_name),
          .kind = auth::PrincipalKind::assumed_role,
          .entity_arn = role.arn,
          .entity_name = role.name,
          .entity_id = role.unique_id};
}

void add_role_conditions(const Role& role, std::string_view session_name, const auth::Tags& tags,
                         const auth::Session& session, policy::Context& context) {
  context.set("sts:RoleSessionName", session_name);
  if (!session.source_identity.empty()) context.set("sts:SourceIdentity", session.source_identity);
  for (const std::string& name : session.transitive_tag_keys) context.add_value("sts:TransitiveTagKeys", name);
  for (const auto& [name, value] : tags) {
    context.set("aws:RequestTag/" + name, value);
    context.add_value("aws:TagKeys", name);
  }
  for (const auto& [name, value] : role.tags) {
    context.set("aws:ResourceTag/" + name, value);
    context.set("iam:ResourceTag/" + name, value);
  }
}

Result<FederatedSession> assume_federated_role(Call& call, const FederatedRequest& request, FederatedClaims claims) {
  const std::optional<Role> role = call.roles.find_role(request.account, request.role_arn);
  if (!role) return not_authorized(request.action);
  const Timestamp now = call.context.now;
  auth::Session session{.token = {}, .expires_at = now, .issued_at = now};
  session.federated_provider = request.provider_arn;
  TRY(add_claims(std::move(claims), session));
  TRY(add_policies(request.policy, request.policy_arns, session));
  TRY(check_packed_size(session));

  policy::Context& context = call.context.access->conditions();
  add_role_conditions(*role, request.session_name, session.tags, session, context);
  for (const auth::FederatedKey& key : session.federated_keys) {
    if (key.is_list) {
      context.add_value(key.name, key.value);
    } else {
      context.set(key.name, key.value);
    }
  }
  TRY(check_trust(call, request, *role, session));
  session.expires_at = now + TRY(role_duration(request.duration_seconds, *role));
  if (request.ends_at) session.expires_at = std::min(session.expires_at, *request.ends_at);

  auth::Principal principal = role_principal(request.account, *role, request.session_name);
  FederatedSession made;
  made.user = AssumedRoleUser{.assumed_role_id = principal.user_id, .arn = principal.arn};
  made.packed_percent = packed_percent(session);
  if (!session.source_identity.empty()) made.source_identity = session.source_identity;
  made.credentials = to_credentials(call.sessions.issue(std::move(principal), std::move(session)));
  return made;
}

}  // namespace aerolith::sts
