// What a retention rule keeps: hidden, taken out again, or gone when its time is over.
#include "services/ec2/recycle_bin.h"

#include <algorithm>

#include "ec2/operations/copy_snapshot.h"
#include "ec2/operations/create_tags.h"
#include "ec2/operations/delete_snapshot.h"
#include "ec2/operations/delete_tags.h"
#include "ec2/operations/delete_volume.h"
#include "ec2/operations/deregister_image.h"
#include "ec2/operations/describe_snapshots.h"
#include "ec2/operations/list_images_in_recycle_bin.h"
#include "ec2/operations/list_snapshots_in_recycle_bin.h"
#include "ec2/operations/list_volumes_in_recycle_bin.h"
#include "ec2/operations/restore_image_from_recycle_bin.h"
#include "ec2/operations/restore_snapshot_from_recycle_bin.h"
#include "ec2/operations/restore_volume_from_recycle_bin.h"
#include "services/ec2/account_end.h"
#include "services/ec2/handler_test.h"
#include "services/ec2/instance_end.h"
#include "services/ec2/operations/operations.h"
#include "services/ec2/settle_network.h"
#include "services/ec2/settle_snapshot.h"
#include "services/ec2/settle_volume.h"
#include "services/rbin/api.h"

namespace aerolith::ec2 {
namespace {

using std::chrono::days;

// As the other service writes it (services/rbin/tables.h), whose insides are not this one's business.
struct Rule {
  static constexpr uint32_t kVersion = 1;
  std::string id = "abcdefghijk";
  rbin::ResourceType type = rbin::ResourceType::ebs_snapshot;
  int32_t retention_days = 2;
  std::string description;
  std::vector<PartRecord> resource_tags;
  std::vector<PartRecord> exclude_tags;
  std::map<std::string, std::string> tags;
  Timestamp created_at;
  std::optional<PartRecord> lock;
};
template <class Archive>
void fields(Archive& archive, Rule& r) {
  archive(r.id, r.type, r.retention_days, r.description, r.resource_tags, r.exclude_tags, r.tags, r.created_at, r.lock);
}
const metadata::Table<Rule, AccountId, RegionName, std::string> kRules{"rbin.rule"};

class RecycleBinTest : public HandlerTest {
 protected:
  void keep(rbin::ResourceType type) {
    Rule rule{.type = type};
    rule.id += std::to_string(static_cast<int>(type));
    write([&](metadata::Transaction& txn) -> Result<> {
      kRules.put(txn, {scope_.account, scope_.region, rule.id}, rule);
      return {};
    });
  }
  std::string delete_one(const std::string& id) {
    return code_of(&delete_snapshot, DeleteSnapshotInput{.snapshot_id = id});
  }
  std::string put_image(const std::string& snapshot) {
    ImageRecord image{.id = make_id(Kind::image), .owner = scope_.account.str(), .name = "image-of-" + snapshot};
    image.devices = {{.device = image.root_device, .snapshot = snapshot, .size_gib = 1}};
    write([&](metadata::Transaction& txn) -> Result<> {
      kImages.put(txn, image_scope(scope_), image);
      return {};
    });
    return image.id;
  }
  std::string put_volume(const std::string& instance = {}) {
    VolumeRecord volume{.id = make_id(Kind::volume), .zone = "us-east-1a", .size_gib = 1};
    if (!instance.empty()) volume.attachments = {{.instance = instance}};
    volume.file = VolumeFile::made;
    volumes_.sizes[volume.id] = uint64_t{1} << 30;
    write([&](metadata::Transaction& txn) -> Result<> {
      kVolumes.put(txn, scope_, volume);
      return {};
    });
    return volume.id;
  }
  reconcile::Outcome settle(const std::string& id) { return settle_bin(*cloud_, clock_, make_key(scope_, id)); }
  // All queues, once.
  void settle_all(const std::string& id) {
    (void)settle(id);
    (void)settle_snapshot(*cloud_, clock_, make_key(scope_, id));
    (void)settle_volume(*cloud_, clock_, make_key(scope_, id));
  }
  TagMap tags(const std::string& id) { return tags_of(*store_->begin_read(), scope_, id).value(); }
  size_t in_bin() {
    return ask(&list_snapshots_in_recycle_bin, ListSnapshotsInRecycleBinInput{}).value().snapshots->size();
  }
};

TEST_F(RecycleBinTest, WithoutARuleNothingIsKept) {
  keep(rbin::ResourceType::ec2_image);
  const std::string id = put_snapshot();
  EXPECT_EQ(delete_one(id), "none");
  EXPECT_EQ(in_bin(), 0U);
  EXPECT_EQ(changed_snapshots_, Strings{id});
  EXPECT_TRUE(binned_.empty());
}

TEST_F(RecycleBinTest, ADeletedSnapshotIsSeenInTheBinAlone) {
  keep(rbin::ResourceType::ebs_snapshot);
  const std::string id = put_snapshot();
  EXPECT_EQ(delete_one(id), "none");
  EXPECT_EQ(binned_, Strings{id});
  const auto listed = ask(&list_snapshots_in_recycle_bin, ListSnapshotsInRecycleBinInput{}).value();
  ASSERT_EQ(listed.snapshots->size(), 1U);
  EXPECT_EQ(listed.snapshots->at(0).snapshot_id, id);
  EXPECT_EQ(listed.snapshots->at(0).recycle_bin_exit_time, clock_.now() + days(2));
  EXPECT_EQ(tags(id), (TagMap{{"aws:recycle-bin:resource-in-bin", "true"}}));
  EXPECT_TRUE(ask(&describe_snapshots, DescribeSnapshotsInput{}).value().snapshots->empty());
  EXPECT_EQ(delete_one(id), "InvalidSnapshot.NotFound");
  EXPECT_EQ(code_of(&copy_snapshot, CopySnapshotInput{.source_region = "us-east-1", .source_snapshot_id = id}),
            "InvalidSnapshot.NotFound");
  // Its tags are still its owner's.
  EXPECT_EQ(code_of(&create_tags,
                    CreateTagsInput{.resources = Strings{id}, .tags = std::vector<Tag>{{.key = "a", .value = "b"}}}),
            "none");
  EXPECT_EQ(code_of(&delete_tags, DeleteTagsInput{.resources = Strings{id}}), "none");
  EXPECT_EQ(tags(id).size(), 1U);
  // Its bytes stay, whoever looks.
  settle_all(id);
  EXPECT_TRUE(volumes_.snapshots.contains(id));
  EXPECT_FALSE(find_account_content(*store_->begin_read(), scope_.account)->empty());
}

TEST_F(RecycleBinTest, ItComesBackAsItWas) {
  keep(rbin::ResourceType::ebs_snapshot);
  const std::string id = put_snapshot();
  EXPECT_EQ(code_of(&restore_snapshot_from_recycle_bin, RestoreSnapshotFromRecycleBinInput{.snapshot_id = id}),
            "IncorrectState");
  EXPECT_EQ(delete_one(id), "none");
  const auto restored =
      ask(&restore_snapshot_from_recycle_bin, RestoreSnapshotFromRecycleBinInput{.snapshot_id = id}).value();
  EXPECT_EQ(restored.state, "recovering");
  EXPECT_EQ(in_bin(), 0U);
  EXPECT_TRUE(tags(id).empty());
  EXPECT_EQ(find_snapshot(id)->state, SnapshotState::completed);
  clock_.pass(days(3));
  settle_all(id);
  EXPECT_TRUE(find_snapshot(id));
  EXPECT_EQ(
      code_of(&restore_snapshot_from_recycle_bin, RestoreSnapshotFromRecycleBinInput{.snapshot_id = "snap-00000000"}),
      "InvalidSnapshot.NotFound");
}

TEST_F(RecycleBinTest, ItGoesWhenItsTimeIsOver) {
  keep(rbin::ResourceType::ebs_snapshot);
  const std::string id = put_snapshot();
  EXPECT_EQ(delete_one(id), "none");
  clock_.pass(days(2) - std::chrono::milliseconds(1));
  const auto waits = settle(id);
  ASSERT_TRUE(std::holds_alternative<reconcile::Again>(waits));
  EXPECT_EQ(std::get<reconcile::Again>(waits).after, std::chrono::milliseconds(1));
  clock_.pass(std::chrono::milliseconds(1));
  settle_all(id);
  EXPECT_EQ(in_bin(), 0U);
  EXPECT_FALSE(find_snapshot(id));
  EXPECT_FALSE(volumes_.snapshots.contains(id));
  EXPECT_TRUE(tags(id).empty());
}

TEST_F(RecycleBinTest, AnImageWaitsForItsSnapshots) {
  keep(rbin::ResourceType::ec2_image);
  keep(rbin::ResourceType::ebs_snapshot);
  const std::string snapshot = put_snapshot();
  const std::string image = put_image(snapshot);
  const auto gone =
      ask(&deregister_image, DeregisterImageInput{.image_id = image, .delete_associated_snapshots = true}).value();
  EXPECT_EQ(gone.delete_snapshot_results->at(0).return_code, "success");
  const auto listed = ask(&list_images_in_recycle_bin, ListImagesInRecycleBinInput{}).value();
  ASSERT_EQ(listed.images->size(), 1U);
  EXPECT_EQ(listed.images->at(0).name, "image-of-" + snapshot);
  const RestoreImageFromRecycleBinInput restore{.image_id = image};
  EXPECT_EQ(code_of(&restore_image_from_recycle_bin, restore), "InvalidSnapshot.NotFound");
  EXPECT_EQ(code_of(&restore_snapshot_from_recycle_bin, RestoreSnapshotFromRecycleBinInput{.snapshot_id = snapshot}),
            "none");
  EXPECT_EQ(code_of(&restore_image_from_recycle_bin, restore), "none");
  EXPECT_EQ(code_of(&restore_image_from_recycle_bin, restore), "IncorrectState");
  EXPECT_EQ(delete_one(snapshot), "InvalidSnapshot.InUse");
}

// It has no record; images are what keeps it.
TEST_F(RecycleBinTest, WhatCameWithTheInstallationStaysForAnImageInTheBin) {
  keep(rbin::ResourceType::ec2_image);
  const std::string snapshot = "snap-0123456789abcdef0";
  volumes_.snapshots[snapshot] = "vol-0123456789abcdef0";
  const std::string image = put_image(snapshot);
  EXPECT_EQ(code_of(&deregister_image, DeregisterImageInput{.image_id = image}), "none");
  settle_all(snapshot);
  EXPECT_TRUE(volumes_.snapshots.contains(snapshot));
  clock_.pass(days(2));
  settle_all(image);
  EXPECT_NE(std::ranges::find(unused_snapshots_, snapshot), unused_snapshots_.end());
  settle_all(snapshot);
  EXPECT_FALSE(volumes_.snapshots.contains(snapshot));
}

TEST_F(RecycleBinTest, AVolumeIsKeptWithItsFile) {
  keep(rbin::ResourceType::ebs_volume);
  const std::string id = put_volume();
  EXPECT_EQ(code_of(&delete_volume, DeleteVolumeInput{.volume_id = id}), "none");
  settle_all(id);
  EXPECT_TRUE(volumes_.sizes.contains(id));
  const auto listed = ask(&list_volumes_in_recycle_bin, ListVolumesInRecycleBinInput{}).value();
  ASSERT_EQ(listed.volumes->size(), 1U);
  EXPECT_EQ(listed.volumes->at(0).availability_zone_id, "use1-az1");
  EXPECT_EQ(code_of(&delete_volume, DeleteVolumeInput{.volume_id = id}), "InvalidVolume.NotFound");
  EXPECT_EQ(code_of(&restore_volume_from_recycle_bin, RestoreVolumeFromRecycleBinInput{.volume_id = id}), "none");
  EXPECT_EQ(code_of(&delete_volume, DeleteVolumeInput{.volume_id = id}), "none");
  clock_.pass(days(2));
  settle_all(id);
  EXPECT_FALSE(volumes_.sizes.contains(id));
}

TEST_F(RecycleBinTest, AVolumeThatEndsWithItsInstanceIsKeptToo) {
  keep(rbin::ResourceType::ebs_volume);
  InstanceRecord instance{.id = "i-0123456789abcdef0"};
  const std::string kept = put_volume(instance.id);
  const std::string unmade = put_volume(instance.id);
  volumes_.sizes.erase(unmade);
  instance.volumes = {{.volume = kept, .device = "/dev/xvda", .is_root = true},
                      {.volume = unmade, .device = "/dev/sdf"}};
  // Also where the process ended in between.
  for (int i = 0; i < 2; ++i) ASSERT_TRUE(remove_volumes(*cloud_, scope_, instance, clock_.now()).has_value());
  EXPECT_TRUE(volumes_.sizes.contains(kept));
  EXPECT_TRUE(kVolumes.all(*store_->begin_read(), scope_)->empty());
  EXPECT_EQ(code_of(&restore_volume_from_recycle_bin, RestoreVolumeFromRecycleBinInput{.volume_id = kept}), "none");
  ASSERT_TRUE(remove_volumes(*cloud_, scope_, instance, clock_.now()).has_value());
  EXPECT_TRUE(volumes_.sizes.contains(kept));
  EXPECT_FALSE(kVolumes.all(*store_->begin_read(), scope_)->at(0).is_attached());
}

}  // namespace
}  // namespace aerolith::ec2
