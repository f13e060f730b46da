#include "services/ec2/placement_groups.h"

#include <gtest/gtest.h>

#include "ec2/operations/create_placement_group.h"
#include "ec2/operations/delete_placement_group.h"
#include "ec2/operations/describe_placement_groups.h"
#include "services/ec2/handler_test.h"
#include "services/ec2/operations/operations.h"

namespace aerolith::ec2 {
namespace {

class PlacementGroupsTest : public HandlerTest {
 protected:
  PlacementGroupRecord make(const std::string& name, const std::string& strategy, std::optional<int32_t> count = {}) {
    CreatePlacementGroupInput input{.partition_count = count};
    input.group_name = name;
    input.strategy = strategy;
    const auto made = ask(create_placement_group, input);
    EXPECT_TRUE(made.has_value());
    return *find_placement_group(*store_->begin_read(), scope_, name, std::nullopt).value();
  }
  void put_instance(const PlacementGroupRecord& group, const std::string& zone, LifeState state,
                    int32_t partition = 0) {
    InstanceRecord record{.id = make_id(Kind::instance), .zone = zone, .state = state};
    record.placement_group = group.name;
    record.partition = partition;
    write([&](metadata::Transaction& txn) -> Result<> {
      kInstances.put(txn, scope_, record);
      return {};
    });
  }
  Result<Places> places(const PlacementGroupRecord& group, const std::string& zone, std::string_view type = "m5.large",
                        std::optional<int32_t> partition = {}) {
    return Places::find(*store_->begin_read(), scope_, group, *find_instance_type(type), zone, partition);
  }
  std::string code(const Result<Places>& found) { return found.has_value() ? "none" : found.error().code; }
};

TEST_F(PlacementGroupsTest, SevenOfASpreadGroupRunInAZone) {
  const auto group = make("apart", "spread");
  for (int i = 0; i < 6; ++i) put_instance(group, "us-east-1a", LifeState::running);
  put_instance(group, "us-east-1a", LifeState::stopped);
  put_instance(group, "us-east-1a", LifeState::terminated);
  EXPECT_EQ(places(group, "us-east-1a")->left(), 1);
  EXPECT_EQ(places(group, "us-east-1b")->left(), 7);
  put_instance(group, "us-east-1a", LifeState::pending);
  EXPECT_EQ(places(group, "us-east-1a")->left(), 0);
  const InstanceRecord again{.id = "i-1", .zone = "us-east-1a", .placement_group = "apart"};
  const auto start = check_may_start(*store_->begin_read(), scope_, again);
  ASSERT_FALSE(start.has_value());
  EXPECT_EQ(start.error().code, "InsufficientInstanceCapacity");
}

TEST_F(PlacementGroupsTest, AClusterIsInOneZone) {
  const auto group = make("near", "cluster");
  put_instance(group, "us-east-1a", LifeState::running);
  EXPECT_EQ(code(places(group, "us-east-1a")), "none");
  EXPECT_EQ(code(places(group, "us-east-1b")), "InvalidPlacementGroup.InUse");
  EXPECT_EQ(code(places(group, "us-east-1a", "t3.micro")), "InvalidParameterCombination");
  EXPECT_EQ(code(places(group, "us-east-1a", "m5.large", 1)), "InvalidParameterCombination");
}

TEST_F(PlacementGroupsTest, TheEmptiestPartitionIsNext) {
  const auto group = make("parts", "partition", 3);
  put_instance(group, "us-east-1a", LifeState::running, 1);
  put_instance(group, "us-east-1a", LifeState::stopped, 2);
  put_instance(group, "us-east-1b", LifeState::running, 3);
  auto found = places(group, "us-east-1a");
  ASSERT_TRUE(found.has_value());
  InstanceRecord instance;
  found->take(instance);
  EXPECT_EQ(instance.partition, 3);
  EXPECT_EQ(instance.placement_group, "parts");
  found->take(instance);
  EXPECT_EQ(instance.partition, 1);
  auto named = places(group, "us-east-1a", "m5.large", 2);
  named->take(instance);
  EXPECT_EQ(instance.partition, 2);
  EXPECT_EQ(code(places(group, "us-east-1a", "m5.large", 4)), "InvalidParameterValue");
}

TEST_F(PlacementGroupsTest, AGroupEndsWhenNoneIsInIt) {
  const auto group = make("mine", "spread");
  EXPECT_EQ(code_of(create_placement_group, {.group_name = "mine", .strategy = "spread"}),
            "InvalidPlacementGroup.Duplicate");
  put_instance(group, "us-east-1a", LifeState::stopped);
  EXPECT_EQ(code_of(delete_placement_group, {.group_name = "mine"}), "InvalidPlacementGroup.InUse");
  write([&](metadata::Transaction& txn) -> Result<> {
    for (InstanceRecord& each : TRY(kInstances.all(txn, scope_))) {
      each.state = LifeState::terminated;
      kInstances.put(txn, scope_, each);
    }
    return {};
  });
  EXPECT_EQ(code_of(delete_placement_group, {.group_name = "mine"}), "none");
  EXPECT_EQ(code_of(delete_placement_group, {.group_name = "mine"}), "InvalidPlacementGroup.Unknown");
  EXPECT_EQ(code_of(create_placement_group, {.group_name = "mine", .strategy = "spread"}), "none");
}

}  // namespace
}  // namespace aerolith::ec2
