// A policy document: parsed, checked, and compiled for evaluation.
// https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_grammar.html
//
// A Policy is immutable and free to share between threads.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "policy/condition.h"
#include "policy/pattern.h"
#include "policy/principal.h"

namespace aerolith::policy {

enum class PolicyKind : uint8_t {
  identity,  // inline, boundary or session policy: no Principal, Resource required
  managed,   // the same as IAM stores it: Version must be 2012-10-17
  resource,  // a bucket policy and the like: Principal and Resource required
  trust,     // of a role: Principal required, no Resource, actions of STS only
};

// Larger than every limit of AWS, which are for the services to hold; harmless to parse.
inline constexpr size_t kMaxPolicyBytes = 128 * 1024;

enum class PolicyErrorCode : uint8_t {
  too_long,
  syntax,
  version,
  legacy_parsing,  // a value that isn't of its type, an ARN of the wrong form
  sid,
  missing_action,
  invalid_action,
  missing_resource,
  invalid_resource,
  prohibited_resource,
  missing_principal,
  invalid_principal,
  prohibited_principal,
};

struct PolicyError {
  PolicyErrorCode code = PolicyErrorCode::syntax;
  std::string message;  // AWS's own where it is known: the message of MalformedPolicyDocument, of MalformedPolicy in S3
  std::string place;    // Statement[1] (Sid "Write"), Action; empty where it concerns the whole document
};

enum class Effect : uint8_t { allow, deny };

// From 1, as the simulators tell it: the column after the statement's opening brace, and after its closing one.
struct Position {
  uint32_t line = 0;
  uint32_t column = 0;
};

struct Statement {
  std::string sid;
  Effect effect = Effect::deny;
  bool is_not_action = false;
  bool is_not_resource = false;
  bool is_not_principal = false;
  std::vector<Pattern> actions;    // lower case
  std::vector<Pattern> resources;  // none in a trust policy: whatever the role
  PrincipalSet principals;         // of policies on resources
  std::vector<Condition> conditions;
  Position start;
  Position end;

  // All but principal and conditions. `lower_action` in lower case.
  bool matches_action(std::string_view lower_action, const Context& context) const;
  bool matches_resource(std::string_view resource, const Context& context) const;
  bool conditions_hold(const Context& context) const;
};

// The first eight letters of an action, in lower case.
inline uint64_t first_letters(std::string_view lower_action) {
  uint64_t letters = 0;
  std::memcpy(&letters, lower_action.data(), std::min(lower_action.size(), sizeof letters));
  return letters;
}

// Comes from parse_policy only.
struct Policy {
  PolicyKind kind = PolicyKind::identity;
  std::string id;
  bool has_variables = false;  // Version 2012-10-17: ${...} is a variable
  std::vector<Statement> statements;

  // Calls visit(Statement) for each that an action with these first letters may be one of, in order, until it answers
  // false. Most statements are about other actions, and this tells without reading them.
  template <typename Visit>
  void visit_candidates(uint64_t letters, Visit visit) const {
    size_t next = 0;
    for (const ActionStart& start : action_starts) {
      if (((letters ^ start.letters) & start.mask) != 0 || start.statement < next) continue;
      next = start.statement + 1;
      if (!visit(statements[start.statement])) return;
    }
  }

  // How an action of a statement begins, each action of each statement.
  struct ActionStart {
    uint64_t letters = 0;
    uint64_t mask = 0;  // of the letters that are known: none of "*", none where it is NotAction
    size_t statement = 0;
  };
  std::vector<ActionStart> action_starts;
};

Result<Policy, PolicyError> parse_policy(std::string_view text, PolicyKind kind);

// The context keys that conditions and variables refer to, as they are written, each once (without case), in order:
// what GetContextKeysForCustomPolicy answers.
std::vector<std::string> context_keys(const Policy& policy);

}  // namespace aerolith::policy
