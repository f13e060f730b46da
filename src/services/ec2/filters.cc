#include "services/ec2/filters.h"

#include <fmt/format.h>

#include <algorithm>

namespace aerolith::ec2 {
namespace {

constexpr size_t kMaxValues = 200;

// The pattern's next character, and whether it stands for itself.
struct PatternCharacter {
  char character;
  bool literal;
  size_t length;
};

PatternCharacter first_of(std::string_view pattern) {
  if (pattern[0] == '\\' && pattern.size() > 1) return {pattern[1], true, 2};
  return {pattern[0], pattern[0] != '*' && pattern[0] != '?', 1};
}

}  // namespace

// Linear in practice: after a mismatch it goes back to the last star only.
bool matches_pattern(std::string_view pattern, std::string_view text) {
  std::optional<std::pair<std::string_view, std::string_view>> retry;
  while (true) {
    if (!pattern.empty()) {
      const PatternCharacter next = first_of(pattern);
      if (!next.literal && next.character == '*') {
        pattern.remove_prefix(1);
        retry = {pattern, text};
        continue;
      }
      if (!text.empty() && (next.literal ? next.character == text[0] : next.character == '?')) {
        pattern.remove_prefix(next.length);
        text.remove_prefix(1);
        continue;
      }
    } else if (text.empty()) {
      return true;
    }
    if (!retry || retry->second.empty()) return false;
    retry->second.remove_prefix(1);
    pattern = retry->first;
    text = retry->second;
  }
}

bool matches_any(const std::vector<std::string>& patterns, const Strings& values) {
  return std::ranges::any_of(patterns, [&](const std::string& pattern) {
    return std::ranges::any_of(values, [&](const std::string& value) { return matches_pattern(pattern, value); });
  });
}

std::optional<Strings> common_values(std::string_view filter, const Scope& scope, const TagMap& tags) {
  if (filter == "owner-id") return Strings{scope.account.str()};
  if (filter == "tag-key") {
    Strings keys;
    for (const auto& entry : tags) keys.push_back(entry.first);
    return keys;
  }
  if (filter == "tag-value") {
    Strings values;
    for (const auto& entry : tags) values.push_back(entry.second);
    return values;
  }
  if (!filter.starts_with("tag:")) return std::nullopt;
  const auto found = tags.find(std::string(filter.substr(4)));
  return found == tags.end() ? Strings() : Strings{found->second};
}

std::unexpected<CallError> unknown_filter(std::string_view name) {
  return errors::invalid_parameter(fmt::format("The filter '{}' is invalid", name));
}

Result<> check_filters(const FilterList& filters) {
  if (!filters) return {};
  size_t values = 0;
  for (const Filter& filter : *filters) {
    if (!filter.name || filter.name->empty()) return errors::missing_parameter("Filter.Name");
    if (filter.values) values += filter.values->size();
  }
  if (values > kMaxValues) {
    return errors::of("FilterLimitExceeded", fmt::format("The maximum number of filter values specified on a single "
                                                         "call is {}",
                                                         kMaxValues));
  }
  return {};
}

}  // namespace aerolith::ec2
