// Finds a document's first mistake in the order in which IAM looks for them.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "policy/document.h"

namespace aerolith::policy {

// IAM runs over the whole document once a phase, so a later statement's syntax error comes before an earlier
// statement's missing action. The order was recorded from AWS by the tests of moto
// (tests/test_iam/test_iam_policies.py).
enum class Phase : uint8_t {
  syntax,
  version,
  legacy_parsing,
  sid,
  missing_action,
  resource_format,
  action_format,
  missing_resource,
  principal,
};

class Problems {
 public:
  // Keeps the first of the earliest phase.
  void add(Phase phase, PolicyErrorCode code, std::string message, std::string_view element = {}) {
    seen_ |= 1U << static_cast<unsigned>(phase);
    if (first_ && phase_ <= phase) return;
    phase_ = phase;
    std::string place = where_;
    if (!element.empty()) place += (place.empty() ? "" : ", ") + std::string(element);
    first_ = PolicyError{code, std::move(message), std::move(place)};
  }
  void syntax(std::string_view element = {}) {
    add(Phase::syntax, PolicyErrorCode::syntax, "Syntax errors in policy.", element);
  }
  // Each in its own words; recorded from AWS by the tests of moto and of LocalStack
  // (test_create_role_with_malformed_assume_role_policy_document, test_bucket_policy_exc).
  void no_json(PolicyKind kind, std::string_view element) {
    std::string message = "Syntax errors in policy.";
    if (kind == PolicyKind::trust) message = "This policy contains invalid Json";
    if (kind == PolicyKind::resource) message = "Policies must be valid JSON and the first byte must be '{'";
    add(Phase::syntax, PolicyErrorCode::syntax, std::move(message), element);
  }
  void legacy(std::string_view element) {
    add(Phase::legacy_parsing, PolicyErrorCode::legacy_parsing, "The policy failed legacy parsing", element);
  }
  void enter(std::string where) { where_ = std::move(where); }
  bool has(Phase phase) const { return (seen_ >> static_cast<unsigned>(phase) & 1U) != 0; }
  const std::optional<PolicyError>& first() const { return first_; }

 private:
  std::string where_;
  Phase phase_ = Phase::syntax;
  unsigned seen_ = 0;  // a bit for each phase
  std::optional<PolicyError> first_;
};

// The form of actions and of resources' ARNs.
void check_action(std::string_view action, PolicyKind kind, std::string_view element, Problems& problems);
void check_resource(std::string_view resource, std::string_view element, Problems& problems);

}  // namespace aerolith::policy
