#include "services/ec2/tags.h"

#include <fmt/format.h>

#include <algorithm>
#include <set>

namespace aerolith::ec2 {
namespace {

constexpr size_t kMaxKeyLength = 127;
constexpr size_t kMaxValueLength = 256;

size_t characters(std::string_view text) {
  return static_cast<size_t>(std::ranges::count_if(text, [](char c) { return (c & 0xC0) != 0x80; }));
}

}  // namespace

Result<> check_tags(const std::vector<Tag>& tags) {
  std::set<std::string> seen;
  for (const Tag& tag : tags) {
    const std::string key = tag.key.value_or("");
    if (key.empty()) return errors::missing_parameter("key");
    if (key.starts_with("aws:")) {
      return errors::invalid_parameter("Tag keys starting with 'aws:' are reserved for internal use");
    }
    if (characters(key) > kMaxKeyLength) {
      return errors::invalid_parameter(
          fmt::format("Tag key exceeds the maximum length of {} characters", kMaxKeyLength));
    }
    if (characters(tag.value.value_or("")) > kMaxValueLength) {
      return errors::invalid_parameter(
          fmt::format("Tag value exceeds the maximum length of {} characters", kMaxValueLength));
    }
    if (!seen.insert(key).second) {
      return errors::invalid_parameter(fmt::format("Duplicate tag key '{}' specified.", key));
    }
  }
  if (tags.size() > kMaxTags) {
    return errors::of("TagLimitExceeded", "The maximum number of Tags for a resource has been reached.");
  }
  return {};
}

Result<TagMap> tags_to_make(const TagSpecifications& specifications, Kind kind, const std::vector<Kind>& taggable) {
  TagMap result;
  if (!specifications) return result;
  std::vector<Tag> tags;
  for (const TagSpecification& specification : *specifications) {
    const std::string type = specification.resource_type.value_or("");
    const auto of = kind_of_type(type);
    if (type.empty()) return errors::invalid_parameter("Tag specification resource type must have a value");
    if (!of || std::ranges::find(taggable, *of) == taggable.end()) {
      return errors::invalid_parameter(
          fmt::format("'{}' is not a valid taggable resource type for this operation.", type));
    }
    if (!specification.tags || specification.tags->empty()) {
      return errors::invalid_parameter("Tag specification must have at least one tag");
    }
    if (*of == kind) tags.insert(tags.end(), specification.tags->begin(), specification.tags->end());
  }
  TRY(check_tags(tags));
  for (const Tag& tag : tags) result[*tag.key] = tag.value.value_or("");
  return result;
}

Result<TagMap> tags_to_make(const TagSpecifications& specifications, Kind kind) {
  return tags_to_make(specifications, kind, {kind});
}

std::vector<Tag> wire_tags(const TagMap& tags) {
  std::vector<Tag> result;
  for (const auto& [key, value] : tags) result.push_back({.key = key, .value = value});
  return result;
}

std::optional<std::vector<Tag>> wire_tags_if_any(const TagMap& tags) {
  return tags.empty() ? std::nullopt : std::optional(wire_tags(tags));
}

}  // namespace aerolith::ec2
