#include <algorithm>

#include "metadata/erase_rows.h"
#include "services/rbin/api.h"
#include "services/rbin/tables.h"

namespace aerolith::rbin {
namespace {

bool has_any(const std::map<std::string, std::string>& tags, const std::vector<ResourceTagRecord>& wanted) {
  return std::ranges::any_of(wanted, [&](const ResourceTagRecord& each) {
    const auto found = tags.find(each.key);
    return found != tags.end() && found->second == each.value;
  });
}

bool matches(const RuleRecord& rule, const Deleted& deleted) {
  if (rule.type != deleted.type) return false;
  return rule.is_tag_level() ? has_any(deleted.tags, rule.resource_tags) : !has_any(deleted.tags, rule.exclude_tags);
}

}  // namespace

// https://docs.aws.amazon.com/ebs/latest/userguide/recycle-bin-factors.html
metadata::Result<std::optional<std::chrono::days>> find_retention(metadata::ReadTransaction& txn,
                                                                  const Deleted& deleted) {
  std::optional<std::chrono::days> longest;
  auto rows = kRules.scan(txn, metadata::Direction::forward, deleted.account, deleted.region);
  while (TRY(rows.next())) {
    const RuleRecord rule = TRY(rows.record());
    if (!matches(rule, deleted)) continue;
    longest = std::max(longest.value_or(std::chrono::days(0)), std::chrono::days(rule.retention_days));
  }
  return longest;
}

metadata::Result<size_t> count_rules(metadata::ReadTransaction& txn, const AccountId& account) {
  size_t count = 0;
  auto rows = kRules.scan(txn, metadata::Direction::forward, account);
  while (TRY(rows.next())) ++count;
  return count;
}

metadata::Result<> erase_account(metadata::Transaction& txn, const AccountId& account) {
  return metadata::erase_rows(txn, kRules, account);
}

}  // namespace aerolith::rbin
