// The context keys of each thing that a call acts on: its own tags, and those that the call gives to it. A call of
// several things is judged for each by that one's tags: what one has says nothing about another.
// https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/supported-iam-actions-tagging.html
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "gateway/authorize.h"
#include "gateway/call.h"
#include "services/ec2/tags.h"

namespace aerolith::ec2 {

// The tags that a call gives to what it makes of this kind.
std::vector<Tag> tags_for(const TagSpecifications& specifications, Kind kind);
// Asked for with the tags of the role that is passed in the place of those that are given.
inline constexpr std::string_view kPassRole = "iam:PassRole";
// As AccessNeed::instance carries them in this service.
std::string pack_tags(const std::vector<Tag>& tags);
// What ServiceTable::resource_policy answers: no policy, but aws:ResourceTag, ec2:ResourceTag, aws:RequestTag and
// aws:TagKeys of the need's resource; of a role, aws:ResourceTag and iam:ResourceTag. A store that can't be read adds
// nothing: the handler tells.
gateway::ResourcePolicy keys_of(metadata::Store& store, const gateway::CallContext& context,
                                const gateway::AccessNeed& need);

}  // namespace aerolith::ec2
