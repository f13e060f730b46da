#include "services/iam/simulator.h"

#include <fmt/format.h>

#include <algorithm>
#include <set>
#include <utility>

#include "base/encoding.h"
#include "services/iam/names.h"

namespace aerolith::iam {
namespace {

constexpr std::string_view kTypeOfIdentity = "IAM Policy";
constexpr std::string_view kTypeOfResource = "Resource Policy";

std::string decision_name(policy::Verdict verdict) {
  switch (verdict) {
    case policy::Verdict::allow:
      return "allowed";
    case policy::Verdict::explicit_deny:
      return "explicitDeny";
    case policy::Verdict::implicit_deny:
      break;
  }
  return "implicitDeny";
}

Position to_wire(const policy::Position& position) {
  return {.line = static_cast<int32_t>(position.line), .column = static_cast<int32_t>(position.column)};
}

std::vector<policy::NamedPolicy> views(const std::vector<AppliedPolicy>& policies) {
  std::vector<policy::NamedPolicy> all;
  all.reserve(policies.size());
  for (const AppliedPolicy& one : policies) all.push_back({one.policy.get(), one.name});
  return all;
}

// Those that decided: with a denial the denying ones, else the allowing ones, as the service shows them.
std::vector<Statement> matched(const policy::Trace& trace, policy::Verdict verdict) {
  std::vector<Statement> statements;
  for (const policy::Trace::Match& match : trace.matches) {
    if (match.source == policy::PolicySource::boundary) continue;
    const bool is_denial = match.statement->effect == policy::Effect::deny;
    if (is_denial != (verdict == policy::Verdict::explicit_deny)) continue;
    const bool is_of_resource = match.source == policy::PolicySource::resource;
    statements.push_back({.source_policy_id = std::string(match.policy->name),
                          .source_policy_type = std::string(is_of_resource ? kTypeOfResource : kTypeOfIdentity),
                          .start_position = to_wire(match.statement->start),
                          .end_position = to_wire(match.statement->end)});
  }
  return statements;
}

policy::Principal principal_of(const Simulation& simulation) {
  policy::Principal principal;
  principal.type = policy::PrincipalType::user;
  principal.account = simulation.caller_account.view();
  principal.arn = simulation.caller_arn;
  principal.entity_arn = simulation.caller_arn;
  return principal;
}

// Actions are named in full: the service takes no wildcards here.
Result<> check_names(const std::vector<std::string>& actions, const std::vector<std::string>& resources) {
  for (const std::string& action : actions) {
    if (action.find(':') == std::string::npos || action.find('*') != std::string::npos) {
      return errors::invalid_input(fmt::format("Invalid Action Name: {}", action));
    }
  }
  for (const std::string& resource : resources) {
    if (resource != "*" && !resource.starts_with("arn:")) {
      return errors::invalid_input(fmt::format("ResourceNames are not in a valid ARN format: {}.", resource));
    }
  }
  return {};
}

}  // namespace

Result<std::vector<AppliedPolicy>> read_policies(const std::optional<std::vector<std::string>>& documents,
                                                 std::string_view list, policy::PolicyKind kind) {
  std::vector<AppliedPolicy> policies;
  if (!documents) return policies;
  for (const std::string& document : *documents) {
    auto parsed = policy::parse_policy(document, kind);
    if (!parsed.has_value()) return errors::invalid_input(parsed.error().message);
    policies.push_back({.name = fmt::format("{}.{}", list, policies.size() + 1),
                        .policy = std::make_shared<const policy::Policy>(*std::move(parsed))});
  }
  return policies;
}

Result<> read_caller(const std::optional<std::string>& arn, Simulation& simulation) {
  if (!arn) return {};
  const auto parts = split_arn(*arn);
  if (!parts || parts->type != "user" || parts->name.empty()) {
    return errors::invalid_input(fmt::format("Invalid CallerArn: {}. It must be the ARN of a user.", *arn));
  }
  simulation.caller_arn = *arn;
  simulation.caller_account = AccountId(std::string(parts->account));
  return {};
}

Result<std::string> read_owner(const std::string& owner) {
  constexpr size_t kAccountDigits = 12;
  constexpr std::string_view kStart = "arn:aws:iam::";
  std::string_view id = owner;
  if (id.starts_with(kStart) && id.ends_with(":root")) {
    id = id.substr(kStart.size(), id.size() - kStart.size() - std::string_view(":root").size());
  }
  if (id.size() == kAccountDigits && id.find_first_not_of("0123456789") == std::string_view::npos) {
    return std::string(id);
  }
  return errors::invalid_input(fmt::format("Invalid ResourceOwner: {}", owner));
}

Result<> add_context_entries(const std::optional<std::vector<ContextEntry>>& entries, policy::Context& context) {
  if (!entries) return {};
  for (const ContextEntry& entry : *entries) {
    const std::string name = entry.context_key_name.value_or("");
    const std::vector<std::string> values = entry.context_key_values.value_or(std::vector<std::string>());
    const bool is_list = entry.context_key_type.value_or("string").ends_with("List");
    if (!is_list && values.size() > 1) {
      return errors::invalid_input(fmt::format("The context key {} takes one value.", name));
    }
    for (const std::string& value : values) {
      if (is_list) {
        context.add_value(name, value);
      } else {
        context.set(name, value);
      }
    }
  }
  return {};
}

Result<std::vector<EvaluationResult>> simulate(const Simulation& simulation, const std::vector<std::string>& actions,
                                               const std::optional<std::vector<std::string>>& resources) {
  const policy::Principal principal = principal_of(simulation);
  const std::vector<policy::NamedPolicy> identity = views(simulation.policies);
  policy::PolicySet policies;
  policies.identity = identity;
  policy::NamedPolicy boundary;
  if (!simulation.boundaries.empty()) {
    boundary = {simulation.boundaries.front().policy.get(), simulation.boundaries.front().name};
    policies.boundary = &boundary;
  }
  policy::NamedPolicy of_resource;
  if (simulation.resource_policy) {
    of_resource = {simulation.resource_policy->policy.get(), simulation.resource_policy->name};
    policies.resource = &of_resource;
  }
  const std::string owner =
      simulation.resource_owner.empty() ? simulation.caller_account.str() : simulation.resource_owner;
  const std::vector<std::string> missing = policy::missing_context_keys(policies, simulation.context);
  const std::vector<std::string> asked = resources && !resources->empty() ? *resources : std::vector<std::string>{"*"};
  TRY(check_names(actions, asked));
  // Always there, and empty: what fills it isn't documented.
  const decltype(EvaluationResult::eval_decision_details) no_details{std::in_place};
  std::vector<EvaluationResult> results;
  for (const std::string& action : actions) {
    for (const std::string& resource : asked) {
      policy::Trace trace;
      const policy::Decision decision = policy::evaluate({.principal = principal,
                                                          .action = action,
                                                          .resource = resource,
                                                          .resource_account = owner,
                                                          .context = simulation.context},
                                                         policies, policy::ResourceRule::either_side, &trace);
      EvaluationResult result{.eval_action_name = action,
                              .eval_resource_name = resource,
                              .eval_decision = decision_name(decision.verdict),
                              .matched_statements = matched(trace, decision.verdict),
                              .missing_context_values = missing,
                              .eval_decision_details = no_details};
      if (policies.boundary != nullptr) {
        result.permissions_boundary_decision_detail =
            PermissionsBoundaryDecisionDetail{.allowed_by_permissions_boundary = trace.boundary_allows};
      }
      if (resource != "*") {
        ResourceSpecificResult& one = result.resource_specific_results.emplace().emplace_back();
        one.eval_resource_name = resource;
        one.eval_resource_decision = result.eval_decision;
        one.matched_statements = result.matched_statements;
        one.missing_context_values = missing;
        one.permissions_boundary_decision_detail = result.permissions_boundary_decision_detail;
      }
      results.push_back(std::move(result));
    }
  }
  return results;
}

std::vector<std::string> context_keys_of(const std::vector<AppliedPolicy>& policies) {
  std::vector<std::string> keys;
  std::set<std::string> seen;
  for (const AppliedPolicy& one : policies) {
    for (std::string& key : policy::context_keys(*one.policy)) {
      if (seen.insert(to_lower(key)).second) keys.push_back(std::move(key));
    }
  }
  return keys;
}

}  // namespace aerolith::iam
