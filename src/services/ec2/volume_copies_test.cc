// Copies of volumes, through snapshots that nobody sees.
#include "ec2/operations/copy_volumes.h"
#include "ec2/operations/delete_volume.h"
#include "ec2/operations/describe_snapshots.h"
#include "ec2/operations/describe_volumes.h"
#include "services/ec2/handler_test.h"
#include "services/ec2/operations/operations.h"
#include "services/ec2/settle_network.h"
#include "services/ec2/settle_snapshot.h"
#include "services/ec2/settle_volume.h"

namespace aerolith::ec2 {
namespace {

using State = compute::CopyProgress::State;

class VolumeCopiesTest : public HandlerTest {
 protected:
  void put_source(LifeState state) {
    write([&](metadata::Transaction& txn) -> Result<> {
      const bool is_up = state == LifeState::running;
      kInstances.put(txn, scope_,
                     {.id = instance_,
                      .volumes = {{.volume = source_, .device = "/dev/xvda"}},
                      .desired = is_up ? Desired::running : Desired::stopped,
                      .state = state});
      VolumeRecord volume{.id = source_, .zone = "us-east-1a", .size_gib = 2, .attachments = {{.instance = instance_}}};
      volume.file = VolumeFile::made;
      kVolumes.put(txn, scope_, volume);
      return {};
    });
  }
  Result<CopyVolumesOutput> copy(CopyVolumesInput input = {}) {
    input.source_volume_id = source_;
    return ask(&copy_volumes, input);
  }
  std::optional<VolumeRecord> find(const std::string& id) {
    return kVolumes.find(*store_->begin_read(), scope_, id).value();
  }
  // Both queues, as often as it takes.
  void settle(const std::string& volume, const std::string& snapshot) {
    for (int i = 0; i < 4; ++i) {
      (void)settle_snapshot(*cloud_, clock_, make_key(scope_, snapshot));
      (void)settle_volume(*cloud_, clock_, make_key(scope_, volume));
    }
  }

  const std::string instance_ = "i-0123456789abcdef0";
  const std::string source_ = "vol-0123456789abcdef0";
};

TEST_F(VolumeCopiesTest, OfAVolumeAtRest) {
  put_source(LifeState::stopped);
  const Volume made = copy({.size = 5, .volume_type = "gp3", .client_token = "once"}).value().volumes->front();
  EXPECT_EQ(made.state, "creating");
  EXPECT_EQ(made.source_volume_id, source_);
  EXPECT_EQ(made.snapshot_id, "");
  EXPECT_EQ(made.availability_zone, "us-east-1a");
  EXPECT_EQ(copy({.size = 5, .volume_type = "gp3", .client_token = "once"}).value().volumes->front().volume_id,
            made.volume_id);
  const std::string snapshot = find(*made.volume_id)->snapshot;
  EXPECT_TRUE(find_snapshot(snapshot)->is_hidden());
  EXPECT_TRUE(ask(&describe_snapshots, DescribeSnapshotsInput{}).value().snapshots->empty());
  EXPECT_EQ(code_of(&describe_snapshots, DescribeSnapshotsInput{.snapshot_ids = Strings{snapshot}}),
            "InvalidSnapshot.NotFound");
  settle(*made.volume_id, snapshot);
  EXPECT_EQ(volumes_.sizes.at(*made.volume_id), uint64_t{5} << 30);
  EXPECT_FALSE(find_snapshot(snapshot));
  const auto seen = ask(&describe_volumes, DescribeVolumesInput{.volume_ids = Strings{*made.volume_id}}).value();
  EXPECT_EQ(seen.volumes->front().state, "available");
  EXPECT_EQ(seen.volumes->front().source_volume_id, source_);
}

TEST_F(VolumeCopiesTest, OfARunningGuestsVolumeItIsOfTheMomentOfTheCall) {
  put_source(LifeState::running);
  driver_.bases = {"snap-before"};
  const std::string id = *copy().value().volumes->front().volume_id;
  const std::string snapshot = find(id)->snapshot;
  EXPECT_TRUE(driver_.copies.contains(snapshot));
  settle(id, snapshot);
  EXPECT_EQ(find(id)->file, VolumeFile::to_make);
  driver_.copies[snapshot] = State::done;
  settle(id, snapshot);
  EXPECT_EQ(find(id)->file, VolumeFile::made);
  EXPECT_FALSE(find_snapshot(snapshot));
  // The next snapshot still costs what changed since the one before.
  EXPECT_EQ(driver_.bases, std::set<std::string>{"snap-before"});
}

TEST_F(VolumeCopiesTest, WhereTheMomentCantBeTakenNothingStays) {
  put_source(LifeState::running);
  driver_.copy_error = compute::DriverError{compute::DriverErrorCode::command, "it doesn't answer"};
  const CopyVolumesInput input{.client_token = "again"};
  EXPECT_EQ(copy(input).error().code, "IncorrectState");
  EXPECT_EQ(kVolumes.all(*store_->begin_read(), scope_)->size(), 1U);
  driver_.copy_error.reset();
  EXPECT_TRUE(copy(input).has_value());
}

TEST_F(VolumeCopiesTest, AProcessThatEndedBeforeTheMomentLeavesNothing) {
  put_source(LifeState::running);
  fuse_.steps_left = 0;
  EXPECT_THROW((void)copy(), Killed);
  fuse_.steps_left = -1;
  const auto volumes = kVolumes.all(*store_->begin_read(), scope_).value();
  ASSERT_EQ(volumes.size(), 2U);
  for (const VolumeRecord& each : volumes) {
    if (each.id != source_) settle(each.id, each.snapshot);
  }
  EXPECT_EQ(kVolumes.all(*store_->begin_read(), scope_)->size(), 1U);
  EXPECT_TRUE(kSnapshots.all(*store_->begin_read(), snapshot_scope(scope_))->empty());
}

TEST_F(VolumeCopiesTest, OneThatFailsIsInError) {
  put_source(LifeState::running);
  const std::string id = *copy().value().volumes->front().volume_id;
  const std::string snapshot = find(id)->snapshot;
  driver_.copies[snapshot] = State::failed;
  settle(id, snapshot);
  EXPECT_EQ(find(id)->file, VolumeFile::failed);
  EXPECT_EQ(find(id)->failure, "it broke");
  EXPECT_FALSE(find_snapshot(snapshot));
  EXPECT_EQ(code_of(&delete_volume, DeleteVolumeInput{.volume_id = id}), "none");
}

TEST_F(VolumeCopiesTest, WhatIsRefused) {
  put_source(LifeState::pending);
  EXPECT_EQ(copy().error().code, "IncorrectState");
  put_source(LifeState::stopped);
  EXPECT_EQ(copy({.size = 1}).error().code, "InvalidParameterValue");
  EXPECT_EQ(copy({.volume_type = "io1"}).error().code, "InvalidParameterValue");
  EXPECT_EQ(copy({.kms_key_id = "alias/mine"}).error().code, "InvalidParameterDependency");
  EXPECT_EQ(copy({.multi_attach_enabled = true}).error().code, "InvalidParameterCombination");
  EXPECT_EQ(copy({.volume_type = "io2", .multi_attach_enabled = true}).error().code, "InvalidParameterValue");  // 2 GiB
  EXPECT_EQ(code_of(&copy_volumes, CopyVolumesInput{.source_volume_id = "vol-00000000"}), "InvalidVolume.NotFound");
  Call dry = call();
  dry.dry_run = true;
  EXPECT_TRUE(copy_volumes(dry, {.source_volume_id = source_}).has_value());
  EXPECT_EQ(kVolumes.all(*store_->begin_read(), scope_)->size(), 1U);
}

}  // namespace
}  // namespace aerolith::ec2
