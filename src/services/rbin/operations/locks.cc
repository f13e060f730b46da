// Rules that nobody changes or deletes before a delay is over that somebody has asked for aloud.
// https://docs.aws.amazon.com/ebs/latest/userguide/recycle-bin-lock.html
#include <fmt/format.h>

#include <chrono>

#include "rbin/model.h"
#include "services/rbin/operations/operations.h"
#include "services/rbin/rules.h"

namespace aerolith::rbin {

// Also one whose delay isn't over: who sees that it was unlocked may lock it again.
Result<LockRuleOutput> lock_rule(Call& call, const LockRuleInput& input) {
  const RuleRecord locked =
      TRY(metadata::run_transaction(call.metadata, [&](metadata::Transaction& txn) -> Result<RuleRecord> {
        RuleRecord rule = TRY(get_rule_record(txn, call, *input.identifier));
        TRY(require_lockable(rule));
        if (lock_state_of(rule, call.context.now) == LockState::locked) {
          return errors::invalid_rule_state(fmt::format("The retention rule {} is locked already.", rule.id));
        }
        const int32_t delay = *input.lock_configuration->unlock_delay->unlock_delay_value;
        if (lock_state_of(rule, call.context.now) == LockState::pending_unlock &&
            delay < rule.lock->unlock_delay_days) {
          return errors::invalid_parameter(
              "While its unlock delay lasts, a retention rule can only be locked with the same delay or a longer one.");
        }
        rule.lock = RuleLockRecord{.unlock_delay_days = delay};
        put_rule(txn, call, rule);
        return rule;
      }));
  return show_rule<LockRuleOutput>(call, locked);
}

Result<UnlockRuleOutput> unlock_rule(Call& call, const UnlockRuleInput& input) {
  const RuleRecord unlocked =
      TRY(metadata::run_transaction(call.metadata, [&](metadata::Transaction& txn) -> Result<RuleRecord> {
        RuleRecord rule = TRY(get_rule_record(txn, call, *input.identifier));
        if (lock_state_of(rule, call.context.now) != LockState::locked) {
          return errors::invalid_rule_state(fmt::format("The retention rule {} is not locked.", rule.id));
        }
        rule.lock->unlocked_at = call.context.now + std::chrono::days(rule.lock->unlock_delay_days);
        put_rule(txn, call, rule);
        return rule;
      }));
  return show_rule<UnlockRuleOutput>(call, unlocked);
}

}  // namespace aerolith::rbin
