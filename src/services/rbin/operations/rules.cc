// Retention rules are made, shown, changed and deleted. What is in the bin by then stays for as long as it was to.
#include "services/rbin/rules.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/encoding.h"
#include "base/random.h"
#include "rbin/model.h"
#include "services/rbin/operations/operations.h"

namespace aerolith::rbin {
namespace {

constexpr size_t kIdLength = 11;
constexpr std::string_view kIdAlphabet = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789";
constexpr size_t kMostRules = 250;
constexpr int32_t kMostResults = 1000;

bool has_all(const std::vector<ResourceTagRecord>& tags, const std::vector<ResourceTagRecord>& wanted) {
  return std::ranges::all_of(
      wanted, [&](const ResourceTagRecord& each) { return std::ranges::find(tags, each) != tags.end(); });
}

bool is_asked_for(const RuleRecord& rule, const ListRulesInput& input, Timestamp now) {
  return rule.type == read_type(*input.resource_type) &&
         (!input.lock_state || input.lock_state == show_lock_state(rule, now)) &&
         has_all(rule.resource_tags, read_resource_tags(input.resource_tags)) &&
         has_all(rule.exclude_tags, read_resource_tags(input.exclude_resource_tags));
}

RuleSummary summarize(const Call& call, const RuleRecord& rule) {
  RuleSummary summary{.identifier = rule.id,
                      .retention_period = show_retention(rule),
                      .lock_state = show_lock_state(rule, call.context.now),
                      .rule_arn = make_rule_arn(call.account(), call.region(), rule.id)};
  if (!rule.description.empty()) summary.description = rule.description;
  return summary;
}

}  // namespace

Result<CreateRuleOutput> create_rule(Call& call, const CreateRuleInput& input) {
  RuleRecord rule{.id = random_string(kIdLength, kIdAlphabet),
                  .type = read_type(*input.resource_type),
                  .description = input.description.value_or(""),
                  .resource_tags = read_resource_tags(input.resource_tags),
                  .exclude_tags = read_resource_tags(input.exclude_resource_tags),
                  .created_at = call.context.now};
  rule.retention_days = TRY(read_retention(rule.type, *input.retention_period));
  TRY(add_tags(rule, input.tags.value_or(std::vector<Tag>())));
  if (input.lock_configuration) {
    TRY(require_lockable(rule));
    rule.lock = RuleLockRecord{.unlock_delay_days = *input.lock_configuration->unlock_delay->unlock_delay_value};
  }
  TRY(metadata::run_transaction(call.metadata, [&](metadata::Transaction& txn) -> Result<> {
    if (TRY(count_rules(txn, call.account())) >= kMostRules) {
      return errors::quota_exceeded(fmt::format("An account can have {} retention rules.", kMostRules));
    }
    TRY(check_resource_tags(txn, call, rule));
    put_rule(txn, call, rule);
    return {};
  }));
  return show_rule<CreateRuleOutput>(call, rule);
}

Result<GetRuleOutput> get_rule(Call& call, const GetRuleInput& input) {
  const auto txn = call.metadata.begin_read();
  return show_rule<GetRuleOutput>(call, TRY(get_rule_record(*txn, call, *input.identifier)));
}

Result<ListRulesOutput> list_rules(Call& call, const ListRulesInput& input) {
  const auto after = base64_decode(input.next_token.value_or(""));
  if (!after) return errors::invalid_page_token();
  const auto limit = static_cast<size_t>(input.max_results.value_or(kMostResults));
  const auto txn = call.metadata.begin_read();
  ListRulesOutput output{.rules = std::vector<RuleSummary>()};
  auto rows = kRules.scan(*txn, metadata::Direction::forward, call.account(), call.region());
  if (!after->empty()) rows.seek_past(call.account(), call.region(), *after);
  while (TRY(rows.next())) {
    const RuleRecord rule = TRY(rows.record());
    if (!is_asked_for(rule, input, call.context.now)) continue;
    if (output.rules->size() == limit) {
      output.next_token = base64_encode(*output.rules->back().identifier);
      break;
    }
    output.rules->push_back(summarize(call, rule));
  }
  return output;
}

// What isn't given stays as it is.
Result<UpdateRuleOutput> update_rule(Call& call, const UpdateRuleInput& input) {
  const RuleRecord changed =
      TRY(metadata::run_transaction(call.metadata, [&](metadata::Transaction& txn) -> Result<RuleRecord> {
        RuleRecord rule = TRY(get_rule_record(txn, call, *input.identifier));
        TRY(require_unlocked(rule, call.context.now));
        if (input.resource_type && read_type(*input.resource_type) != rule.type) {
          return errors::invalid_parameter("The resource type of a retention rule can't be changed.");
        }
        if (input.retention_period) rule.retention_days = TRY(read_retention(rule.type, *input.retention_period));
        if (input.description) rule.description = *input.description;
        if (input.resource_tags) rule.resource_tags = read_resource_tags(input.resource_tags);
        if (input.exclude_resource_tags) rule.exclude_tags = read_resource_tags(input.exclude_resource_tags);
        TRY(check_resource_tags(txn, call, rule));
        put_rule(txn, call, rule);
        return rule;
      }));
  return show_rule<UpdateRuleOutput>(call, changed);
}

Result<DeleteRuleOutput> delete_rule(Call& call, const DeleteRuleInput& input) {
  TRY(metadata::run_transaction(call.metadata, [&](metadata::Transaction& txn) -> Result<> {
    const RuleRecord rule = TRY(get_rule_record(txn, call, *input.identifier));
    TRY(require_unlocked(rule, call.context.now));
    kRules.erase(txn, {call.account(), call.region(), rule.id});
    return {};
  }));
  return DeleteRuleOutput{};
}

}  // namespace aerolith::rbin
