#include "policy/public_access.h"

#include <algorithm>
#include <array>

namespace aerolith::policy {
namespace {

constexpr std::string_view kConfiningKeys[] = {
    "aws:sourcearn",
    "aws:sourcevpc",
    "aws:sourcevpce",
    "aws:sourceowner",
    "aws:sourceaccount",
    "aws:principalarn",
    "aws:principalaccount",
    "aws:principalorgid",
    "aws:principalorgpaths",
    "aws:userid",
    "s3:dataaccesspointaccount",
    "s3:dataaccesspointarn",
    "s3:x-amz-server-side-encryption-aws-kms-key-id",
};

bool is_private(const IpRange& range) {
  constexpr std::string_view kPrivate[] = {"10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16"};
  return std::any_of(std::begin(kPrivate), std::end(kPrivate), [&](std::string_view text) {
    const auto block = parse_ip_range(text);
    return block && range.prefix_bits >= block->prefix_bits && block->contains(range.first);
  });
}

bool is_narrow(const std::string& text) {
  const auto range = parse_ip_range(text);
  if (!range) return false;
  return is_private(*range) || range->prefix_bits >= (range->first.is_v4 ? 8U : 32U);
}

// arn:aws:s3:us-west-2:123456789012:accesspoint/*: the account is fixed, the access point's name need not be.
bool is_fixed_access_point(std::string_view text) {
  std::array<std::string_view, 6> parts;
  if (text.find("${") != std::string_view::npos || !split_arn(text, Variables::literal, parts)) return false;
  return parts[4].size() == 12 && parts[4].find_first_not_of("0123456789") == std::string_view::npos;
}

bool is_fixed(const Condition& condition, const std::string& value) {
  if (value.find("${") != std::string::npos) return false;
  const std::string& key = condition.key().name;
  if (key == "s3:dataaccesspointarn") return is_fixed_access_point(value);
  const Comparison how = condition.how().comparison;
  const bool has_wildcards =
      (how == Comparison::string_like || how == Comparison::arn_like) && value.find_first_of("*?") != std::string::npos;
  // Outside of the pattern "AROLEID:*": one role, whatever the session.
  if (has_wildcards && key == "aws:userid") {
    return value.ends_with(":*") && value.find_first_of("*?") == value.size() - 1 && value.size() > 2;
  }
  return !has_wildcards;
}

bool confines(const Condition& condition) {
  const ConditionOperator& how = condition.how();
  // A request without the key passes IfExists and ForAllValues.
  if (how.negated || how.if_exists || how.quantifier == Quantifier::for_all_values || condition.values().empty()) {
    return false;
  }
  const auto& values = condition.values();
  if (how.comparison == Comparison::ip_address) {
    return condition.key().name == "aws:sourceip" && std::all_of(values.begin(), values.end(), is_narrow);
  }
  const bool is_text = how.comparison == Comparison::string_equals || how.comparison == Comparison::string_like ||
                       how.comparison == Comparison::string_equals_ignore_case ||
                       how.comparison == Comparison::arn_like;
  if (!is_text || std::find(std::begin(kConfiningKeys), std::end(kConfiningKeys), condition.key().name) ==
                      std::end(kConfiningKeys)) {
    return false;
  }
  return std::all_of(values.begin(), values.end(),
                     [&](const std::string& value) { return is_fixed(condition, value); });
}

}  // namespace

bool is_public(const Policy& policy) {
  return std::any_of(policy.statements.begin(), policy.statements.end(), [](const Statement& statement) {
    if (statement.effect == Effect::deny) return false;
    // All but a few is nearly everyone.
    if (!statement.is_not_principal && !statement.principals.names_everyone()) return false;
    return std::none_of(statement.conditions.begin(), statement.conditions.end(), confines);
  });
}

}  // namespace aerolith::policy
