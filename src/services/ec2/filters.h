// Filters of the Describe calls: values of one filter are alternatives, filters hold together; `*` and `?` are
// wildcards, a backslash takes a character as it is. Case counts.
// https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/Using_Filtering.html
#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "ec2/model/filter.h"
#include "services/ec2/resources.h"

namespace aerolith::ec2 {

using Strings = std::vector<std::string>;
using FilterList = std::optional<std::vector<Filter>>;

// Where a filter's value is another record's.
struct Lookup {
  metadata::ReadTransaction& txn;
  const Scope& scope;
};

template <typename Record>
struct FilterDefinition {
  std::string_view name;
  // All values that the filter may match.
  Result<Strings> (*values)(const Lookup&, const Record&);
};

bool matches_pattern(std::string_view pattern, std::string_view text);
bool matches_any(const std::vector<std::string>& patterns, const Strings& values);
inline std::string flag(bool value) { return value ? "true" : "false"; }

// Filters that every kind has: tag:<key>, tag-key, tag-value (of the older documentation), owner-id. nullopt: it is
// none of them.
std::optional<Strings> common_values(std::string_view filter, const Scope& scope, const TagMap& tags);
// What each filter must have, and as many values as it may: InvalidParameterValue.
Result<> check_filters(const FilterList& filters);
std::unexpected<CallError> unknown_filter(std::string_view name);
inline bool is_common_filter(std::string_view name) {
  return name.starts_with("tag:") || name == "tag-key" || name == "tag-value" || name == "owner-id";
}

template <typename Record>
Result<> check_filters(const FilterList& filters, std::span<const FilterDefinition<Record>> known) {
  TRY(check_filters(filters));
  if (!filters) return {};
  for (const Filter& filter : *filters) {
    const std::string_view name = *filter.name;
    if (is_common_filter(name)) continue;
    if (std::ranges::find(known, name, &FilterDefinition<Record>::name) == known.end()) return unknown_filter(name);
  }
  return {};
}

template <typename Record>
Result<bool> matches(const FilterList& filters, std::span<const FilterDefinition<Record>> known, const Lookup& lookup,
                     const Record& record, const TagMap& tags) {
  if (!filters) return true;
  for (const Filter& filter : *filters) {
    // The definitions come first: an image's owner-id is not always the caller.
    const auto found = std::ranges::find(known, *filter.name, &FilterDefinition<Record>::name);
    const Strings values = found != known.end() ? TRY(found->values(lookup, record))
                                                : common_values(*filter.name, lookup.scope, tags).value_or(Strings());
    // One without values is of nothing.
    if (!filter.values || !matches_any(*filter.values, values)) return false;
  }
  return true;
}

}  // namespace aerolith::ec2
