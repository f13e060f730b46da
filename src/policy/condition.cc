#include "policy/condition.h"

#include <algorithm>

#include "base/encoding.h"

namespace aerolith::policy {
namespace {

template <typename T>
bool compare(Comparison how, T left, T right) {
  switch (how) {
    case Comparison::numeric_equals:
    case Comparison::date_equals:
      return left == right;
    case Comparison::numeric_less:
    case Comparison::date_less:
      return left < right;
    case Comparison::numeric_less_or_equal:
    case Comparison::date_less_or_equal:
      return left <= right;
    case Comparison::numeric_greater:
    case Comparison::date_greater:
      return left > right;
    case Comparison::numeric_greater_or_equal:
    case Comparison::date_greater_or_equal:
      return left >= right;
    default:
      return false;
  }
}

// Fills `out` with what `parse` makes of each value; false where it can't of one.
template <typename T, typename Parse>
bool parse_all(const std::vector<std::string>& values, std::vector<T>& out, Parse parse) {
  out.reserve(values.size());
  for (const std::string& value : values) {
    auto parsed = parse(value);
    if (!parsed) return false;
    out.push_back(*std::move(parsed));
  }
  return true;
}

std::optional<bool> parse_flag(std::string_view text) {
  if (equals_ignore_case(text, "true")) return true;
  if (equals_ignore_case(text, "false")) return false;
  return std::nullopt;
}

PatternSyntax syntax_of(Comparison how, Variables variables) {
  switch (how) {
    case Comparison::string_like:
      return {.wildcards = Wildcards::allowed, .variables = variables};
    case Comparison::string_equals_ignore_case:
    case Comparison::boolean:
      return {.variables = variables, .letter_case = LetterCase::folded};
    default:
      return {.variables = variables};
  }
}

}  // namespace

std::optional<Condition> Condition::compile(ConditionOperator how, std::string_view key,
                                            const std::vector<std::string>& values, Variables variables) {
  Condition condition;
  condition.how_ = how;
  condition.key_ = ContextKey(key);
  condition.values_ = values;
  if (!condition.compile_operands(variables)) return std::nullopt;
  return condition;
}

bool Condition::compile_operands(Variables variables) {
  switch (how_.comparison) {
    case Comparison::string_equals:
    case Comparison::string_equals_ignore_case:
    case Comparison::string_like:
    case Comparison::boolean: {
      auto& patterns = operands_.emplace<Patterns>();
      for (const std::string& value : values_) {
        patterns.emplace_back(value, syntax_of(how_.comparison, variables));
      }
      return true;
    }
    case Comparison::arn_like: {
      auto& arns = operands_.emplace<Arns>();
      for (const std::string& value : values_) arns.emplace_back(value, variables);
      return true;
    }
    case Comparison::numeric_equals:
    case Comparison::numeric_less:
    case Comparison::numeric_less_or_equal:
    case Comparison::numeric_greater:
    case Comparison::numeric_greater_or_equal:
      return parse_all(values_, operands_.emplace<Numbers>(), parse_condition_number);
    case Comparison::date_equals:
    case Comparison::date_less:
    case Comparison::date_less_or_equal:
    case Comparison::date_greater:
    case Comparison::date_greater_or_equal:
      return parse_all(values_, operands_.emplace<Dates>(), parse_condition_date);
    case Comparison::binary_equals:
      return parse_all(values_, operands_.emplace<Bytes>(), base64_decode);
    case Comparison::ip_address:
      return parse_all(values_, operands_.emplace<Ranges>(), parse_ip_range);
    case Comparison::null:
      return parse_all(values_, operands_.emplace<Flags>(), parse_flag);
  }
  return false;
}

bool Condition::matches_some(std::string_view value, const Context& context) const {
  switch (operands_.index()) {
    case 0: {
      const auto& patterns = std::get<Patterns>(operands_);
      const bool folded =
          how_.comparison == Comparison::string_equals_ignore_case || how_.comparison == Comparison::boolean;
      return std::any_of(patterns.begin(), patterns.end(), [&](const Pattern& p) {
        return folded ? p.matches_in_any_case(value, context) : p.matches(value, context);
      });
    }
    case 1: {
      const auto& arns = std::get<Arns>(operands_);
      return std::any_of(arns.begin(), arns.end(), [&](const ArnPattern& arn) { return arn.matches(value, context); });
    }
    case 2: {
      const auto number = parse_condition_number(value);
      const auto& numbers = std::get<Numbers>(operands_);
      return number && std::any_of(numbers.begin(), numbers.end(),
                                   [&](double other) { return compare(how_.comparison, *number, other); });
    }
    case 3: {
      const auto date = parse_condition_date(value);
      const auto& dates = std::get<Dates>(operands_);
      return date && std::any_of(dates.begin(), dates.end(),
                                 [&](int64_t other) { return compare(how_.comparison, *date, other); });
    }
    case 4: {
      const auto& bytes = std::get<Bytes>(operands_);
      return std::find(bytes.begin(), bytes.end(), value) != bytes.end();
    }
    case 5: {
      const auto address = parse_ip_address(value);
      const auto& ranges = std::get<Ranges>(operands_);
      return address &&
             std::any_of(ranges.begin(), ranges.end(), [&](const IpRange& range) { return range.contains(*address); });
    }
    default:
      return false;
  }
}

bool Condition::holds(const Context& context) const {
  const Context::Values values = context.find(key_);
  // "A null data set, such as an empty string".
  bool is_null = true;
  for (const std::string_view value : values) is_null = is_null && value.empty();
  if (how_.comparison == Comparison::null) {
    const auto& flags = std::get<Flags>(operands_);
    return std::find(flags.begin(), flags.end(), is_null) != flags.end();
  }
  if (values.empty() && how_.if_exists) return true;
  switch (how_.quantifier) {
    case Quantifier::for_all_values:
      if (is_null) return true;
      for (const std::string_view value : values) {
        if (!holds_for(value, context)) return false;
      }
      return true;
    case Quantifier::for_any_value:
      if (is_null) return false;
      for (const std::string_view value : values) {
        if (holds_for(value, context)) return true;
      }
      return false;
    case Quantifier::none:
      for (const std::string_view value : values) {
        if (matches_some(value, context)) return !how_.negated;
      }
      return how_.negated;
  }
  return false;
}

void Condition::append_variables(std::vector<std::string>& names) const {
  const auto append = [&names](const Pattern& pattern) {
    for (const ContextKey& variable : pattern.variables()) names.push_back(variable.written);
  };
  if (const auto* patterns = std::get_if<Patterns>(&operands_)) {
    for (const Pattern& pattern : *patterns) append(pattern);
  } else if (const auto* arns = std::get_if<Arns>(&operands_)) {
    for (const ArnPattern& arn : *arns) {
      for (const Pattern& part : arn.parts()) append(part);
    }
  }
}

}  // namespace aerolith::policy
