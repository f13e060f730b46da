// Names of operators, and the values that have a type.
#include <charconv>
#include <chrono>
#include <cmath>
#include <limits>

#include "policy/condition.h"

namespace aerolith::policy {
namespace {

struct Named {
  std::string_view name;
  Comparison comparison;
  bool negated = false;
};

constexpr Named kOperators[] = {
    {"StringEquals", Comparison::string_equals},
    {"StringNotEquals", Comparison::string_equals, true},
    {"StringEqualsIgnoreCase", Comparison::string_equals_ignore_case},
    {"StringNotEqualsIgnoreCase", Comparison::string_equals_ignore_case, true},
    {"StringLike", Comparison::string_like},
    {"StringNotLike", Comparison::string_like, true},
    {"NumericEquals", Comparison::numeric_equals},
    {"NumericNotEquals", Comparison::numeric_equals, true},
    {"NumericLessThan", Comparison::numeric_less},
    {"NumericLessThanEquals", Comparison::numeric_less_or_equal},
    {"NumericGreaterThan", Comparison::numeric_greater},
    {"NumericGreaterThanEquals", Comparison::numeric_greater_or_equal},
    {"DateEquals", Comparison::date_equals},
    {"DateNotEquals", Comparison::date_equals, true},
    {"DateLessThan", Comparison::date_less},
    {"DateLessThanEquals", Comparison::date_less_or_equal},
    {"DateGreaterThan", Comparison::date_greater},
    {"DateGreaterThanEquals", Comparison::date_greater_or_equal},
    {"Bool", Comparison::boolean},
    {"BinaryEquals", Comparison::binary_equals},
    {"IpAddress", Comparison::ip_address},
    {"NotIpAddress", Comparison::ip_address, true},
    {"ArnEquals", Comparison::arn_like},
    {"ArnLike", Comparison::arn_like},
    {"ArnNotEquals", Comparison::arn_like, true},
    {"ArnNotLike", Comparison::arn_like, true},
    {"Null", Comparison::null},
};

bool take(std::string_view& text, std::string_view prefix) {
  if (!text.starts_with(prefix)) return false;
  text.remove_prefix(prefix.size());
  return true;
}

// One to `most_digits` digits between `low` and `high`.
bool take_number(std::string_view& text, size_t most_digits, int low, int high, int& out) {
  size_t digits = 0;
  int value = 0;
  while (digits < text.size() && digits < most_digits && text[digits] >= '0' && text[digits] <= '9') {
    value = value * 10 + (text[digits++] - '0');
  }
  if (digits == 0 || value < low || value > high) return false;
  text.remove_prefix(digits);
  out = value;
  return true;
}

// Z, +hh, +hhmm, +hh:mm, or nothing.
bool take_zone(std::string_view& text, int& offset_minutes) {
  if (text.empty() || take(text, "Z") || take(text, "z")) return true;
  const int sign = text[0] == '-' ? -1 : 1;
  if (!take(text, "+") && !take(text, "-")) return false;
  const size_t before = text.size();
  int hours = 0, minutes = 0;
  if (!take_number(text, 2, 0, 23, hours) || before - text.size() != 2) return false;
  if (!text.empty()) {
    take(text, ":");
    const size_t left = text.size();
    if (!take_number(text, 2, 0, 59, minutes) || left - text.size() != 2) return false;
  }
  offset_minutes = sign * (hours * 60 + minutes);
  return true;
}

// [hh[:mm[:ss[.f]]]][zone] in milliseconds of UTC from the day's begin.
bool take_time(std::string_view& text, int64_t& milliseconds) {
  int hours = 0, minutes = 0, seconds = 0, offset_minutes = 0;
  int64_t fraction = 0;
  if (!take_number(text, 2, 0, 23, hours)) return false;
  if (take(text, ":")) {
    if (!take_number(text, 2, 0, 59, minutes)) return false;
    if (take(text, ":")) {
      if (!take_number(text, 2, 0, 59, seconds)) return false;
      if (take(text, ".")) {
        size_t digits = 0;
        for (; digits < text.size() && text[digits] >= '0' && text[digits] <= '9'; ++digits) {
          if (digits < 3) fraction = fraction * 10 + (text[digits] - '0');
        }
        if (digits == 0 || digits > 9) return false;
        for (size_t i = digits; i < 3; ++i) fraction *= 10;
        text.remove_prefix(digits);
      }
    }
  }
  if (!take_zone(text, offset_minutes)) return false;
  milliseconds = ((int64_t{hours} * 60 + minutes - offset_minutes) * 60 + seconds) * 1000 + fraction;
  return true;
}

}  // namespace

std::optional<ConditionOperator> parse_condition_operator(std::string_view name) {
  ConditionOperator found;
  if (take(name, "ForAllValues:")) {
    found.quantifier = Quantifier::for_all_values;
  } else if (take(name, "ForAnyValue:")) {
    found.quantifier = Quantifier::for_any_value;
  }
  constexpr std::string_view kIfExists = "IfExists";
  if (name.ends_with(kIfExists)) {
    found.if_exists = true;
    name.remove_suffix(kIfExists.size());
  }
  for (const Named& known : kOperators) {
    if (known.name != name) continue;
    // "You can add IfExists to the end of any condition operator name except the Null condition."
    if (known.comparison == Comparison::null && found.if_exists) return std::nullopt;
    found.comparison = known.comparison;
    found.negated = known.negated;
    return found;
  }
  return std::nullopt;
}

std::optional<double> parse_condition_number(std::string_view text) {
  if (text.starts_with('+')) text.remove_prefix(1);
  double value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc{} || end != text.data() + text.size() || !std::isfinite(value)) return std::nullopt;
  return value;
}

std::optional<int64_t> parse_condition_date(std::string_view text) {
  if (text.find_first_not_of("0123456789") == std::string_view::npos && text.size() != 4) {
    int64_t seconds = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), seconds);
    if (text.empty() || error != std::errc{} || end != text.data() + text.size()) return std::nullopt;
    // Later than any clock; still in order.
    constexpr int64_t kMost = std::numeric_limits<int64_t>::max() / 1000;
    return seconds > kMost ? kMost * 1000 : seconds * 1000;
  }
  int year = 0, month = 1, day = 1;
  int64_t milliseconds = 0;
  const size_t before = text.size();
  if (!take_number(text, 4, 0, 9999, year) || before - text.size() != 4) return std::nullopt;
  if (take(text, "-") && !take_number(text, 2, 1, 12, month)) return std::nullopt;
  if (take(text, "-") && !take_number(text, 2, 1, 31, day)) return std::nullopt;
  if ((take(text, "T") || take(text, "t")) && !take_time(text, milliseconds)) return std::nullopt;
  if (!text.empty()) return std::nullopt;
  const std::chrono::year_month_day date{std::chrono::year(year), std::chrono::month(static_cast<unsigned>(month)),
                                         std::chrono::day(static_cast<unsigned>(day))};
  if (!date.ok()) return std::nullopt;
  const auto days = std::chrono::sys_days(date).time_since_epoch();
  return std::chrono::duration_cast<std::chrono::milliseconds>(days).count() + milliseconds;
}

}  // namespace aerolith::policy
