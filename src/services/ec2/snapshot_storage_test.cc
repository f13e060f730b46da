// The archive tier, and files that are kept ready.
#include "services/ec2/snapshot_storage.h"

#include "ec2/operations/copy_snapshot.h"
#include "ec2/operations/create_volume.h"
#include "ec2/operations/delete_snapshot.h"
#include "ec2/operations/describe_fast_snapshot_restores.h"
#include "ec2/operations/describe_snapshot_tier_status.h"
#include "ec2/operations/describe_snapshots.h"
#include "ec2/operations/describe_volumes.h"
#include "ec2/operations/disable_fast_snapshot_restores.h"
#include "ec2/operations/enable_fast_snapshot_restores.h"
#include "ec2/operations/modify_snapshot_tier.h"
#include "ec2/operations/restore_snapshot_tier.h"
#include "services/ec2/handler_test.h"
#include "services/ec2/operations/operations.h"
#include "services/ec2/settle_network.h"
#include "services/ec2/settle_snapshot.h"

namespace aerolith::ec2 {
namespace {

using std::chrono::days;

class SnapshotStorageTest : public HandlerTest {
 protected:
  // As often as it takes; how long it wants to wait then.
  std::chrono::milliseconds settle() {
    for (int i = 0; i < 8; ++i) {
      const auto outcome = settle_storage(*cloud_, clock_, make_key(scope_, id_));
      if (std::holds_alternative<reconcile::Settled>(outcome)) return {};
      if (std::holds_alternative<reconcile::Failed>(outcome)) return std::chrono::milliseconds(-1);
      const auto after = std::get<reconcile::Again>(outcome).after;
      if (after.count() > 0) return after;
    }
    return std::chrono::milliseconds(-2);
  }
  std::string archive() {
    return code_of(&modify_snapshot_tier, ModifySnapshotTierInput{.snapshot_id = id_, .storage_tier = "archive"});
  }
  std::string restore(std::optional<int32_t> for_days) {
    RestoreSnapshotTierInput input{.snapshot_id = id_, .temporary_restore_days = for_days};
    if (!for_days) input.permanent_restore = true;
    return code_of(&restore_snapshot_tier, input);
  }
  SnapshotTierStatus status() {
    return ask(&describe_snapshot_tier_status, DescribeSnapshotTierStatusInput{}).value().snapshot_tier_statuses->at(0);
  }
  std::string tier() {
    return *ask(&describe_snapshots, DescribeSnapshotsInput{}).value().snapshots->at(0).storage_tier;
  }
  std::string copied() {
    return code_of(&copy_snapshot, CopySnapshotInput{.source_region = "us-east-1", .source_snapshot_id = id_});
  }
  EnableFastSnapshotRestoresOutput enable(const Strings& zones) {
    return ask(&enable_fast_snapshot_restores,
               EnableFastSnapshotRestoresInput{.availability_zones = zones, .source_snapshot_ids = Strings{id_}})
        .value();
  }
  DisableFastSnapshotRestoresOutput disable(const Strings& zones) {
    return ask(&disable_fast_snapshot_restores,
               DisableFastSnapshotRestoresInput{.availability_zones = zones, .source_snapshot_ids = Strings{id_}})
        .value();
  }
  // "us-east-1a enabled", …
  Strings fast() {
    Strings seen;
    const auto all = ask(&describe_fast_snapshot_restores, DescribeFastSnapshotRestoresInput{}).value();
    for (const auto& each : *all.fast_snapshot_restores) seen.push_back(*each.availability_zone + " " + *each.state);
    return seen;
  }

  const std::string id_ = put_snapshot();
};

TEST_F(SnapshotStorageTest, AnArchivedSnapshotIsOfNoUseUntilItIsRestored) {
  EXPECT_EQ(status().storage_tier, "standard");
  EXPECT_FALSE(status().last_tiering_operation_status);
  EXPECT_EQ(archive(), "none");
  EXPECT_EQ(stored_, Strings{id_});
  EXPECT_EQ(status().last_tiering_operation_status, "archival-in-progress");
  EXPECT_EQ(tier(), "standard");
  EXPECT_EQ(archive(), "IncorrectState");
  EXPECT_EQ(restore(1), "IncorrectState");
  EXPECT_EQ(settle().count(), 0);
  EXPECT_TRUE(volumes_.in_blocks.contains(id_));
  EXPECT_EQ(tier(), "archive");
  EXPECT_EQ(status().last_tiering_operation_status, "archival-completed");
  EXPECT_EQ(status().archival_complete_time, clock_.now());
  EXPECT_EQ(copied(), "IncorrectState");
  EXPECT_EQ(code_of(&create_volume, CreateVolumeInput{.availability_zone = "us-east-1a", .snapshot_id = id_}),
            "IncorrectState");
  EXPECT_EQ(archive(), "IncorrectState");

  EXPECT_EQ(restore(std::nullopt), "none");
  EXPECT_EQ(tier(), "archive");
  EXPECT_EQ(settle().count(), 0);
  EXPECT_EQ(tier(), "standard");
  EXPECT_EQ(status().last_tiering_operation_status, "permanent-restore-completed");
  EXPECT_EQ(restore(1), "IncorrectState");
  EXPECT_EQ(copied(), "none");
}

TEST_F(SnapshotStorageTest, OneThatIsRestoredForAWhileIsArchivedAgain) {
  EXPECT_EQ(archive(), "none");
  EXPECT_EQ(settle().count(), 0);
  EXPECT_EQ(restore(2), "none");
  EXPECT_EQ(settle(), std::chrono::minutes(1));
  EXPECT_EQ(tier(), "standard");
  EXPECT_EQ(status().restore_expiry_time, clock_.now() + days(2));
  clock_.pass(days(1));
  EXPECT_EQ(restore(5), "none");  // from now on
  EXPECT_EQ(settle(), std::chrono::minutes(1));
  EXPECT_EQ(status().restore_expiry_time, clock_.now() + days(5));
  clock_.pass(days(5) - std::chrono::milliseconds(7));
  EXPECT_EQ(settle(), std::chrono::milliseconds(7));
  clock_.pass(std::chrono::milliseconds(7));
  EXPECT_EQ(settle().count(), 0);
  EXPECT_EQ(tier(), "archive");
  EXPECT_FALSE(status().restore_expiry_time);
}

TEST_F(SnapshotStorageTest, WhatCantBeArchived) {
  const std::string pending = put_snapshot(SnapshotState::pending);
  EXPECT_EQ(code_of(&modify_snapshot_tier, ModifySnapshotTierInput{.snapshot_id = pending, .storage_tier = "archive"}),
            "IncorrectState");
  EXPECT_EQ(code_of(&modify_snapshot_tier, ModifySnapshotTierInput{.snapshot_id = id_}), "MissingParameter");
  EXPECT_EQ(restore(181), "InvalidParameterValue");
  EXPECT_EQ(code_of(&restore_snapshot_tier, RestoreSnapshotTierInput{.snapshot_id = id_}), "MissingParameter");
  write([&](metadata::Transaction& txn) -> Result<> {
    ImageRecord image{.id = make_id(Kind::image), .owner = scope_.account.str()};
    image.devices = {{.snapshot = id_}};
    kImages.put(txn, image_scope(scope_), image);
    return {};
  });
  EXPECT_EQ(archive(), "InvalidSnapshot.InUse");
}

TEST_F(SnapshotStorageTest, AnArchivalThatFailsSaysWhy) {
  EXPECT_EQ(archive(), "none");
  volumes_.snapshot_error = blocks::VolumeError{blocks::VolumeErrorCode::corrupt, "a block is damaged"};
  clock_.pass(std::chrono::minutes(2));
  EXPECT_EQ(settle().count(), 0);
  EXPECT_EQ(status().last_tiering_operation_status, "archival-failed");
  EXPECT_EQ(status().last_tiering_operation_status_detail, "a block is damaged");
  EXPECT_EQ(tier(), "standard");
  volumes_.snapshot_error.reset();
  EXPECT_EQ(archive(), "none");
  EXPECT_EQ(settle().count(), 0);
  EXPECT_EQ(tier(), "archive");
}

TEST_F(SnapshotStorageTest, AFileIsKeptWhileAnyZoneWantsIt) {
  const auto begun = enable({"us-east-1a", "us-east-1b"});
  ASSERT_EQ(begun.successful->size(), 2U);
  EXPECT_EQ(begun.successful->at(0).state, "enabling");
  EXPECT_EQ(begun.successful->at(0).availability_zone_id, "use1-az1");
  EXPECT_EQ(settle().count(), 0);
  EXPECT_EQ(fast(), (Strings{"us-east-1a enabled", "us-east-1b enabled"}));
  EXPECT_TRUE(volumes_.kept_files.contains(id_));
  // Another process begins without it.
  volumes_.kept_files.clear();
  EXPECT_EQ(settle().count(), 0);
  EXPECT_TRUE(volumes_.kept_files.contains(id_));
  EXPECT_EQ(enable({"us-east-1a"}).successful->at(0).state, "enabled");

  EXPECT_EQ(disable({"us-east-1a"}).successful->at(0).state, "disabling");
  EXPECT_EQ(settle().count(), 0);
  EXPECT_EQ(fast(), Strings{"us-east-1b enabled"});
  EXPECT_TRUE(volumes_.kept_files.contains(id_));
  EXPECT_EQ(disable({"us-east-1a"}).unsuccessful->at(0).fast_snapshot_restore_state_errors->at(0).error->code,
            "Client.InvalidParameterValue");
  EXPECT_EQ(disable({"us-east-1b"}).successful->size(), 1U);
  EXPECT_EQ(settle().count(), 0);
  EXPECT_TRUE(fast().empty());
  EXPECT_FALSE(volumes_.kept_files.contains(id_));
}

TEST_F(SnapshotStorageTest, AVolumeSaysWhetherItsSnapshotWasReady) {
  enable({"us-east-1a"});
  EXPECT_EQ(settle().count(), 0);
  for (const std::string zone : {"us-east-1a", "us-east-1b"}) {
    EXPECT_EQ(code_of(&create_volume, CreateVolumeInput{.availability_zone = zone, .snapshot_id = id_}), "none");
  }
  const auto found =
      ask(&describe_volumes,
          DescribeVolumesInput{.filters = std::vector<Filter>{{.name = "fast-restored", .values = Strings{"true"}}}})
          .value();
  ASSERT_EQ(found.volumes->size(), 1U);
  EXPECT_EQ(found.volumes->at(0).availability_zone, "us-east-1a");
}

TEST_F(SnapshotStorageTest, ItEndsWithTheSnapshotAndKeepsItFromTheArchive) {
  enable({"us-east-1c"});
  EXPECT_EQ(settle().count(), 0);
  EXPECT_EQ(archive(), "IncorrectState");
  EXPECT_EQ(code_of(&delete_snapshot, DeleteSnapshotInput{.snapshot_id = id_}), "none");
  EXPECT_TRUE(fast().empty());
  (void)settle_snapshot(*cloud_, clock_, make_key(scope_, id_));
  EXPECT_FALSE(volumes_.kept_files.contains(id_));
  EXPECT_FALSE(volumes_.snapshots.contains(id_));
}

TEST_F(SnapshotStorageTest, WhatCantBeFast) {
  const auto unknown = ask(&enable_fast_snapshot_restores,
                           EnableFastSnapshotRestoresInput{.availability_zones = Strings{"us-east-1a"},
                                                           .source_snapshot_ids = Strings{"snap-00000000", id_}})
                           .value();
  EXPECT_EQ(unknown.successful->size(), 1U);
  EXPECT_EQ(unknown.unsuccessful->at(0).snapshot_id, "snap-00000000");
  EXPECT_EQ(unknown.unsuccessful->at(0).fast_snapshot_restore_state_errors->at(0).error->code,
            "Client.InvalidSnapshot.NotFound");
  EXPECT_EQ(
      code_of(&enable_fast_snapshot_restores, EnableFastSnapshotRestoresInput{.source_snapshot_ids = Strings{id_}}),
      "MissingParameter");
  EXPECT_EQ(code_of(&enable_fast_snapshot_restores,
                    EnableFastSnapshotRestoresInput{.availability_zones = Strings{"eu-west-1a"},
                                                    .source_snapshot_ids = Strings{id_}}),
            "InvalidZone.NotFound");
}

}  // namespace
}  // namespace aerolith::ec2
