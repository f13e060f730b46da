#include "services/rbin/rules.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <utility>

namespace aerolith::rbin {
namespace {

struct TypeFacts {
  ResourceType type;
  std::string_view name;
  int32_t most_days;
};
constexpr std::array kTypes{
    TypeFacts{ResourceType::ebs_snapshot, "EBS_SNAPSHOT", 365},
    TypeFacts{ResourceType::ec2_image, "EC2_IMAGE", 365},
    TypeFacts{ResourceType::ebs_volume, "EBS_VOLUME", 7},
};

const TypeFacts& facts(ResourceType type) { return *std::ranges::find(kTypes, type, &TypeFacts::type); }

// https://docs.aws.amazon.com/ebs/latest/userguide/recycle-bin.html#recycle-bin-quotas
constexpr size_t kMostTags = 50;
constexpr size_t kMostRulesOfTag = 5;

}  // namespace

std::string_view name_of(ResourceType type) { return facts(type).name; }

ResourceType read_type(std::string_view name) {
  const auto* const found = std::ranges::find(kTypes, name, &TypeFacts::name);
  return found == kTypes.end() ? ResourceType::ebs_snapshot : found->type;
}

std::string make_rule_arn(const AccountId& account, const Region& region, std::string_view id) {
  return fmt::format("arn:aws:rbin:{}:{}:rule/{}", region.view(), account.view(), id);
}

std::optional<std::string> read_rule_arn(const AccountId& account, const Region& region, std::string_view arn) {
  const std::string prefix = make_rule_arn(account, region, "");
  if (!arn.starts_with(prefix)) return std::nullopt;
  return std::string(arn.substr(prefix.size()));
}

Result<RuleRecord> get_rule_record(metadata::ReadTransaction& txn, const Call& call, const std::string& id) {
  auto rule = TRY(kRules.get(txn, {call.account(), call.region(), id}));
  if (!rule) return errors::rule_not_found(id);
  return *std::move(rule);
}

void put_rule(metadata::Transaction& txn, const Call& call, const RuleRecord& rule) {
  kRules.put(txn, {call.account(), call.region(), rule.id}, rule);
}

LockState lock_state_of(const RuleRecord& rule, Timestamp now) {
  if (!rule.lock) return LockState::never_locked;
  if (!rule.lock->unlocked_at) return LockState::locked;
  return now < *rule.lock->unlocked_at ? LockState::pending_unlock : LockState::unlocked;
}

std::optional<std::string> show_lock_state(const RuleRecord& rule, Timestamp now) {
  switch (lock_state_of(rule, now)) {
    case LockState::never_locked:
      return std::nullopt;
    case LockState::locked:
      return "locked";
    case LockState::pending_unlock:
      return "pending_unlock";
    case LockState::unlocked:
      return "unlocked";
  }
  std::unreachable();
}

Result<> require_lockable(const RuleRecord& rule) {
  if (rule.is_tag_level()) return errors::invalid_parameter("Only Region-level retention rules can be locked.");
  if (rule.exclude_tags.empty()) return {};
  return errors::invalid_parameter("Region-level retention rules that have exclusion tags can't be locked.");
}

Result<> require_unlocked(const RuleRecord& rule, Timestamp now) {
  switch (lock_state_of(rule, now)) {
    case LockState::locked:
      return errors::invalid_rule_state(
          fmt::format("The retention rule {} is locked and can't be modified or deleted.", rule.id));
    case LockState::pending_unlock:
      return errors::invalid_rule_state(
          fmt::format("The unlock delay of the retention rule {} lasts until {}: it can't be modified or deleted.",
                      rule.id, format_iso8601(*rule.lock->unlocked_at)));
    case LockState::never_locked:
    case LockState::unlocked:
      return {};
  }
  std::unreachable();
}

Result<int32_t> read_retention(ResourceType type, const RetentionPeriod& period) {
  const int32_t most = facts(type).most_days;
  const int32_t asked = *period.retention_period_value;
  if (asked >= 1 && asked <= most) return asked;
  return errors::invalid_parameter(
      fmt::format("The retention period of {} must be between 1 and {} days.", name_of(type), most));
}

std::vector<ResourceTagRecord> read_resource_tags(const std::optional<std::vector<ResourceTag>>& tags) {
  std::vector<ResourceTagRecord> result;
  if (!tags) return result;
  for (const ResourceTag& each : *tags) {
    ResourceTagRecord tag{.key = *each.resource_tag_key, .value = each.resource_tag_value.value_or("")};
    if (std::ranges::find(result, tag) == result.end()) result.push_back(std::move(tag));
  }
  return result;
}

Result<> check_resource_tags(metadata::ReadTransaction& txn, const Call& call, const RuleRecord& rule) {
  if (!rule.resource_tags.empty() && !rule.exclude_tags.empty()) {
    return errors::invalid_parameter("Exclusion tags can be specified for Region-level retention rules only.");
  }
  std::vector<RuleRecord> others;
  auto rows = kRules.scan(txn, metadata::Direction::forward, call.account(), call.region());
  while (TRY(rows.next())) {
    RuleRecord other = TRY(rows.record());
    if (other.id != rule.id && other.type == rule.type) others.push_back(std::move(other));
  }
  for (const ResourceTagRecord& tag : rule.resource_tags) {
    const auto has_it = [&](const RuleRecord& other) {
      return std::ranges::find(other.resource_tags, tag) != other.resource_tags.end();
    };
    if (static_cast<size_t>(std::ranges::count_if(others, has_it)) < kMostRulesOfTag) continue;
    return errors::quota_exceeded(
        fmt::format("The tag {}={} is in {} retention rules already.", tag.key, tag.value, kMostRulesOfTag));
  }
  return {};
}

Result<> add_tags(RuleRecord& rule, const std::vector<Tag>& tags) {
  for (const Tag& tag : tags) {
    if (tag.key->starts_with("aws:")) {
      return errors::invalid_parameter("Tag keys that begin with aws: are reserved for internal use.");
    }
    rule.tags[*tag.key] = *tag.value;
  }
  if (rule.tags.size() <= kMostTags) return {};
  return errors::quota_exceeded(fmt::format("A retention rule can have {} tags at most.", kMostTags));
}

RetentionPeriod show_retention(const RuleRecord& rule) {
  return {.retention_period_value = rule.retention_days, .retention_period_unit = "DAYS"};
}

std::vector<ResourceTag> show_resource_tags(const std::vector<ResourceTagRecord>& tags) {
  std::vector<ResourceTag> shown;
  for (const ResourceTagRecord& each : tags) {
    shown.push_back({.resource_tag_key = each.key, .resource_tag_value = each.value});
  }
  return shown;
}

std::optional<LockConfiguration> show_lock(const RuleRecord& rule) {
  if (!rule.lock) return std::nullopt;
  return LockConfiguration{
      .unlock_delay = UnlockDelay{.unlock_delay_value = rule.lock->unlock_delay_days, .unlock_delay_unit = "DAYS"}};
}

std::vector<Tag> show_tags(const RuleRecord& rule) {
  std::vector<Tag> shown;
  for (const auto& [key, value] : rule.tags) shown.push_back({.key = key, .value = value});
  return shown;
}

}  // namespace aerolith::rbin
