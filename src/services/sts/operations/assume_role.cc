// Temporary credentials with the rights of a role.
// https://docs.aws.amazon.com/STS/latest/APIReference/API_AssumeRole.html
#include <fmt/format.h>

#include <algorithm>
#include <chrono>

#include "base/encoding.h"
#include "gateway/access_check.h"
#include "services/sts/operations/operations.h"
#include "services/sts/role_session.h"

namespace aerolith::sts {
namespace {

using std::chrono::seconds;

constexpr seconds kLongestOfChain = std::chrono::hours(1);

std::unexpected<protocol::ApiError> not_authorized(const Call& call, std::string_view action, std::string_view arn) {
  return errors::access_denied(fmt::format("User: {} is not authorized to perform: {} on resource: {}",
                                           call.context.principal().arn, action, arn));
}

Result<seconds> read_duration(const Call& call, const AssumeRoleInput& input, const Role& role) {
  const bool is_chained = call.context.principal().kind == auth::PrincipalKind::assumed_role;
  if (is_chained && input.duration_seconds && seconds(*input.duration_seconds) > kLongestOfChain) {
    return errors::validation_error(
        "The requested DurationSeconds exceeds the 1 hour session limit for roles assumed by role chaining");
  }
  return role_duration(input.duration_seconds, role);
}

// What a session before this one hands on: transitive tags and the source identity.
// https://docs.aws.amazon.com/IAM/latest/UserGuide/id_session-tags.html#id_session-tags_role-chaining
Result<> inherit(const Call& call, const AssumeRoleInput& input, auth::Session& session) {
  TRY(add_tags(input.tags, session));
  TRY(add_transitive_keys(input.transitive_tag_keys.value_or(std::vector<std::string>()), session));
  session.source_identity = input.source_identity.value_or("");
  const auto& before = call.context.key->session;
  if (!before || call.context.principal().kind != auth::PrincipalKind::assumed_role) return {};
  for (const std::string& name : before->transitive_tag_keys) {
    const auto same = [&](const auto& tag) { return equals_ignore_case(tag.first, name); };
    if (std::ranges::any_of(session.tags, same)) {
      return errors::invalid_parameter_value(
          "One of the specified transitive tag keys can't be set because it conflicts with "
          "a transitive tag key from the calling session.");
    }
    const auto found = std::ranges::find_if(before->tags, same);
    if (found != before->tags.end()) session.tags.push_back(*found);
    session.transitive_tag_keys.push_back(name);
  }
  if (before->source_identity.empty()) return {};
  if (!session.source_identity.empty() && session.source_identity != before->source_identity) {
    return not_authorized(call, "sts:SetSourceIdentity", input.role_arn.value_or(""));
  }
  session.source_identity = before->source_identity;
  return {};
}

void add_conditions(const AssumeRoleInput& input, const Role& role, const auth::Session& session,
                    policy::Context& context) {
  auth::Tags tags;
  for (const Tag& tag : input.tags.value_or(std::vector<Tag>())) {
    tags.emplace_back(tag.key.value_or(""), tag.value.value_or(""));
  }
  add_role_conditions(role, input.role_session_name.value_or(""), tags, session, context);
  if (input.external_id) context.set("sts:ExternalId", *input.external_id);
  if (session.mfa_at) {
    // Of this call, whatever the caller's own session says.
    context.replace("aws:MultiFactorAuthPresent", "true");
    context.replace("aws:MultiFactorAuthAge", "0");
  }
}

// The caller's policies and the role's trust policy must agree; tags and a source identity are actions of their own,
// also those that a session before hands on.
Result<> check_trust(const Call& call, const AccountId& account, const Role& role, const auth::Session& session) {
  const gateway::ResourcePolicy trust{.owner = account, .policy = gateway::StoredPolicy{role.arn, role.trust}};
  std::vector<std::string> actions = {"sts:AssumeRole"};
  if (!session.tags.empty()) actions.emplace_back("sts:TagSession");
  if (!session.source_identity.empty()) actions.emplace_back("sts:SetSourceIdentity");
  for (const std::string& action : actions) {
    const auto answer = call.context.access->ask({action, role.arn}, trust, policy::ResourceRule::trust);
    if (!answer.allowed) return errors::access_denied(answer.denial);
  }
  return {};
}

}  // namespace

Result<AssumeRoleOutput> assume_role(Call& call, const AssumeRoleInput& input) {
  TRY(check_supported(input));
  const std::string arn = input.role_arn.value_or("");
  const AccountId account = TRY(account_of_role(arn));
  if (call.context.principal().is_root()) {
    return errors::access_denied("Roles may not be assumed by root accounts.");
  }
  // "You cannot call any STS operations except GetCallerIdentity."
  // https://docs.aws.amazon.com/IAM/latest/UserGuide/id_credentials_sts-comparison.html
  if (call.context.principal().kind == auth::PrincipalKind::federated_user) {
    return not_authorized(call, "sts:AssumeRole", arn);
  }
  // One that isn't there and one that trusts somebody else are told in the same words.
  const std::optional<Role> role = call.roles.find_role(account, arn);
  if (!role) return not_authorized(call, "sts:AssumeRole", arn);

  const Timestamp now = call.context.now;
  auth::Session session{.token = {}, .expires_at = now, .issued_at = now};
  TRY(inherit(call, input, session));
  TRY(add_policies(input.policy, input.policy_arns, session));
  TRY(check_packed_size(session));
  if (input.serial_number || input.token_code) {
    const bool is_right = call.roles.verify_mfa(call.context.principal(), input.serial_number.value_or(""),
                                                input.token_code.value_or(""));
    if (!is_right) {
      return errors::access_denied("MultiFactorAuthentication failed with invalid MFA one time pass code.");
    }
    session.mfa_at = now;
  }
  add_conditions(input, *role, session, call.context.access->conditions());
  TRY(check_trust(call, account, *role, session));
  session.expires_at = now + TRY(read_duration(call, input, *role));

  auth::Principal principal = role_principal(account, *role, input.role_session_name.value_or(""));
  AssumeRoleOutput output;
  output.packed_policy_size = packed_percent(session);
  if (!session.source_identity.empty()) output.source_identity = session.source_identity;
  output.assumed_role_user = AssumedRoleUser{.assumed_role_id = principal.user_id, .arn = principal.arn};
  output.credentials = to_credentials(call.sessions.issue(std::move(principal), std::move(session)));
  return output;
}

}  // namespace aerolith::sts
