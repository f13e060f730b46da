#include "gateway/authorize.h"

#include <algorithm>
#include <mutex>
#include <unordered_map>

#include "base/encoding.h"
#include "gateway/authorization_message.h"

namespace aerolith::gateway {
namespace {

policy::PrincipalType type_of(auth::PrincipalKind kind) {
  switch (kind) {
    case auth::PrincipalKind::root:
      return policy::PrincipalType::root;
    case auth::PrincipalKind::user:
      return policy::PrincipalType::user;
    case auth::PrincipalKind::assumed_role:
      return policy::PrincipalType::role_session;
    case auth::PrincipalKind::federated_user:
      return policy::PrincipalType::federated_user;
  }
  return policy::PrincipalType::anonymous;
}

// The root has no policies; what is made of its rights (a federated user) is limited by session policies only.
const policy::NamedPolicy& everything() {
  static const policy::Policy all =
      policy::parse_policy(R"({"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":"*","Resource":"*"}})",
                           policy::PolicyKind::identity)
          .value();
  static const policy::NamedPolicy named{&all, "root"};
  return named;
}

std::vector<policy::NamedPolicy> named(const std::vector<StoredPolicy>& stored) {
  std::vector<policy::NamedPolicy> all;
  all.reserve(stored.size());
  for (const StoredPolicy& one : stored) all.push_back({one.policy.get(), one.name});
  return all;
}

audit::Reason reason_of(const policy::Decision& decision) {
  audit::Reason reason{.policy_kind = std::string(policy::kind_of_policy(decision.source)), .policy = {}, .sid = {}};
  if (decision.statement == nullptr || decision.policy == nullptr) return reason;
  reason.is_explicit = true;
  reason.policy = decision.policy->name;
  reason.sid = decision.statement->sid;
  reason.statement = static_cast<size_t>(decision.statement - decision.policy->policy->statements.data());
  return reason;
}

}  // namespace

// The documents in a session's token, compiled once, since a token doesn't change. Of the sessions used last.
class Authorizer::SessionPolicies {
 public:
  using Compiled = std::shared_ptr<const std::vector<StoredPolicy>>;

  Compiled get(const auth::Session& session) {
    {
      const std::lock_guard lock(mutex_);
      if (const auto found = by_token_.find(session.token); found != by_token_.end()) return found->second;
    }
    Compiled compiled = compile(session);
    const std::lock_guard lock(mutex_);
    if (by_token_.size() >= kMostSessions) by_token_.clear();
    return by_token_.emplace(session.token, std::move(compiled)).first->second;
  }

 private:
  static constexpr size_t kMostSessions = 1024;

  // What doesn't parse any more was checked when the session was made; here it allows nothing.
  static Compiled compile(const auth::Session& session) {
    std::vector<StoredPolicy> all;
    for (const std::string& document : session.policies) {
      auto parsed = policy::parse_policy(document, policy::PolicyKind::identity);
      if (parsed) all.push_back({"session policy", std::make_shared<const policy::Policy>(*std::move(parsed))});
    }
    return std::make_shared<const std::vector<StoredPolicy>>(std::move(all));
  }

  std::mutex mutex_;
  std::unordered_map<std::string, Compiled> by_token_;
};

Authorizer::Authorizer(const IdentitySource& identities, Enforcement enforcement, const auth::SecretBox* messages)
    : identities_(identities),
      enforcement_(enforcement),
      messages_(messages),
      session_policies_(std::make_unique<SessionPolicies>()) {}
Authorizer::~Authorizer() = default;

std::shared_ptr<const Identity> Authorizer::find_identity(const auth::AccessKey* key) const {
  if (key == nullptr || key->principal.is_root()) return nullptr;
  return identities_.find(key->principal);
}

auth::Tags principal_tags(const auth::AccessKey& key, const Identity* identity) {
  auth::Tags tags;
  if (key.session) tags = key.session->tags;
  if (identity == nullptr) return tags;
  const size_t of_session = tags.size();
  for (const auto& tag : identity->tags) {
    const auto end = tags.begin() + static_cast<std::ptrdiff_t>(of_session);
    const bool is_hidden =
        std::any_of(tags.begin(), end, [&](const auto& other) { return equals_ignore_case(other.first, tag.first); });
    if (!is_hidden) tags.push_back(tag);
  }
  return tags;
}

std::vector<StoredPolicy> Authorizer::policies_of(const auth::AccessKey& key) const {
  std::vector<StoredPolicy> all = *session_policies_->get(*key.session);
  // These may have changed since.
  for (const std::string& arn : key.session->policy_arns) {
    if (auto found = identities_.managed_policy(key.principal.account, arn)) all.push_back(*std::move(found));
  }
  return all;
}

bool Authorizer::is_unlimited(const auth::AccessKey* key, const ResourcePolicy* resource_policy) {
  if (key == nullptr || !key->principal.is_root()) return false;
  return resource_policy == nullptr || (!resource_policy->policy && resource_policy->owner == key->principal.account);
}

AccessAnswer Authorizer::decide(const AccessQuestion& question) const {
  const auth::AccessKey* key = question.key;
  policy::Principal principal;
  const Identity* const identity = question.identity;
  std::vector<StoredPolicy> session;
  if (key != nullptr) {
    const auth::Principal& who = key->principal;
    principal.type = type_of(who.kind);
    principal.account = who.account.view();
    principal.arn = who.arn;
    principal.entity_arn = who.entity_arn;
    if (identity != nullptr) principal.unique_id = identity->unique_id;
    if (key->session) session = policies_of(*key);
  } else if (!question.provider.empty()) {
    principal.type = policy::PrincipalType::federated_identity;
    principal.provider = question.provider;
  }

  policy::PolicySet policies;
  std::vector<policy::NamedPolicy> of_identity;
  std::vector<policy::NamedPolicy> of_session;
  policy::NamedPolicy boundary;
  policy::NamedPolicy of_resource;
  policy::NamedPolicy of_endpoint;
  if (identity != nullptr) {
    of_identity = named(identity->policies);
    policies.identity = of_identity;
    if (identity->boundary) {
      boundary = {identity->boundary->policy.get(), identity->boundary->name};
      policies.boundary = &boundary;
    }
  }
  const bool is_of_root = key != nullptr && key->principal.kind == auth::PrincipalKind::federated_user &&
                          key->principal.entity_name.empty();
  if (is_of_root) policies.identity = {&everything(), 1};
  if (key != nullptr && key->session && !(key->session->policies.empty() && key->session->policy_arns.empty())) {
    of_session = named(session);
    policies.session = of_session;
    policies.has_session_policies = true;
  }
  const bool is_withheld = question.resource_policy != nullptr && question.resource_policy->own_account_only &&
                           principal.account != question.resource_policy->owner.view();
  if (question.resource_policy != nullptr && !is_withheld) {
    const ResourcePolicy& found = *question.resource_policy;
    if (found.policy) {
      of_resource = {found.policy->policy.get(), found.policy->name};
      policies.resource = &of_resource;
    }
    policies.resource_only_denies = found.only_denies;
    policies.listed = found.listed;
    principal.canonical_user_id = found.caller_canonical_id;
  }
  if (question.endpoint != nullptr && question.endpoint->policy) {
    of_endpoint = {question.endpoint->policy->policy.get(), question.endpoint->policy->name};
    policies.endpoint = &of_endpoint;
  }
  const std::string_view owner =
      question.resource_policy != nullptr ? question.resource_policy->owner.view() : principal.account;
  const policy::Request request{.principal = principal,
                                .action = question.action,
                                .resource = question.resource,
                                .resource_account = owner,
                                .context = question.context};
  const policy::Decision decision = policy::evaluate(request, policies, question.rule);
  if (decision.allowed()) return {.allowed = true};
  AccessAnswer answer{.denial = policy::access_denied_message(request, decision, question.quotes),
                      .reason = reason_of(decision)};
  if (question.encode_denial && messages_ != nullptr && key != nullptr) {
    answer.encoded = encode_authorization_message(*messages_, key->principal, request, decision);
  }
  return answer;
}

}  // namespace aerolith::gateway
