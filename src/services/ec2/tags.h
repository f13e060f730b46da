// Tags of anything that has an id: at most 50, keys unique with case.
// https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/Using_Tags.html#tag-restrictions
#pragma once

#include <optional>
#include <vector>

#include "ec2/model/tag_specification.h"
#include "services/ec2/resources.h"

namespace aerolith::ec2 {

using TagSpecifications = std::optional<std::vector<TagSpecification>>;

inline constexpr size_t kMaxTags = 50;

Result<> check_tags(const std::vector<Tag>& tags);
// The tags for what is being made; any other resource type than `kind`'s is refused.
Result<TagMap> tags_to_make(const TagSpecifications& specifications, Kind kind);
// Of RunInstances and the like, which make things of several kinds.
Result<TagMap> tags_to_make(const TagSpecifications& specifications, Kind kind, const std::vector<Kind>& taggable);
std::vector<Tag> wire_tags(const TagMap& tags);
// Of answers that have no list where there are no tags.
std::optional<std::vector<Tag>> wire_tags_if_any(const TagMap& tags);

}  // namespace aerolith::ec2
