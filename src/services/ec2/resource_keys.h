// The context keys of each thing that a call acts on: its own tags, those that the call gives to it, and whose it is. A
// call of several things is judged for each by that one's keys: what one has says nothing about another.
// https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/supported-iam-actions-tagging.html
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "gateway/authorize.h"
#include "gateway/call.h"
#include "services/ec2/tags.h"

namespace aerolith::ec2 {

// The tags that a call gives to what it makes of this kind.
std::vector<Tag> tags_for(const TagSpecifications& specifications, Kind kind);
// Asked for with the tags of the role that is passed in the place of those that are given.
inline constexpr std::string_view kPassRole = "iam:PassRole";
inline constexpr std::string_view kRunInstances = "ec2:RunInstances";
// What a thing will be that a call makes: context keys and their values.
using Facts = std::vector<std::pair<std::string, std::string>>;
// As AccessNeed::instance carries them in this service.
std::string pack_keys(const std::vector<Tag>& tags, const Facts& facts);
inline std::string pack_tags(const std::vector<Tag>& tags) { return pack_keys(tags, {}); }
// What ServiceTable::resource_policy answers: no policy, but aws:ResourceTag, ec2:ResourceTag, aws:RequestTag and
// aws:TagKeys of the need's resource; of a role, aws:ResourceTag and iam:ResourceTag. Of snapshots and images
// aws:ResourceAccount and ec2:Owner are their owner's, whoever calls ("amazon" of images that came with the
// installation); tags are always those that the caller's account gave. ec2:ParentVolume of snapshots,
// ec2:ParentSnapshot of volumes. And the facts that the need carries. A store that can't be read adds nothing: the
// handler tells.
// https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_condition-keys.html#condition-keys-resourceaccount
gateway::ResourcePolicy keys_of(metadata::Store& store, const gateway::CallContext& context,
                                const gateway::AccessNeed& need);

}  // namespace aerolith::ec2
