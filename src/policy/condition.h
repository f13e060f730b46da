// One line of a Condition element: an operator, a context key and the values it is compared with.
// https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_condition_operators.html
// https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_condition-single-vs-multi-valued-context-keys.html
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "policy/context.h"
#include "policy/ip_range.h"
#include "policy/pattern.h"

namespace aerolith::policy {

// The comparison behind an operator's name; NotX is X with `negated`.
enum class Comparison : uint8_t {
  string_equals,
  string_equals_ignore_case,
  string_like,
  numeric_equals,
  numeric_less,
  numeric_less_or_equal,
  numeric_greater,
  numeric_greater_or_equal,
  date_equals,
  date_less,
  date_less_or_equal,
  date_greater,
  date_greater_or_equal,
  boolean,
  binary_equals,
  ip_address,
  arn_like,
  null,
};

enum class Quantifier : uint8_t { none, for_all_values, for_any_value };

struct ConditionOperator {
  Comparison comparison = Comparison::string_equals;
  Quantifier quantifier = Quantifier::none;
  bool negated = false;
  bool if_exists = false;
};

// ForAllValues:StringNotLikeIfExists. nullopt: there is no such operator. Names are case-sensitive.
std::optional<ConditionOperator> parse_condition_operator(std::string_view name);

// A time in one of W3C's forms of ISO 8601 (2020, 2020-04, 2020-04-01, 2020-04-01T00:00Z ...; no zone means UTC) or in
// epoch seconds, as milliseconds since 1970.
std::optional<int64_t> parse_condition_date(std::string_view text);
std::optional<double> parse_condition_number(std::string_view text);

class Condition {
 public:
  // nullopt: a value isn't of the operator's type (a date that is none).
  static std::optional<Condition> compile(ConditionOperator how, std::string_view key,
                                          const std::vector<std::string>& values, Variables variables);

  bool holds(const Context& context) const;

  const ConditionOperator& how() const { return how_; }
  const ContextKey& key() const { return key_; }
  // As the policy has them.
  const std::vector<std::string>& values() const { return values_; }
  void append_variables(std::vector<std::string>& names) const;

 private:
  using Patterns = std::vector<Pattern>;
  using Arns = std::vector<ArnPattern>;
  using Numbers = std::vector<double>;
  using Dates = std::vector<int64_t>;
  using Bytes = std::vector<std::string>;
  using Ranges = std::vector<IpRange>;
  using Flags = std::vector<bool>;

  bool compile_operands(Variables variables);
  // Whether some value of the policy compares right with this one, negation left out.
  bool matches_some(std::string_view value, const Context& context) const;
  bool holds_for(std::string_view value, const Context& context) const {
    return matches_some(value, context) != how_.negated;
  }

  ConditionOperator how_;
  ContextKey key_;
  std::vector<std::string> values_;
  std::variant<Patterns, Arns, Numbers, Dates, Bytes, Ranges, Flags> operands_;
};

}  // namespace aerolith::policy
