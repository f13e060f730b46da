#include "services/iam/tags.h"

#include <algorithm>

#include "base/encoding.h"

namespace aerolith::iam {
namespace {

void put(Tags& tags, const Tag& tag) {
  const std::string key = to_lower(tag.key.value_or(""));
  TagRecord record{.key = tag.key.value_or(""), .value = tag.value.value_or("")};
  const auto at = std::ranges::lower_bound(tags, key, {}, [](const TagRecord& t) { return to_lower(t.key); });
  if (at != tags.end() && to_lower(at->key) == key) {
    *at = std::move(record);
  } else {
    tags.insert(at, std::move(record));
  }
}

Result<> check_keys(const std::vector<Tag>& tags) {
  std::vector<std::string> keys;
  for (const Tag& tag : tags) {
    keys.push_back(to_lower(tag.key.value_or("")));
    if (keys.back().starts_with("aws:")) {
      return errors::invalid_input("System tags cannot be added/updated/deleted by requester");
    }
  }
  std::ranges::sort(keys);
  if (std::ranges::adjacent_find(keys) == keys.end()) return {};
  return errors::invalid_input("Duplicate tag keys found. Please note that Tag keys are case insensitive.");
}

}  // namespace

Result<> merge_tags(Tags& tags, const std::optional<std::vector<Tag>>& added, std::string_view quota) {
  if (!added) return {};
  TRY(check_keys(*added));
  for (const Tag& tag : *added) put(tags, tag);
  if (tags.size() > kMaxTags) return errors::quota_exceeded(quota, kMaxTags);
  return {};
}

Result<Tags> read_tags(const std::optional<std::vector<Tag>>& tags, std::string_view quota) {
  Tags result;
  TRY(merge_tags(result, tags, quota));
  return result;
}

void remove_tags(Tags& tags, const std::optional<std::vector<std::string>>& keys) {
  for (const std::string& key : keys.value_or(std::vector<std::string>())) {
    std::erase_if(tags, [&](const TagRecord& tag) { return equals_ignore_case(tag.key, key); });
  }
}

std::vector<Tag> to_wire(const Tags& tags) {
  std::vector<Tag> result;
  for (const TagRecord& tag : tags) result.push_back({.key = tag.key, .value = tag.value});
  return result;
}

std::optional<std::vector<Tag>> to_wire_or_none(const Tags& tags) {
  if (tags.empty()) return std::nullopt;
  return to_wire(tags);
}

}  // namespace aerolith::iam
