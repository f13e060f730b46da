// Tags of users, roles, policies, instance profiles and the like: at most 50, keys unique without case.
// https://docs.aws.amazon.com/IAM/latest/UserGuide/id_tags.html#id_tags_rules
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "iam/model.h"
#include "services/iam/errors.h"

namespace aerolith::iam {

inline constexpr size_t kMaxTags = 50;

// InvalidInput for a key that comes twice, LimitExceeded for too many; `quota` as "TagsPerUser".
Result<Tags> read_tags(const std::optional<std::vector<Tag>>& tags, std::string_view quota);
// Adds and replaces.
Result<> merge_tags(Tags& tags, const std::optional<std::vector<Tag>>& added, std::string_view quota);
void remove_tags(Tags& tags, const std::optional<std::vector<std::string>>& keys);
std::vector<Tag> to_wire(const Tags& tags);
// None where there are none: that is how IAM leaves the element out.
std::optional<std::vector<Tag>> to_wire_or_none(const Tags& tags);

}  // namespace aerolith::iam
