#include "services/iam/policy_reach.h"

#include <algorithm>
#include <string>

#include "base/encoding.h"
#include "policy/context.h"
#include "services/iam/service_names.h"

namespace aerolith::iam {
namespace {

using policy::Effect;
using policy::Pattern;

// No action has such a name: what matches it matches every action of the service.
std::string any_action_of(std::string_view name_space) { return std::string(name_space) + ":\x7f"; }

// Whether the pattern of an action matches any of the service: "s3:get*", "*:get*", "*". The parser lets no other
// wildcards stand in a service's name.
bool meets_service(const Pattern& pattern, std::string_view name_space) {
  const std::string text = pattern.text();
  const std::string_view service = namespace_of_action(text);
  return service == "*" || service == name_space;
}

bool covers_service(const Pattern& pattern, std::string_view name_space) {
  return pattern.matches(any_action_of(name_space), policy::Context());
}

bool is_unlimited(const policy::Statement& statement) {
  if (!statement.conditions.empty() || statement.is_not_resource) return false;
  return std::ranges::any_of(statement.resources, [](const Pattern& resource) { return resource.text() == "*"; });
}

bool allows_some(const policy::Statement& statement, std::string_view name_space) {
  if (statement.is_not_action) {
    return std::ranges::none_of(statement.actions, [&](const Pattern& p) { return covers_service(p, name_space); });
  }
  return std::ranges::any_of(statement.actions, [&](const Pattern& p) { return meets_service(p, name_space); });
}

bool denies_all(const policy::Statement& statement, std::string_view name_space) {
  if (statement.is_not_action) {
    return std::ranges::none_of(statement.actions, [&](const Pattern& p) { return meets_service(p, name_space); });
  }
  return std::ranges::any_of(statement.actions, [&](const Pattern& p) { return covers_service(p, name_space); });
}

// `allows`, `denies`: of a statement of that effect.
template <typename Allows, typename Denies>
bool reaches(std::span<const policy::Policy* const> policies, Allows allows, Denies denies) {
  bool is_allowed = false;
  for (const policy::Policy* policy : policies) {
    for (const policy::Statement& statement : policy->statements) {
      if (statement.effect == Effect::deny && is_unlimited(statement) && denies(statement)) return false;
      is_allowed = is_allowed || (statement.effect == Effect::allow && allows(statement));
    }
  }
  return is_allowed;
}

}  // namespace

bool reaches_service(std::span<const policy::Policy* const> policies, std::string_view name_space) {
  return reaches(
      policies, [&](const policy::Statement& s) { return allows_some(s, name_space); },
      [&](const policy::Statement& s) { return denies_all(s, name_space); });
}

bool reaches_action(std::span<const policy::Policy* const> policies, std::string_view action) {
  const std::string lower = to_lower(action);
  const auto is_about = [&](const policy::Statement& s) { return s.matches_action(lower, policy::Context()); };
  return reaches(policies, is_about, is_about);
}

}  // namespace aerolith::iam
