#include "services/ec2/settle_disks.h"

#include <gtest/gtest.h>

#include "os/test_directory.h"
#include "services/ec2/settle_volume.h"
#include "services/ec2/snapshot_tables.h"
#include "services/ec2/test_fakes.h"
#include "services/ec2/volume_attachments.h"
#include "services/ec2/volume_sizes.h"

namespace aerolith::ec2 {
namespace {

using namespace std::chrono_literals;

class FixedClock final : public Clock {
 public:
  Timestamp now() const override { return Timestamp(std::chrono::milliseconds(1'700'000'000'000)); }
};

// An instance that runs, and a volume.
class DisksTest : public testing::Test {
 protected:
  DisksTest() {
    metadata::StoreOptions options;
    options.directory = folder_ / "metadata";
    store_ = metadata::open_store(options).value();
    cloud_.reset(new Cloud{.metadata = *store_, .container = &driver_, .volumes = &volumes_});
    cloud_->vpc_changed = [](const Scope&, const std::string&) {};
    cloud_->instance_changed = cloud_->vpc_changed;
    cloud_->snapshot_unused = cloud_->vpc_changed;
    cloud_->volume_changed = cloud_->vpc_changed;
    write([&](metadata::Transaction& txn) {
      kInstances.put(txn, scope_, {.id = id_, .zone = "us-east-1a", .type = "t3.micro"});
      VolumeRecord volume{.id = volume_, .zone = "us-east-1a", .size_gib = 2, .created_at = clock_.now()};
      volume.file = VolumeFile::to_make;
      kVolumes.put(txn, scope_, volume);
    });
  }

  template <typename Body>
  void write(Body body) {
    const auto done = metadata::run_transaction(*store_, [&](metadata::Transaction& txn) -> Result<> {
      body(txn);
      return {};
    });
    ASSERT_TRUE(done.has_value());
  }
  VolumeRecord volume() { return kVolumes.get(*store_->begin_read(), scope_, volume_).value(); }
  InstanceRecord instance() { return kInstances.get(*store_->begin_read(), scope_, id_).value(); }
  bool exists() { return kVolumes.find(*store_->begin_read(), scope_, volume_)->has_value(); }

  // As AttachVolume, DetachVolume, ModifyVolume and DeleteVolume write it.
  void attach() {
    write([&](metadata::Transaction& txn) {
      VolumeRecord record = volume();
      InstanceRecord owner = instance();
      begin_volume_attachment(txn, scope_,
                              {.volume = volume_,
                               .device = "/dev/sdf",
                               .delete_on_termination = false,
                               .state = AttachmentState::attaching},
                              record, owner);
    });
  }
  void set(AttachmentState state) {
    write([&](metadata::Transaction& txn) {
      VolumeRecord record = volume();
      InstanceRecord owner = instance();
      set_attachment_state(txn, scope_, state, record, owner);
    });
  }
  void modify(int32_t size_gib) {
    write([&](metadata::Transaction& txn) {
      VolumeRecord record = volume();
      record.modification = ModificationRecord{.original = record.shape(), .target = record.shape()};
      record.modification->target.size_gib = size_gib;
      record.modification->target.iops = 4000;
      kVolumes.put(txn, scope_, record);
    });
  }
  void remove() {
    write([&](metadata::Transaction& txn) {
      VolumeRecord record = volume();
      record.removed = true;
      kVolumes.put(txn, scope_, record);
    });
  }

  InstanceTools tools() { return {.cloud = *cloud_, .fabric = fabric_, .clock = clock_, .turns = turns_}; }
  // Until there is no more to do, by whoever has the volume. A kill ends a run; the next one is another process.
  std::optional<std::string> settle() {
    fuse_.steps_left = steps_;
    std::optional<std::string> failure;
    for (bool again = true; again && !failure;) {
      again = false;
      try {
        const InstanceRecord record = instance();
        const auto disks = settle_disks(tools(), {.scope = scope_, .id = id_}, driver_, record);
        const auto own = settle_volume(*cloud_, clock_, make_key(scope_, volume_));
        again = (disks && std::holds_alternative<reconcile::Again>(*disks)) ||
                std::holds_alternative<reconcile::Again>(own);
        if (disks && std::holds_alternative<reconcile::Failed>(*disks))
          failure = std::get<reconcile::Failed>(*disks).why;
        if (std::holds_alternative<reconcile::Failed>(own)) failure = std::get<reconcile::Failed>(own).why;
      } catch (const Killed&) {
        fuse_.steps_left = -1;
        again = true;
      }
    }
    fuse_.steps_left = -1;
    return failure;
  }

  os::TestDirectory folder_;
  Fuse fuse_;
  FakeFabric fabric_{fuse_};
  FakeDriver driver_{fuse_};
  FakeVolumes volumes_{fuse_};
  FixedClock clock_;
  Turns turns_;
  Scope scope_{.account = AccountId("123456789012"), .region = RegionName("us-east-1")};
  std::string id_ = "i-0123456789abcdef0";
  std::string volume_ = "vol-0123456789abcdef0";
  int steps_ = -1;
  std::unique_ptr<metadata::Store> store_;
  std::unique_ptr<Cloud> cloud_;
};

TEST_F(DisksTest, FromMakingToDeletingWithAKillAtEachStep) {
  for (steps_ = -1; steps_ < 12; ++steps_) {
    EXPECT_EQ(settle(), std::nullopt);
    ASSERT_EQ(volume().file, VolumeFile::made) << steps_;
    EXPECT_EQ(volumes_.sizes.at(volume_), 2 * kGib);
    attach();
    EXPECT_EQ(settle(), std::nullopt);
    ASSERT_EQ(volume().attachments.at(0).state, AttachmentState::attached) << steps_;
    ASSERT_EQ(instance().volumes.at(0).state, AttachmentState::attached) << steps_;
    const compute::Disk disk = driver_.disks[id_].at(volume_);
    EXPECT_EQ(disk.device, "/dev/sdf");
    EXPECT_EQ(disk.limits.operations.steady, 3000U);
    modify(3);
    EXPECT_EQ(settle(), std::nullopt);
    ASSERT_EQ(volume().modification->state, ModificationState::completed) << steps_;
    EXPECT_EQ(volume().size_gib, 3);
    EXPECT_EQ(driver_.grown.at(volume_), 3 * kGib);
    EXPECT_EQ(driver_.disks[id_].at(volume_).limits.operations.steady, 4000U);
    set(AttachmentState::detaching);
    EXPECT_EQ(settle(), std::nullopt);
    ASSERT_FALSE(volume().is_attached()) << steps_;
    ASSERT_TRUE(instance().volumes.empty()) << steps_;
    EXPECT_TRUE(driver_.disks[id_].empty());
    modify(4);
    EXPECT_EQ(settle(), std::nullopt);
    ASSERT_EQ(volume().size_gib, 4) << steps_;
    EXPECT_EQ(volumes_.sizes.at(volume_), 4 * kGib);
    remove();
    EXPECT_EQ(settle(), std::nullopt);
    ASSERT_FALSE(exists()) << steps_;
    EXPECT_TRUE(volumes_.sizes.empty());
    write([&](metadata::Transaction& txn) {
      VolumeRecord next{.id = volume_, .zone = "us-east-1a", .size_gib = 2, .created_at = clock_.now()};
      next.file = VolumeFile::to_make;
      kVolumes.put(txn, scope_, next);
    });
  }
}

TEST_F(DisksTest, AGuestThatKeepsAVolumeLosesItByForceAlone) {
  settle();
  attach();
  settle();
  driver_.disk_error = compute::DriverError{compute::DriverErrorCode::command, "somebody has it open"};
  set(AttachmentState::detaching);
  EXPECT_NE(settle().value_or("").find("somebody has it open"), std::string::npos);
  EXPECT_NE(volume().attachment_to(id_), nullptr);
  set(AttachmentState::detaching_by_force);
  EXPECT_EQ(settle(), std::nullopt);
  EXPECT_FALSE(volume().is_attached());
}

// Modified before it has come.
TEST_F(DisksTest, AVolumeThatASnapshotReadsStaysUntilItIsRead) {
  EXPECT_EQ(settle(), std::nullopt);
  attach();
  EXPECT_EQ(settle(), std::nullopt);
  const auto row = std::tuple(scope_.account, scope_.region, volume_, std::string("snap-0123456789abcdef0"));
  for (const auto state : {AttachmentState::detaching, AttachmentState::detaching_by_force}) {
    write([&](metadata::Transaction& txn) { kBeingRead.put(txn, row, {}); });
    set(state);
    EXPECT_EQ(settle_disks(tools(), {.scope = scope_, .id = id_}, driver_, instance()), std::nullopt);
    EXPECT_TRUE(driver_.disks[id_].contains(volume_));
    EXPECT_EQ(volume().attachments.at(0).state, state);
    write([&](metadata::Transaction& txn) { kBeingRead.erase(txn, row); });
    EXPECT_EQ(settle(), std::nullopt);
    EXPECT_TRUE(driver_.disks[id_].empty());
    EXPECT_FALSE(volume().is_attached());
    attach();
    EXPECT_EQ(settle(), std::nullopt);
  }
}

TEST_F(DisksTest, AVolumeThatComesAndGrows) {
  settle();
  attach();
  modify(3);
  EXPECT_EQ(settle(), std::nullopt);
  EXPECT_EQ(volume().attachments.at(0).state, AttachmentState::attached);
  EXPECT_EQ(volume().modification->state, ModificationState::completed);
  EXPECT_EQ(driver_.grown.at(volume_), 3 * kGib);
  EXPECT_EQ(volumes_.sizes.at(volume_), 2 * kGib);  // not by us
}

TEST_F(DisksTest, AGuestsVolumeThatCanNotGrowStaysAsItIsUntilItCan) {
  settle();
  attach();
  settle();
  modify(3);
  driver_.disk_error = compute::DriverError{compute::DriverErrorCode::no_capacity, "the disk is full"};
  EXPECT_NE(settle().value_or("").find("the disk is full"), std::string::npos);
  EXPECT_EQ(volume().modification->state, ModificationState::modifying);
  EXPECT_EQ(volume().size_gib, 2);
  driver_.disk_error.reset();
  EXPECT_EQ(settle(), std::nullopt);
  EXPECT_EQ(volume().size_gib, 3);
}

TEST_F(DisksTest, OfAnInstanceAtRestAFailureIsTold) {
  settle();
  attach();
  settle();
  modify(5);
  volumes_.grow_error = blocks::VolumeError{blocks::VolumeErrorCode::no_space, "the disk is full"};
  while (settle_disks_at_rest(tools(), {.scope = scope_, .id = id_}, instance())) {
  }
  EXPECT_EQ(volume().modification->state, ModificationState::failed);
  EXPECT_EQ(volume().modification->message, "the disk is full");
  EXPECT_EQ(volume().size_gib, 2);
}

TEST_F(DisksTest, AStopEndsWhatWasAskedFor) {
  settle();
  attach();
  ASSERT_TRUE(settle_volumes_of_stopped(*cloud_, scope_, id_).has_value());
  EXPECT_EQ(volume().attachments.at(0).state, AttachmentState::attached);
  set(AttachmentState::detaching);
  ASSERT_TRUE(settle_volumes_of_stopped(*cloud_, scope_, id_).has_value());
  EXPECT_FALSE(volume().is_attached());
}

TEST_F(DisksTest, OfAnInstanceAtRestTheFileGrows) {
  settle();
  attach();
  settle();
  modify(5);
  while (settle_disks_at_rest(tools(), {.scope = scope_, .id = id_}, instance())) {
  }
  EXPECT_EQ(volume().modification->state, ModificationState::completed);
  EXPECT_EQ(volumes_.sizes.at(volume_), 5 * kGib);
  EXPECT_TRUE(driver_.grown.empty());
}

// What another one has open isn't ours to write.
TEST_F(DisksTest, WhatSeveralHaveGrowsByWhoRuns) {
  settle();
  const std::string other = "i-0123456789abcdef1";
  const auto have = [&](LifeState state) {
    write([&](metadata::Transaction& txn) {
      InstanceRecord second{.id = other, .zone = "us-east-1a", .type = "t3.micro", .state = state};
      VolumeRecord record = volume();
      record.multi_attach = true;
      record.attachments.clear();
      begin_volume_attachment(txn, scope_, {.volume = volume_, .device = "/dev/sdg"}, record, second);
      InstanceRecord first = instance();
      first.volumes.clear();
      begin_volume_attachment(txn, scope_, {.volume = volume_, .device = "/dev/sdf"}, record, first);
    });
  };
  have(LifeState::running);
  modify(3);
  EXPECT_FALSE(settle_disks_at_rest(tools(), {.scope = scope_, .id = id_}, instance()));
  EXPECT_EQ(volume().modification->state, ModificationState::modifying);
  EXPECT_EQ(settle(), std::nullopt);  // as one that runs
  EXPECT_EQ(driver_.grown.at(volume_), 3 * kGib);
  EXPECT_TRUE(driver_.disks[id_].at(volume_).is_shared);
  EXPECT_EQ(volumes_.sizes.at(volume_), 2 * kGib);
  have(LifeState::stopped);
  modify(4);
  while (settle_disks_at_rest(tools(), {.scope = scope_, .id = id_}, instance())) {
  }
  EXPECT_EQ(volume().modification->state, ModificationState::completed);
  EXPECT_EQ(volumes_.sizes.at(volume_), 4 * kGib);
  set(AttachmentState::detaching);
  EXPECT_EQ(settle(), std::nullopt);
  EXPECT_EQ(volume().attachments.size(), 1U);
  EXPECT_EQ(volume().attachments.front().instance, other);
}

TEST(DeviceNamesTest, AsTheGuidesHaveThem) {
  for (const char* name :
       {"/dev/sdf", "/dev/sda1", "/dev/sdz15", "/dev/xvdb", "/dev/xvdbc", "sdf", "xvdf", "/dev/hdb"}) {
    EXPECT_TRUE(check_device_name(name).has_value()) << name;
  }
  for (const char* name : {"", "/dev/", "/dev/sd", "/dev/sdf16", "/dev/sdf0", "/dev/sdf1x", "/dev/xvdabc",
                           "/dev/nvme1n1", "../sdf", "/dev/../sdf", "/dev/sdF"}) {
    EXPECT_FALSE(check_device_name(name).has_value()) << name;
  }
}

}  // namespace
}  // namespace aerolith::ec2
