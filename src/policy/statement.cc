// How a parsed statement meets a request, and what it refers to.
#include <algorithm>
#include <set>

#include "base/encoding.h"
#include "policy/document.h"

namespace aerolith::policy {

bool Statement::matches_action(std::string_view lower_action, const Context& context) const {
  for (const Pattern& action : actions) {
    if (action.matches(lower_action, context)) return !is_not_action;
  }
  return is_not_action;
}

bool Statement::matches_resource(std::string_view resource, const Context& context) const {
  if (resources.empty()) return true;
  bool has_valueless_variable = false;
  for (const Pattern& pattern : resources) {
    if (pattern.matches(resource, context)) return !is_not_resource;
    has_valueless_variable = has_valueless_variable || pattern.lacks_value(context);
  }
  return is_not_resource && !has_valueless_variable;
}

bool Statement::conditions_hold(const Context& context) const {
  return std::all_of(conditions.begin(), conditions.end(), [&](const Condition& one) { return one.holds(context); });
}

std::vector<std::string> context_keys(const Policy& policy) {
  std::vector<std::string> all;
  for (const Statement& statement : policy.statements) {
    for (const Pattern& resource : statement.resources) {
      for (const ContextKey& variable : resource.variables()) all.push_back(variable.written);
    }
    for (const Condition& condition : statement.conditions) {
      all.push_back(condition.key().written);
      condition.append_variables(all);
    }
  }
  std::vector<std::string> once;
  std::set<std::string> seen;
  for (std::string& name : all) {
    if (seen.insert(to_lower(name)).second) once.push_back(std::move(name));
  }
  return once;
}

}  // namespace aerolith::policy
