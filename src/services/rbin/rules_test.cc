// Retention rules: what they match, and how locks hold them as time passes.
#include "services/rbin/rules.h"

#include <gtest/gtest.h>

#include <chrono>
#include <memory>
#include <set>

#include "os/test_directory.h"
#include "rbin/model.h"
#include "rbin/operations.h"
#include "services/rbin/operations/operations.h"
#include "services/rbin/service.h"

namespace aerolith::rbin {
namespace {

using std::chrono::days;

class RulesTest : public testing::Test {
 protected:
  RulesTest() {
    metadata::StoreOptions options;
    options.directory = folder_ / "metadata";
    store_ = metadata::open_store(options).value();
    context_.region = Region("us-east-1");
    context_.now = Timestamp(std::chrono::milliseconds(1'700'000'000'000));
    context_.key = std::make_shared<const auth::AccessKey>(auth::AccessKey{.principal = {.account = account_}});
  }

  template <typename Output, typename Input>
  Result<Output> ask(Result<Output> (*handler)(Call&, const Input&), const Input& input) {
    Call call{.context = context_, .metadata = *store_};
    return handler(call, input);
  }
  // "none" where it succeeds.
  template <typename Output, typename Input>
  std::string code_of(Result<Output> (*handler)(Call&, const Input&), const Input& input) {
    const auto answer = ask(handler, input);
    return answer.has_value() ? "none" : answer.error().code;
  }
  static CreateRuleInput rule(int32_t retention_days, const std::string& type = "EBS_SNAPSHOT") {
    return {
        .retention_period = RetentionPeriod{.retention_period_value = retention_days, .retention_period_unit = "DAYS"},
        .resource_type = type};
  }
  static std::vector<ResourceTag> tagged(const std::string& key, const std::string& value) {
    return {{.resource_tag_key = key, .resource_tag_value = value}};
  }
  static LockConfiguration delay(int32_t delay_days) {
    return {.unlock_delay = UnlockDelay{.unlock_delay_value = delay_days, .unlock_delay_unit = "DAYS"}};
  }
  std::string make(const CreateRuleInput& input) { return *ask(&create_rule, input).value().identifier; }
  // Of a snapshot with these tags; 0: it isn't kept.
  int64_t days_of(std::map<std::string, std::string> tags, ResourceType type = ResourceType::ebs_snapshot) {
    const auto txn = store_->begin_read();
    const auto found =
        find_retention(*txn, {.account = account_, .region = context_.region, .type = type, .tags = std::move(tags)});
    return found.value().value_or(days(0)).count();
  }
  std::string lock_state(const std::string& id) {
    return ask(&get_rule, GetRuleInput{.identifier = id}).value().lock_state.value_or("null");
  }

  os::TestDirectory folder_;
  std::unique_ptr<metadata::Store> store_;
  gateway::CallContext context_;
  const AccountId account_{"111122223333"};
};

TEST_F(RulesTest, EveryOperationHasItsRow) {
  const auto table = make_service(*store_);
  std::set<uint16_t> rows;
  for (const auto& entry : table.operations) {
    EXPECT_TRUE(rows.insert(entry.operation_id).second);
    EXPECT_EQ(entry.iam_action, "rbin:" + std::string(table.model->operations[entry.operation_id].name));
    EXPECT_EQ(entry.resource(context_, entry.make_input().get()), "arn:aws:rbin:us-east-1:111122223333:rule/*");
  }
  for (const protocol::Operation& operation : table.model->operations) {
    EXPECT_EQ(operation.implemented, rows.contains(operation.id)) << operation.name;
  }
}

TEST_F(RulesTest, TheLongestOfAllThatMatchHolds) {
  EXPECT_EQ(days_of({}), 0);
  CreateRuleInput of_region = rule(3);
  of_region.exclude_resource_tags = tagged("kept", "no");
  make(of_region);
  CreateRuleInput of_tag = rule(30);
  of_tag.resource_tags = {{.resource_tag_key = "team", .resource_tag_value = "red"}, {.resource_tag_key = "all"}};
  make(of_tag);
  make(rule(100, "EC2_IMAGE"));
  EXPECT_EQ(days_of({}), 3);
  EXPECT_EQ(days_of({{"team", "blue"}}), 3);
  EXPECT_EQ(days_of({{"team", "red"}}), 30);
  EXPECT_EQ(days_of({{"all", ""}}), 30);
  EXPECT_EQ(days_of({{"kept", "no"}}), 0);
  EXPECT_EQ(days_of({{"kept", "no"}, {"team", "red"}}), 30);
  EXPECT_EQ(days_of({}, ResourceType::ec2_image), 100);
  EXPECT_EQ(days_of({}, ResourceType::ebs_volume), 0);
}

TEST_F(RulesTest, WhatIsRefused) {
  EXPECT_EQ(code_of(&create_rule, rule(366)), "ValidationException");
  EXPECT_EQ(code_of(&create_rule, rule(8, "EBS_VOLUME")), "ValidationException");
  EXPECT_EQ(code_of(&create_rule, rule(7, "EBS_VOLUME")), "none");
  CreateRuleInput input = rule(1);
  input.resource_tags = tagged("a", "b");
  input.lock_configuration = delay(7);
  EXPECT_EQ(code_of(&create_rule, input), "ValidationException");
  input.lock_configuration.reset();
  input.exclude_resource_tags = tagged("c", "d");
  EXPECT_EQ(code_of(&create_rule, input), "ValidationException");
  CreateRuleInput excluding = rule(1);
  excluding.exclude_resource_tags = tagged("c", "d");
  excluding.lock_configuration = delay(7);
  EXPECT_EQ(code_of(&create_rule, excluding), "ValidationException");
  excluding.lock_configuration.reset();
  const std::string excludes = make(excluding);
  EXPECT_EQ(code_of(&lock_rule, LockRuleInput{.identifier = excludes, .lock_configuration = delay(7)}),
            "ValidationException");
  input.exclude_resource_tags.reset();
  for (int i = 0; i < 5; ++i) EXPECT_EQ(code_of(&create_rule, input), "none");
  EXPECT_EQ(code_of(&create_rule, input), "ServiceQuotaExceededException");
  EXPECT_EQ(code_of(&get_rule, GetRuleInput{.identifier = "abcdefghijk"}), "ResourceNotFoundException");
  EXPECT_EQ(code_of(&delete_rule, DeleteRuleInput{.identifier = "abcdefghijk"}), "ResourceNotFoundException");
  EXPECT_EQ(code_of(&list_tags_for_resource,
                    ListTagsForResourceInput{.resource_arn = "arn:aws:rbin:us-east-1:999999999999:rule/abcdefghijk"}),
            "ResourceNotFoundException");
}

TEST_F(RulesTest, ALockedRuleStaysUntilItsDelayIsOver) {
  CreateRuleInput input = rule(5);
  const std::string id = make(input);
  EXPECT_EQ(lock_state(id), "null");
  EXPECT_EQ(code_of(&unlock_rule, UnlockRuleInput{.identifier = id}), "ConflictException");
  const LockRuleInput lock{.identifier = id, .lock_configuration = delay(7)};
  EXPECT_EQ(ask(&lock_rule, lock).value().lock_state, "locked");
  EXPECT_EQ(code_of(&lock_rule, lock), "ConflictException");
  const UpdateRuleInput shorter{
      .identifier = id,
      .retention_period = RetentionPeriod{.retention_period_value = 1, .retention_period_unit = "DAYS"}};
  EXPECT_EQ(code_of(&update_rule, shorter), "ConflictException");
  const auto unlocked = ask(&unlock_rule, UnlockRuleInput{.identifier = id}).value();
  EXPECT_EQ(unlocked.lock_state, "pending_unlock");
  EXPECT_EQ(unlocked.lock_end_time, context_.now + days(7));
  EXPECT_EQ(code_of(&delete_rule, DeleteRuleInput{.identifier = id}), "ConflictException");
  EXPECT_EQ(ask(&lock_rule, lock).value().lock_state, "locked");  // who notices may take it back
  EXPECT_EQ(code_of(&unlock_rule, UnlockRuleInput{.identifier = id}), "none");
  context_.now += days(7);
  EXPECT_EQ(lock_state(id), "unlocked");
  EXPECT_EQ(code_of(&update_rule, shorter), "none");
  EXPECT_EQ(days_of({}), 1);
  EXPECT_EQ(code_of(&delete_rule, DeleteRuleInput{.identifier = id}), "none");
  EXPECT_EQ(days_of({}), 0);
}

TEST_F(RulesTest, TheyAreListedByWhatTheyAre) {
  std::set<std::string> made{make(rule(1)), make(rule(2)), make(rule(3))};
  CreateRuleInput locked = rule(4);
  locked.lock_configuration = delay(30);
  const std::string held = make(locked);
  make(rule(5, "EC2_IMAGE"));
  ListRulesInput asked{.max_results = 2, .resource_type = "EBS_SNAPSHOT"};
  std::set<std::string> seen;
  do {
    const auto page = ask(&list_rules, asked).value();
    for (const RuleSummary& each : *page.rules) seen.insert(*each.identifier);
    asked.next_token = page.next_token;
  } while (asked.next_token);
  made.insert(held);
  EXPECT_EQ(seen, made);
  const auto found = ask(&list_rules, ListRulesInput{.resource_type = "EBS_SNAPSHOT", .lock_state = "locked"}).value();
  ASSERT_EQ(found.rules->size(), 1U);
  EXPECT_EQ(found.rules->at(0).identifier, held);
  EXPECT_EQ(code_of(&list_rules, ListRulesInput{.next_token = "=", .resource_type = "EBS_SNAPSHOT"}),
            "ValidationException");
}

TEST_F(RulesTest, TagsOfRules) {
  CreateRuleInput input = rule(1);
  input.tags = {{.key = "a", .value = "1"}, {.key = "b", .value = "2"}};
  const auto made = ask(&create_rule, input).value();
  const std::string arn = *made.rule_arn;
  EXPECT_EQ(code_of(&tag_resource,
                    TagResourceInput{.resource_arn = arn, .tags = std::vector<Tag>{{.key = "aws:x", .value = ""}}}),
            "ValidationException");
  EXPECT_EQ(code_of(&tag_resource,
                    TagResourceInput{.resource_arn = arn, .tags = std::vector<Tag>{{.key = "b", .value = "3"}}}),
            "none");
  EXPECT_EQ(code_of(&untag_resource,
                    UntagResourceInput{.resource_arn = arn, .tag_keys = std::vector<std::string>{"a", "none"}}),
            "none");
  const auto left = ask(&list_tags_for_resource, ListTagsForResourceInput{.resource_arn = arn}).value();
  ASSERT_EQ(left.tags->size(), 1U);
  EXPECT_EQ(left.tags->at(0).value, "3");
}

}  // namespace
}  // namespace aerolith::rbin
