// What DescribeInstanceStatus tells, by the clock.
#include <gtest/gtest.h>

#include "ec2/operations/describe_instance_status.h"
#include "services/ec2/handler_test.h"
#include "services/ec2/instance_tables.h"
#include "services/ec2/interfaces.h"
#include "services/ec2/operations/operations.h"
#include "services/ec2/vpcs.h"

namespace aerolith::ec2 {
namespace {

using namespace std::chrono_literals;

class InstanceStatusTest : public HandlerTest {
 protected:
  InstanceStatusTest() {
    cloud_->fabric = &fabric_;
    EXPECT_TRUE(arrive(*cloud_, scope_, clock_.now()).has_value());
    write([&](metadata::Transaction& txn) -> Result<> {
      const SubnetRecord subnet = TRY(kSubnets.all(txn, scope_)).front();
      const InterfaceRecord interface = TRY(make_interface(txn, scope_, {.subnet = subnet}));
      InstanceRecord record{.id = id_, .vpc = subnet.vpc, .subnet = subnet.id, .zone = subnet.zone, .type = "t3.micro"};
      record.interfaces = {interface.id};
      record.private_address = interface.addresses.front().address;
      record.volumes = {{.volume = "vol-1", .device = "/dev/xvda", .is_root = true}};
      record.state = LifeState::running;
      record.state_at = clock_.now();
      kInstances.put(txn, scope_, record);
      interface_ = interface.id;
      return {};
    });
    volumes_.sizes["vol-1"] = 1;
  }
  InstanceStatus look() {
    auto seen = ask(describe_instance_status, DescribeInstanceStatusInput{.include_all_instances = true});
    return std::move(seen.value().instance_statuses->at(0));
  }
  void set_state(LifeState state) {
    write([&](metadata::Transaction& txn) -> Result<> {
      InstanceRecord record = TRY(kInstances.get(txn, scope_, id_));
      record.state = state;
      record.state_at = clock_.now();
      kInstances.put(txn, scope_, record);
      return {};
    });
  }

  FakeFabric fabric_{fuse_};
  std::string id_ = "i-0123456789abcdef0";
  std::string interface_;
};

TEST_F(InstanceStatusTest, OneThatNeverAnswersIsImpairedAfterFiveMinutes) {
  fabric_.silent = {interface_};
  const Timestamp started = clock_.now();
  EXPECT_EQ(look().instance_status->status, "initializing");
  EXPECT_EQ(look().instance_status->details->at(0).status, "initializing");
  clock_.pass(5min - 1ms);
  EXPECT_EQ(look().instance_status->status, "initializing");
  EXPECT_FALSE(look().instance_status->details->at(0).impaired_since);
  clock_.pass(1ms);
  const InstanceStatus seen = look();
  EXPECT_EQ(seen.instance_status->status, "impaired");
  EXPECT_EQ(seen.instance_status->details->at(0).status, "failed");
  EXPECT_EQ(seen.instance_status->details->at(0).impaired_since, started);
  EXPECT_EQ(seen.system_status->status, "ok");
}

TEST_F(InstanceStatusTest, OneThatFallsSilentIsImpairedSinceThen) {
  EXPECT_EQ(look().instance_status->status, "ok");
  clock_.pass(1h);
  fabric_.silent = {interface_};
  const Timestamp fell_silent = clock_.now();
  EXPECT_EQ(look().instance_status->details->at(0).impaired_since, fell_silent);
  clock_.pass(1min);
  EXPECT_EQ(look().instance_status->details->at(0).impaired_since, fell_silent);
  fabric_.silent.clear();
  EXPECT_EQ(look().instance_status->status, "ok");
  clock_.pass(1min);
  fabric_.silent = {interface_};
  EXPECT_EQ(look().instance_status->details->at(0).impaired_since, fell_silent + 2min);
  set_state(LifeState::stopped);
  EXPECT_EQ(look().instance_status->status, "not-applicable");
  clock_.pass(1min);
  set_state(LifeState::running);
  const Timestamp started = clock_.now();
  clock_.pass(6min);
  EXPECT_EQ(look().instance_status->details->at(0).impaired_since, started);
}

TEST_F(InstanceStatusTest, VolumesAreLookedAtToo) {
  EXPECT_EQ(look().attached_ebs_status->status, "ok");
  EXPECT_EQ(look().attached_ebs_status->details->at(0).status, "passed");
  volumes_.sizes.clear();
  EXPECT_EQ(look().attached_ebs_status->status, "impaired");
  set_state(LifeState::stopped);
  EXPECT_EQ(look().attached_ebs_status->status, "not-applicable");
}

}  // namespace
}  // namespace aerolith::ec2
