// The records of this service; docs/formats/rbin.md is the page about them.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "base/strong_string.h"
#include "base/time.h"
#include "metadata/table.h"
#include "services/rbin/api.h"

namespace aerolith::rbin {

struct ResourceTagRecord {
  std::string key;
  std::string value;
  bool operator==(const ResourceTagRecord&) const = default;
};
template <class Archive>
void fields(Archive& archive, ResourceTagRecord& r) {
  archive(r.key, r.value);
}

// Of a rule that was locked once; it never loses it.
struct RuleLockRecord {
  int32_t unlock_delay_days = 0;
  std::optional<Timestamp> unlocked_at;  // when its delay is over; nullopt: it is locked
};
template <class Archive>
void fields(Archive& archive, RuleLockRecord& r) {
  archive(r.unlock_delay_days, r.unlocked_at);
}

struct RuleRecord {
  static constexpr uint32_t kVersion = 1;
  std::string id;
  ResourceType type = ResourceType::ebs_snapshot;
  int32_t retention_days = 0;
  std::string description;
  std::vector<ResourceTagRecord> resource_tags;  // empty: of all in the region, but for those with these tags:
  std::vector<ResourceTagRecord> exclude_tags;
  std::map<std::string, std::string> tags;
  Timestamp created_at;
  std::optional<RuleLockRecord> lock;

  bool is_tag_level() const { return !resource_tags.empty(); }
};
template <class Archive>
void fields(Archive& archive, RuleRecord& r) {
  archive(r.id, r.type, r.retention_days, r.description, r.resource_tags, r.exclude_tags, r.tags, r.created_at, r.lock);
}

inline const metadata::Table<RuleRecord, AccountId, Region, std::string> kRules{"rbin.rule"};

}  // namespace aerolith::rbin
