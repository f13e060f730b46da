// What several operations ask of retention rules.
// https://docs.aws.amazon.com/ebs/latest/userguide/recycle-bin.html
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "rbin/model/lock_configuration.h"
#include "rbin/model/resource_tag.h"
#include "rbin/model/retention_period.h"
#include "rbin/model/tag.h"
#include "services/rbin/call.h"
#include "services/rbin/tables.h"

namespace aerolith::rbin {

std::string_view name_of(ResourceType type);
// The model has no others.
ResourceType read_type(std::string_view name);

std::string make_rule_arn(const AccountId& account, const Region& region, std::string_view id);
// The id in an ARN of a rule of the caller's; nullopt: it is another's, or none.
std::optional<std::string> read_rule_arn(const AccountId& account, const Region& region, std::string_view arn);

// ResourceNotFoundException.
Result<RuleRecord> get_rule_record(metadata::ReadTransaction& txn, const Call& call, const std::string& id);
void put_rule(metadata::Transaction& txn, const Call& call, const RuleRecord& rule);

enum class LockState : uint8_t { never_locked, locked, pending_unlock, unlocked };
LockState lock_state_of(const RuleRecord& rule, Timestamp now);
// Nullopt of one that was never locked.
std::optional<std::string> show_lock_state(const RuleRecord& rule, Timestamp now);
// "You can't lock tag-level retention rules, or Region-level retention rules that have exclusion tags.":
// ValidationException. https://docs.aws.amazon.com/recyclebin/latest/APIReference/API_LockRule.html
Result<> require_lockable(const RuleRecord& rule);
// ConflictException of one that is locked, or not unlocked for long enough.
Result<> require_unlocked(const RuleRecord& rule, Timestamp now);

// ValidationException; duplicates count once.
Result<int32_t> read_retention(ResourceType type, const RetentionPeriod& period);
std::vector<ResourceTagRecord> read_resource_tags(const std::optional<std::vector<ResourceTag>>& tags);
// ValidationException of both kinds of tags in one rule, ServiceQuotaExceededException of a tag in too many rules.
Result<> check_resource_tags(metadata::ReadTransaction& txn, const Call& call, const RuleRecord& rule);
// Adds them to the rule. ValidationException, ServiceQuotaExceededException.
Result<> add_tags(RuleRecord& rule, const std::vector<Tag>& tags);

RetentionPeriod show_retention(const RuleRecord& rule);
std::vector<ResourceTag> show_resource_tags(const std::vector<ResourceTagRecord>& tags);
std::optional<LockConfiguration> show_lock(const RuleRecord& rule);
std::vector<Tag> show_tags(const RuleRecord& rule);

// What all answers that show a rule have.
template <typename Shown>
Shown show_rule(const Call& call, const RuleRecord& rule) {
  Shown shown;
  shown.identifier = rule.id;
  if (!rule.description.empty()) shown.description = rule.description;
  shown.resource_type = std::string(name_of(rule.type));
  shown.retention_period = show_retention(rule);
  shown.resource_tags = show_resource_tags(rule.resource_tags);
  shown.exclude_resource_tags = show_resource_tags(rule.exclude_tags);
  // A rule holds as soon as it is there.
  shown.status = "available";
  shown.lock_state = show_lock_state(rule, call.context.now);
  shown.rule_arn = make_rule_arn(call.account(), call.region(), rule.id);
  if constexpr (requires { shown.lock_configuration; }) shown.lock_configuration = show_lock(rule);
  if constexpr (requires { shown.lock_end_time; }) {
    if (lock_state_of(rule, call.context.now) == LockState::pending_unlock) {
      shown.lock_end_time = rule.lock->unlocked_at;
    }
  }
  if constexpr (requires { shown.tags; }) shown.tags = show_tags(rule);
  return shown;
}

}  // namespace aerolith::rbin
