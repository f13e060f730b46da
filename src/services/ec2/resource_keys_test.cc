#include "services/ec2/resource_keys.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "ec2/operations/copy_snapshot.h"
#include "ec2/operations/create_volume.h"
#include "ec2/operations/import_image.h"
#include "ec2/operations/register_image.h"
#include "services/ec2/existence.h"
#include "services/ec2/handler_test.h"
#include "services/ec2/service.h"

namespace aerolith::ec2 {
namespace {

const Scope kOther{.account = AccountId("999988887777"), .region = RegionName("us-east-1")};

class ResourceKeysTest : public HandlerTest {
 protected:
  // Asked by the account of what lies in its region; "-" where there is no such key.
  std::string told(const Scope& caller, const std::string& arn, std::string_view key, policy::Context& keys) {
    const Call made = call_of(caller);
    context_.region = caller.region;
    const gateway::AccessNeed need{.action = "ec2:CopySnapshot", .resource = arn};
    // As AccessCheck does.
    const auto found = keys_of(*store_, made.context, need);
    keys.replace("aws:ResourceAccount", found.owner.view());
    found.add_keys(keys);
    std::string_view value;
    return keys.find_single(policy::ContextKey(key), value) ? std::string(value) : "-";
  }
  std::string told(const Scope& caller, const std::string& arn, std::string_view key) {
    policy::Context keys;
    return told(caller, arn, key, keys);
  }
  std::string put_image(const std::string& owner) {
    const std::string id = make_id(Kind::image);
    write([&](metadata::Transaction& txn) -> Result<> {
      kImages.put(txn, image_scope(scope_), {.id = id, .owner = owner});
      return {};
    });
    return id;
  }
};

TEST_F(ResourceKeysTest, WhatIsSharedIsItsOwners) {
  const std::string lent = make_arn(kOther, Kind::snapshot, put_snapshot());
  EXPECT_EQ(told(kOther, lent, "aws:ResourceAccount"), scope_.account.view());
  EXPECT_EQ(told(kOther, lent, "ec2:Owner"), scope_.account.view());
  EXPECT_EQ(told(scope_, lent, "aws:ResourceAccount"), scope_.account.view());
  EXPECT_EQ(told(kOther, lent, "ec2:ParentVolume"), "arn:aws:ec2:us-east-1:111122223333:volume/vol-0123456789abcdef0");
  const std::string image = make_arn(kOther, Kind::image, put_image(scope_.account.str()));
  EXPECT_EQ(told(kOther, image, "aws:ResourceAccount"), scope_.account.view());
  EXPECT_EQ(told(kOther, make_arn(kOther, Kind::image, put_image("")), "ec2:Owner"), "amazon");
  // What isn't there yet, or not at all.
  EXPECT_EQ(told(kOther, make_arn(kOther, Kind::snapshot, "*"), "ec2:Owner"), kOther.account.view());
  EXPECT_EQ(told(kOther, make_arn(kOther, Kind::snapshot, "snap-1"), "aws:ResourceAccount"), kOther.account.view());
}

TEST_F(ResourceKeysTest, TagsAreThoseOfTheCallersAccount) {
  const std::string id = put_snapshot();
  write([&](metadata::Transaction& txn) -> Result<> {
    put_tags(txn, scope_, id, {{"team", "red"}});
    return {};
  });
  const std::string lent = make_arn(kOther, Kind::snapshot, id);
  EXPECT_EQ(told(scope_, lent, "aws:ResourceTag/team"), "red");
  EXPECT_EQ(told(kOther, lent, "aws:ResourceTag/team"), "-");
}

TEST_F(ResourceKeysTest, KeysOfOneThingSayNothingOfTheNext) {
  const std::string snapshot = put_snapshot();
  write([&](metadata::Transaction& txn) -> Result<> {
    kVolumes.put(txn, scope_, {.id = "vol-1", .snapshot = snapshot});
    kVolumes.put(txn, scope_, {.id = "vol-2"});
    return {};
  });
  policy::Context keys;
  const std::string lent = make_arn(kOther, Kind::snapshot, snapshot);
  EXPECT_EQ(told(kOther, lent, "ec2:Owner", keys), scope_.account.view());
  const std::string child = make_arn(scope_, Kind::volume, "vol-1");
  EXPECT_EQ(told(scope_, child, "ec2:ParentSnapshot", keys), make_arn(scope_, Kind::snapshot, snapshot));
  EXPECT_EQ(told(scope_, child, "ec2:Owner", keys), "-");
  EXPECT_EQ(told(scope_, make_arn(scope_, Kind::volume, "vol-2"), "ec2:ParentSnapshot", keys), "-");
}

// https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazonec2.html
TEST_F(ResourceKeysTest, SnapshotsThatAreReadAreAskedAbout) {
  Service service({.metadata = *store_, .clock = clock_});
  const gateway::ServiceTable table = service.table();
  context_.region = scope_.region;
  call();
  const auto asks = [&](OperationId operation, const void* input) {
    const auto row =
        std::ranges::find(table.operations, static_cast<uint16_t>(operation), &gateway::OperationEntry::operation_id);
    const auto needs = row->needs(context_, input);
    return std::ranges::any_of(needs, [](const gateway::AccessNeed& need) {
      return need.resource == "arn:aws:ec2:us-east-1::snapshot/snap-1";
    });
  };
  const CopySnapshotInput copy{.source_snapshot_id = "snap-1"};
  EXPECT_TRUE(asks(OperationId::copy_snapshot, &copy));
  const CreateVolumeInput create{.snapshot_id = "snap-1"};
  EXPECT_TRUE(asks(OperationId::create_volume, &create));
  const CreateVolumeInput empty;
  EXPECT_FALSE(asks(OperationId::create_volume, &empty));
  RegisterImageInput image;
  image.block_device_mappings = std::vector<BlockDeviceMapping>{{.ebs = EbsBlockDevice{.snapshot_id = "snap-1"}}};
  EXPECT_TRUE(asks(OperationId::register_image, &image));
  ImportImageInput import;
  import.disk_containers = std::vector<ImageDiskContainer>{{.snapshot_id = "snap-1"}};
  EXPECT_TRUE(asks(OperationId::import_image, &import));
}

TEST_F(ResourceKeysTest, AnotherAccountsImageIsSeenByWhomItIsGiven) {
  const std::string image = put_image(scope_.account.str());
  const auto txn = store_->begin_read();
  EXPECT_TRUE(require_existing(*txn, scope_, image).has_value());
  const auto seen = require_existing(*txn, kOther, image);
  ASSERT_FALSE(seen.has_value());
  EXPECT_EQ(seen.error().code, "InvalidAMIID.NotFound");
}

}  // namespace
}  // namespace aerolith::ec2
