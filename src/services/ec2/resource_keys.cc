#include "services/ec2/resource_keys.h"

#include <array>
#include <charconv>

#include "services/ec2/network_tables.h"
#include "services/ec2/shown_image.h"
#include "services/ec2/snapshots.h"

namespace aerolith::ec2 {
namespace {

constexpr std::array<std::string_view, 6> kVolumeKeys{"ec2:Encrypted",  "ec2:ParentSnapshot",   "ec2:VolumeIops",
                                                      "ec2:VolumeSize", "ec2:VolumeThroughput", "ec2:VolumeType"};

// "vpc-1" of "arn:aws:ec2:us-east-1:123456789012:vpc/vpc-1". Of key pairs and placement groups, whose ARNs have their
// names, the id.
std::string id_of(metadata::Store& store, const Scope& scope, std::string_view arn) {
  const size_t slash = arn.find('/');
  if (!arn.starts_with("arn:aws:ec2:") || slash == std::string_view::npos) return "";
  const std::string id(arn.substr(slash + 1));
  const std::string type(arn.substr(arn.rfind(':', slash) + 1, slash - arn.rfind(':', slash) - 1));
  if (type != "key-pair" && type != "placement-group") return id;
  const auto named = kNames.newest(store, {scope.account, scope.region, type + "/" + id});
  return named.has_value() && *named ? (*named)->owner : id;
}

void add_stored_tags(metadata::Store& store, const Scope& scope, const std::string& id, policy::Context& keys) {
  const auto found = kTags.newest(store, {scope.account, scope.region, id});
  if (!found.has_value() || !*found) return;
  for (const auto& [key, value] : (*found)->tags) {
    keys.set("aws:ResourceTag/" + key, value);
    keys.set("ec2:ResourceTag/" + key, value);
  }
}

// Whose it is: of snapshots and images, which may be shared, it needn't be the caller's account.
void add_owner(std::string_view owner, policy::Context& keys) {
  keys.set("ec2:Owner", owner);
  keys.replace("aws:ResourceAccount", owner);
}

void add_snapshot_keys(const SnapshotRecord& snapshot, const Scope& scope, policy::Context& keys) {
  add_owner(snapshot.owner, keys);
  if (snapshot.volume == kNoVolume) return;
  const Scope whose{.account = AccountId(snapshot.owner), .region = scope.region};
  keys.set("ec2:ParentVolume", make_arn(whose, Kind::volume, snapshot.volume));
}

// Of what is there. What is being made of these kinds will be the caller's.
void add_facts(metadata::Store& store, const Scope& scope, const std::string& id, std::string_view arn,
               policy::Context& keys) {
  const std::string_view type = arn.substr(0, arn.find('/'));
  if (id == "*") {
    if (type.ends_with(":snapshot") || type.ends_with(":image")) keys.set("ec2:Owner", scope.account.view());
    return;
  }
  if (type.ends_with(":snapshot")) {
    const auto found = kSnapshots.rows().newest(store, {AccountId(), scope.region, id});
    if (found.has_value() && *found) add_snapshot_keys(**found, scope, keys);
    return;
  }
  keys.remove_prefix("ec2:ParentSnapshot");  // but for what a call makes of one, which tells it itself
  if (type.ends_with(":image")) {
    const auto found = kImages.rows().newest(store, {AccountId(), scope.region, id});
    if (found.has_value() && *found) add_owner(owner_of(**found), keys);
  }
  if (type.ends_with(":volume")) {
    const auto found = kVolumes.rows().newest(store, {scope.account, scope.region, id});
    if (!found.has_value() || !*found || (*found)->snapshot.empty()) return;
    keys.set("ec2:ParentSnapshot", make_arn(scope, Kind::snapshot, (*found)->snapshot));
  }
}

// Lengths before texts, so that no text can look like two.
void append(std::string& packed, std::string_view text) {
  packed.append(std::to_string(text.size())).append(":").append(text);
}

std::string_view take(std::string_view& packed) {
  size_t length = 0;
  const auto [end, error] = std::from_chars(packed.data(), packed.data() + packed.size(), length);
  packed.remove_prefix(static_cast<size_t>(end - packed.data()) + 1);
  const std::string_view text = packed.substr(0, length);
  packed.remove_prefix(text.size());
  return text;
}

}  // namespace

std::vector<Tag> tags_for(const TagSpecifications& specifications, Kind kind) {
  std::vector<Tag> result;
  if (!specifications) return result;
  for (const TagSpecification& each : *specifications) {
    if (!each.tags || kind_of_type(each.resource_type.value_or("")) != kind) continue;
    result.insert(result.end(), each.tags->begin(), each.tags->end());
  }
  return result;
}

std::string pack_keys(const std::vector<Tag>& tags, const Facts& facts) {
  if (tags.empty() && facts.empty()) return "";
  std::string packed_tags;
  for (const Tag& tag : tags) {
    append(packed_tags, tag.key.value_or(""));
    append(packed_tags, tag.value.value_or(""));
  }
  std::string packed;
  append(packed, packed_tags);
  for (const auto& [key, value] : facts) {
    append(packed, key);
    append(packed, value);
  }
  return packed;
}

gateway::ResourcePolicy keys_of(metadata::Store& store, const gateway::CallContext& context,
                                const gateway::AccessNeed& need) {
  gateway::ResourcePolicy result{.owner = context.principal().account};
  result.add_keys = [&](policy::Context& keys) {
    // Those of what was asked about before.
    for (const std::string_view prefix : {"aws:ResourceTag/", "ec2:ResourceTag/", "iam:ResourceTag/", "aws:RequestTag/",
                                          "aws:TagKeys", "ec2:Owner", "ec2:ParentVolume"}) {
      keys.remove_prefix(prefix);
    }
    const Scope scope{.account = context.principal().account, .region = context.region};
    if (const std::string id = id_of(store, scope, need.resource); !id.empty()) {
      add_facts(store, scope, id, need.resource, keys);
      add_stored_tags(store, scope, id, keys);
    }
    // Of a launch, each volume has its own; of other calls they are the whole call's (targets.h).
    for (const std::string_view key : kVolumeKeys) {
      if (need.action == kRunInstances) keys.remove_prefix(key);
    }
    std::string_view packed = need.instance;
    for (std::string_view rest = packed.empty() ? packed : take(packed); !rest.empty();) {
      const std::string_view key = take(rest);
      const std::string_view value = take(rest);
      if (need.action == kPassRole) {
        keys.set("aws:ResourceTag/" + std::string(key), value);
        keys.set("iam:ResourceTag/" + std::string(key), value);
      } else {
        keys.set("aws:RequestTag/" + std::string(key), value);
        keys.add_value("aws:TagKeys", key);
      }
    }
    while (!packed.empty()) {
      const std::string_view key = take(packed);
      keys.set(key, take(packed));
    }
  };
  return result;
}

}  // namespace aerolith::ec2
