// Volumes that several instances may have: who may, and what is made of those that do.
#include "ec2/operations/attach_volume.h"
#include "ec2/operations/create_snapshot.h"
#include "ec2/operations/create_snapshots.h"
#include "ec2/operations/create_volume.h"
#include "ec2/operations/delete_volume.h"
#include "ec2/operations/describe_volumes.h"
#include "ec2/operations/detach_volume.h"
#include "ec2/operations/modify_volume.h"
#include "services/ec2/handler_test.h"
#include "services/ec2/instance_end.h"
#include "services/ec2/operations/operations.h"
#include "services/ec2/snapshot_tables.h"

namespace aerolith::ec2 {
namespace {

std::string instance_id(int number) {
  return "i-000000000000000" + std::string(number < 10 ? "0" : "") + std::to_string(number);
}

class MultiAttachTest : public HandlerTest {
 protected:
  MultiAttachTest() {
    for (int number = 0; number <= 17; ++number) put(number, LifeState::stopped);
    put_volume("io2");
  }
  void put(int number, LifeState state, const std::string& type = "t3.micro",
           DriverChoice driver = DriverChoice::container) {
    write([&](metadata::Transaction& txn) -> Result<> {
      InstanceRecord record =
          TRY(kInstances.find(txn, scope_, instance_id(number))).value_or(InstanceRecord{.id = instance_id(number)});
      record.zone = "us-east-1a";
      record.type = type;
      record.root_device = "/dev/xvda";
      record.desired = state == LifeState::running ? Desired::running : Desired::stopped;
      record.state = state;
      record.driver = driver;
      kInstances.put(txn, scope_, record);
      return {};
    });
  }
  void put_volume(const std::string& type) {
    write([&](metadata::Transaction& txn) -> Result<> {
      VolumeRecord volume{.id = volume_, .zone = "us-east-1a", .size_gib = 4, .type = type};
      if (type != "gp3") volume.iops = 100;
      volume.file = VolumeFile::made;
      volume.multi_attach = type != "gp3";
      kVolumes.put(txn, scope_, volume);
      return {};
    });
  }
  std::string attach(int number, const std::string& device = "/dev/sdf") {
    return code_of(&attach_volume,
                   AttachVolumeInput{.device = device, .instance_id = instance_id(number), .volume_id = volume_});
  }
  std::string detach(std::optional<std::string> instance) {
    return code_of(&detach_volume, DetachVolumeInput{.instance_id = std::move(instance), .volume_id = volume_});
  }
  std::string modify(ModifyVolumeInput wanted) {
    wanted.volume_id = volume_;
    return code_of(&modify_volume, std::move(wanted));
  }
  void end(int number, bool deletes) {
    write([&](metadata::Transaction& txn) -> Result<> {
      InstanceRecord record = TRY(kInstances.get(txn, scope_, instance_id(number)));
      for (InstanceVolume& each : record.volumes) each.delete_on_termination = deletes;
      kInstances.put(txn, scope_, record);
      return {};
    });
    const InstanceRecord record = kInstances.get(*store_->begin_read(), scope_, instance_id(number)).value();
    ASSERT_TRUE(remove_volumes(*cloud_, scope_, record, clock_.now()).has_value());
  }
  VolumeRecord volume() { return kVolumes.get(*store_->begin_read(), scope_, volume_).value(); }

  const std::string volume_ = "vol-0123456789abcdef0";
};

TEST_F(MultiAttachTest, SixteenAtATimeEachByItsOwnDevice) {
  EXPECT_EQ(attach(0), "none");
  EXPECT_EQ(attach(0, "/dev/sdg"), "VolumeInUse");
  for (int number = 1; number < 16; ++number) EXPECT_EQ(attach(number, "/dev/sdh"), "none");
  EXPECT_EQ(attach(16), "AttachmentLimitExceeded");
  const auto seen = ask(&describe_volumes, DescribeVolumesInput{.volume_ids = Strings{volume_}})->volumes->front();
  EXPECT_TRUE(*seen.multi_attach_enabled);
  EXPECT_EQ(*seen.state, "in-use");
  ASSERT_EQ(seen.attachments->size(), 16U);
  EXPECT_EQ(*seen.attachments->front().device, "/dev/sdf");
  EXPECT_EQ(*seen.attachments->back().device, "/dev/sdh");
  EXPECT_EQ(code_of(&delete_volume, DeleteVolumeInput{.volume_id = volume_}), "VolumeInUse");
  EXPECT_EQ(detach(std::nullopt), "MissingParameter");
  EXPECT_EQ(detach(instance_id(16)), "InvalidAttachment.NotFound");
  for (int number = 0; number < 16; ++number) EXPECT_EQ(detach(instance_id(number)), "none");
  EXPECT_FALSE(volume().is_attached());
}

TEST_F(MultiAttachTest, WhoMayNot) {
  put(1, LifeState::stopped, "t2.micro");
  EXPECT_EQ(attach(1), "UnsupportedOperation");
  EXPECT_EQ(attach(0, "/dev/xvda"), "InvalidParameterValue");
  EXPECT_EQ(attach(0), "none");
  put(2, LifeState::stopped, "t3.micro", DriverChoice::vm);
  EXPECT_EQ(attach(2), "UnsupportedOperation");
  EXPECT_EQ(detach(instance_id(0)), "none");
  EXPECT_EQ(attach(2), "none");
  put_volume("gp3");
  EXPECT_EQ(attach(3), "none");
  EXPECT_EQ(attach(4), "VolumeInUse");
}

TEST_F(MultiAttachTest, WhatMayBeModified) {
  EXPECT_EQ(modify({.volume_type = "gp3"}), "UnsupportedOperation");
  EXPECT_EQ(attach(0), "none");
  EXPECT_EQ(modify({.multi_attach_enabled = false}), "IncorrectState");
  EXPECT_EQ(modify({.size = 5, .multi_attach_enabled = true}), "none");
  EXPECT_TRUE(volume().modification->target.multi_attach);
  put_volume("io1");
  EXPECT_EQ(modify({.size = 5}), "UnsupportedOperation");
  EXPECT_EQ(modify({.multi_attach_enabled = false}), "UnsupportedOperation");
  put_volume("gp3");
  EXPECT_EQ(modify({.multi_attach_enabled = true}), "InvalidParameterCombination");
  EXPECT_EQ(modify({.volume_type = "io1", .iops = 100, .multi_attach_enabled = true}), "UnsupportedOperation");
  EXPECT_EQ(modify({.volume_type = "io2", .iops = 100, .multi_attach_enabled = true}), "none");
}

TEST_F(MultiAttachTest, TheLastOneSaysWhetherItGoes) {
  EXPECT_EQ(attach(0), "none");
  EXPECT_EQ(attach(1), "none");
  EXPECT_EQ(attach(2), "none");
  end(0, true);
  EXPECT_EQ(volume().attachments.size(), 2U);
  end(2, true);
  EXPECT_FALSE(volume().removed);
  end(1, false);
  EXPECT_FALSE(volume().is_attached());
  EXPECT_FALSE(volume().removed);
  EXPECT_EQ(attach(3), "none");
  EXPECT_EQ(attach(4), "none");
  end(3, false);
  end(4, true);
  EXPECT_TRUE(volume().removed);  // its file is the volumes' queue's to remove
  EXPECT_EQ(attach(5), "InvalidVolume.NotFound");
}

TEST_F(MultiAttachTest, ASnapshotIsOfWhoRunsOrOfTheFile) {
  const auto holder = [&] {
    const auto made = ask(&create_snapshot, CreateSnapshotInput{.volume_id = volume_});
    if (!made.has_value()) return std::string(made.error().code);
    return kSnapshots.get(*store_->begin_read(), snapshot_scope(scope_), *made->snapshot_id)->holder;
  };
  EXPECT_EQ(attach(0), "none");
  EXPECT_EQ(attach(1), "none");
  EXPECT_EQ(holder(), volume_);
  put(0, LifeState::stopping);
  EXPECT_EQ(holder(), "IncorrectState");
  put(1, LifeState::running);
  EXPECT_EQ(holder(), instance_id(1));
  // One moment with others there isn't.
  write([&](metadata::Transaction& txn) -> Result<> {
    VolumeRecord other{.id = "vol-0123456789abcdef1", .zone = "us-east-1a", .size_gib = 1};
    other.file = VolumeFile::made;
    other.attachments = {{.instance = instance_id(1), .device = "/dev/sdx"}};
    kVolumes.put(txn, scope_, other);
    InstanceRecord record = TRY(kInstances.get(txn, scope_, instance_id(1)));
    record.volumes.push_back({.volume = other.id, .device = "/dev/sdx"});
    kInstances.put(txn, scope_, record);
    return {};
  });
  CreateSnapshotsInput both{.instance_specification = InstanceSpecification{.instance_id = instance_id(1)}};
  EXPECT_EQ(code_of(&create_snapshots, both), "UnsupportedOperation");
  both.instance_specification->exclude_data_volume_ids = Strings{volume_};
  EXPECT_EQ(code_of(&create_snapshots, both), "none");
}

// As version 5 wrote its one attachment.
TEST(MultiAttachRecordTest, AnEarlierOneIsReadAsAList) {
  VolumeRecord before{.id = "vol-1"};
  before.before_6 = {.instance = "i-1",
                     .device = "/dev/sdf",
                     .delete_on_termination = true,
                     .attached_at = Timestamp(std::chrono::milliseconds(5)),
                     .state = AttachmentState::detaching};
  VolumeRecord::upgrade(before, 5);
  ASSERT_EQ(before.attachments.size(), 1U);
  EXPECT_EQ(before.attachments.front().instance, "i-1");
  EXPECT_TRUE(before.attachments.front().is_ending());
  EXPECT_TRUE(before.attachments.front().delete_on_termination);
  EXPECT_TRUE(before.before_6.instance.empty());
  VolumeRecord::upgrade(before, 6);
  EXPECT_EQ(before.attachments.size(), 1U);
}

}  // namespace
}  // namespace aerolith::ec2
