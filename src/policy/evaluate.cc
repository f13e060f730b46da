#include "policy/evaluate.h"

#include <algorithm>
#include <set>

#include "base/encoding.h"

namespace aerolith::policy {
namespace {

struct Found {
  const NamedPolicy* policy = nullptr;
  const Statement* statement = nullptr;
  bool is_listed = false;  // in an access control list, which has no statements

  explicit operator bool() const { return statement != nullptr || is_listed; }
};

// What one kind of policies says.
struct Outcome {
  Found allow;
  Found deny;
};

// What the resource's policy grants, by how it names the principal.
struct ResourceOutcome {
  Found deny;
  Found account;
  Found entity;
  Found direct;

  const Found& any() const { return direct ? direct : entity ? entity : account; }
  Found& by(PrincipalMatch match) {
    return match == PrincipalMatch::direct ? direct : match == PrincipalMatch::entity ? entity : account;
  }
};

class Evaluation {
 public:
  Evaluation(const Request& request, const PolicySet& policies, ResourceRule rule, Trace* trace)
      : request_(request), policies_(policies), rule_(rule), trace_(trace) {
    if (request.action.size() > sizeof(buffer_)) {
      long_action_ = to_lower(request.action);
      action_ = long_action_;
    } else {
      std::transform(request.action.begin(), request.action.end(), buffer_,
                     [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + ('a' - 'A')) : c; });
      action_ = std::string_view(buffer_, request.action.size());
    }
    letters_ = first_letters(action_);
  }

  Decision run() {
    const Outcome identity = look_through(policies_.identity, PolicySource::identity);
    Outcome boundary;
    if (policies_.boundary != nullptr) boundary = look_through({policies_.boundary, 1}, PolicySource::boundary);
    const Outcome session = look_through(policies_.session, PolicySource::session);
    const ResourceOutcome resource = look_through_resource();
    const Outcome endpoint = look_through_endpoint();

    const Principal& principal = request_.principal;
    is_cross_account_ = principal.account != request_.resource_account;
    identity_ = identity.allow;
    is_root_ = principal.type == PrincipalType::root ||
               (principal.type == PrincipalType::federated_user && principal.entity_arn.ends_with(":root"));
    boundary_allows_ = policies_.boundary == nullptr || boundary.allow;
    const bool needs_session = policies_.has_session_policies || principal.type == PrincipalType::federated_user;
    session_allows_ = !needs_session || session.allow;
    if (trace_ != nullptr) {
      trace_->identity_allows = is_root_ || identity_;
      trace_->boundary_allows = boundary_allows_;
      trace_->session_allows = session_allows_;
      trace_->resource_allows = static_cast<bool>(resource.any());
    }

    if (identity.deny) return denied(PolicySource::identity, identity.deny);
    if (resource.deny) return denied(resource_source(), resource.deny);
    if (boundary.deny) return denied(PolicySource::boundary, boundary.deny);
    if (session.deny) return denied(PolicySource::session, session.deny);
    if (endpoint.deny) return denied(PolicySource::endpoint, endpoint.deny);
    if (policies_.endpoint != nullptr && !endpoint.allow) return missing(PolicySource::endpoint);
    return decide(resource);
  }

 private:
  PolicySource resource_source() const {
    return rule_ == ResourceRule::trust ? PolicySource::trust : PolicySource::resource;
  }

  // No identity-based policies of its own in any account.
  bool has_no_identity() const {
    const PrincipalType type = request_.principal.type;
    return type == PrincipalType::anonymous || type == PrincipalType::service ||
           type == PrincipalType::federated_identity;
  }

  Decision decide(const ResourceOutcome& resource) const {
    if (has_no_identity()) {
      return resource.any() ? granted(resource_source(), resource.any()) : missing(resource_source());
    }
    const bool is_account_root = request_.principal.type == PrincipalType::root;
    if (!is_cross_account_ && rule_ == ResourceRule::either_side) {
      if (is_account_root) return granted(PolicySource::identity, {});
      if (resource.direct) return granted(resource_source(), resource.direct);
      return decide_by_caller(resource.entity);
    }
    if (rule_ == ResourceRule::trust) {
      if (!resource.any()) return missing(PolicySource::trust);
      if (!is_cross_account_ && resource.direct) return granted(PolicySource::trust, resource.direct);
      return decide_by_caller(is_cross_account_ ? Found{} : resource.entity);
    }
    const Decision caller = decide_by_caller({});
    if (!caller.allowed()) return caller;
    return resource.any() ? granted(PolicySource::resource, resource.any()) : missing(PolicySource::resource);
  }

  // The caller's own side: its policies, or a grant of the resource's policy to the role or user behind its session,
  // within what boundary and session policies leave.
  Decision decide_by_caller(const Found& entity_grant) const {
    if (!is_root_ && !identity_ && !entity_grant) return missing(PolicySource::identity);
    if (!boundary_allows_) return missing(PolicySource::boundary);
    if (!session_allows_) return missing(PolicySource::session);
    if (is_root_ || identity_) return granted(PolicySource::identity, identity_);
    return granted(resource_source(), entity_grant);
  }

  Decision make(Verdict verdict, PolicySource source, const Found& found) const {
    return {verdict, source, found.policy, found.statement, is_cross_account_};
  }
  Decision denied(PolicySource source, const Found& found) const { return make(Verdict::explicit_deny, source, found); }
  Decision granted(PolicySource source, const Found& found) const { return make(Verdict::allow, source, found); }
  Decision missing(PolicySource source) const { return make(Verdict::implicit_deny, source, {}); }

  bool applies(const Statement& statement) const {
    return statement.matches_action(action_, request_.context) &&
           statement.matches_resource(request_.resource, request_.context) &&
           statement.conditions_hold(request_.context);
  }

  void note(PolicySource source, const NamedPolicy& policy, const Statement& statement) {
    if (trace_ != nullptr) trace_->matches.push_back({source, &policy, &statement});
  }

  Outcome look_through(std::span<const NamedPolicy> policies, PolicySource source) {
    Outcome outcome;
    const auto is_settled = [&] { return outcome.deny && trace_ == nullptr; };
    for (const NamedPolicy& policy : policies) {
      policy.policy->visit_candidates(letters_, [&](const Statement& statement) {
        Found& found = statement.effect == Effect::allow ? outcome.allow : outcome.deny;
        if ((found && trace_ == nullptr) || !applies(statement)) return true;
        note(source, policy, statement);
        if (!found) found = {.policy = &policy, .statement = &statement};
        return !is_settled();
      });
      if (is_settled()) break;
    }
    return outcome;
  }

  // How the statement names the caller; for a Deny, anything but none means that it applies.
  PrincipalMatch match_principal(const Statement& statement) const {
    const Principal& principal = request_.principal;
    if (statement.effect == Effect::allow && principal.type == PrincipalType::federated_identity &&
        !statement.principals.trusts_provider(principal.provider)) {
      return PrincipalMatch::none;
    }
    if (!statement.is_not_principal) return statement.principals.match(principal);
    if (statement.effect == Effect::allow) {
      return statement.principals.match(principal) == PrincipalMatch::none ? PrincipalMatch::direct
                                                                           : PrincipalMatch::none;
    }
    // "The NotPrincipal element with a Deny effect will always deny any IAM principal that has a permissions boundary
    // policy attached, regardless of the values specified in the NotPrincipal element."
    const bool is_exempt = policies_.boundary == nullptr && statement.principals.exempts(principal);
    return is_exempt ? PrincipalMatch::none : PrincipalMatch::direct;
  }

  ResourceOutcome look_through_resource() {
    ResourceOutcome outcome;
    if (policies_.resource != nullptr) look_through_statements(*policies_.resource, outcome);
    if (policies_.listed == PrincipalMatch::none) return outcome;
    Found& listed = outcome.by(policies_.listed);
    if (!listed) listed.is_listed = true;
    return outcome;
  }

  void look_through_statements(const NamedPolicy& policy, ResourceOutcome& outcome) {
    policy.policy->visit_candidates(letters_, [&](const Statement& statement) {
      const bool is_allow = statement.effect == Effect::allow;
      if (is_allow && policies_.resource_only_denies) return true;
      const PrincipalMatch match = match_principal(statement);
      if (match == PrincipalMatch::none || !applies(statement)) return true;
      note(resource_source(), policy, statement);
      Found& found = is_allow ? outcome.by(match) : outcome.deny;
      if (!found) found = {.policy = &policy, .statement = &statement};
      return true;
    });
  }

  // "If you specify the Principal in the format "AWS":"account-ID", access is granted to the account root user only."
  Outcome look_through_endpoint() {
    Outcome outcome;
    if (policies_.endpoint == nullptr) return outcome;
    const bool is_root = request_.principal.type == PrincipalType::root;
    policies_.endpoint->policy->visit_candidates(letters_, [&](const Statement& statement) {
      const bool is_allow = statement.effect == Effect::allow;
      const PrincipalMatch match = match_principal(statement);
      if (match == PrincipalMatch::none || (is_allow && match == PrincipalMatch::account && !is_root)) return true;
      if (!applies(statement)) return true;
      note(PolicySource::endpoint, *policies_.endpoint, statement);
      Found& found = is_allow ? outcome.allow : outcome.deny;
      if (!found) found = {.policy = policies_.endpoint, .statement = &statement};
      return true;
    });
    return outcome;
  }

  const Request& request_;
  const PolicySet& policies_;
  ResourceRule rule_;
  Trace* trace_;
  char buffer_[kLongestUsualAction];
  std::string long_action_;
  std::string_view action_;
  uint64_t letters_ = 0;
  Found identity_;
  bool is_cross_account_ = false;
  bool is_root_ = false;
  bool boundary_allows_ = false;
  bool session_allows_ = false;
};

}  // namespace

Decision evaluate(const Request& request, const PolicySet& policies, ResourceRule rule, Trace* trace) {
  return Evaluation(request, policies, rule, trace).run();
}

std::vector<std::string> missing_context_keys(const PolicySet& policies, const Context& context) {
  std::vector<std::string> names;
  std::set<std::string> seen;
  const auto add = [&](const NamedPolicy& policy) {
    for (std::string& name : context_keys(*policy.policy)) {
      const ContextKey key(name);
      if (!context.contains(key) && seen.insert(key.name).second) names.push_back(std::move(name));
    }
  };
  for (const NamedPolicy& policy : policies.identity) add(policy);
  if (policies.boundary != nullptr) add(*policies.boundary);
  for (const NamedPolicy& policy : policies.session) add(policy);
  if (policies.resource != nullptr) add(*policies.resource);
  if (policies.endpoint != nullptr) add(*policies.endpoint);
  return names;
}

}  // namespace aerolith::policy
