// What a volume's modification keeps from it meanwhile, and how one fails.
#include "ec2/operations/attach_volume.h"
#include "ec2/operations/describe_volumes_modifications.h"
#include "ec2/operations/modify_volume.h"
#include "services/ec2/handler_test.h"
#include "services/ec2/operations/operations.h"
#include "services/ec2/settle_network.h"
#include "services/ec2/settle_volume.h"

namespace aerolith::ec2 {
namespace {

class VolumeChangesTest : public HandlerTest {
 protected:
  VolumeChangesTest() {
    write([&](metadata::Transaction& txn) -> Result<> {
      kInstances.put(txn, scope_,
                     {.id = instance_,
                      .zone = "us-east-1a",
                      .type = "t3.micro",
                      .root_device = "/dev/xvda",
                      .desired = Desired::stopped,
                      .state = LifeState::stopped});
      VolumeRecord volume{.id = volume_, .zone = "us-east-1a", .size_gib = 2};
      volume.file = VolumeFile::made;
      kVolumes.put(txn, scope_, volume);
      return {};
    });
  }
  VolumeRecord volume() { return kVolumes.get(*store_->begin_read(), scope_, volume_).value(); }
  std::string state() {
    const auto seen = ask(&describe_volumes_modifications, {.volume_ids = Strings{volume_}});
    return *seen->volumes_modifications->front().modification_state;
  }
  void settle_once() { (void)settle_volume(*cloud_, clock_, make_key(scope_, volume_)); }

  const std::string instance_ = "i-0123456789abcdef0";
  const std::string volume_ = "vol-0123456789abcdef0";
};

TEST_F(VolumeChangesTest, OneAtATime) {
  ASSERT_TRUE(ask(&modify_volume, {.volume_id = volume_, .size = 3}).has_value());
  EXPECT_EQ(state(), "modifying");
  EXPECT_EQ(code_of(&modify_volume, {.volume_id = volume_, .size = 4}), "IncorrectModificationState");
  settle_once();
  EXPECT_EQ(state(), "optimizing");
  EXPECT_EQ(volume().size_gib, 3);
  EXPECT_EQ(code_of(&modify_volume, {.volume_id = volume_, .size = 4}), "IncorrectModificationState");
  settle_once();
  EXPECT_EQ(state(), "completed");
  EXPECT_EQ(code_of(&modify_volume, {.volume_id = volume_, .size = 4}), "none");
}

TEST_F(VolumeChangesTest, ItIsNotAttachedMeanwhile) {
  const AttachVolumeInput attachment{.device = "/dev/sdf", .instance_id = instance_, .volume_id = volume_};
  ASSERT_TRUE(ask(&modify_volume, {.volume_id = volume_, .size = 3}).has_value());
  EXPECT_EQ(code_of(&attach_volume, attachment), "IncorrectState");
  settle_once();
  EXPECT_EQ(code_of(&attach_volume, attachment), "IncorrectState");
  settle_once();
  EXPECT_EQ(code_of(&attach_volume, attachment), "none");
}

TEST_F(VolumeChangesTest, OneThatCanNotBeMadeLeavesTheVolumeAsItWas) {
  volumes_.grow_error = blocks::VolumeError{blocks::VolumeErrorCode::no_space, "the disk is full"};
  ASSERT_TRUE(ask(&modify_volume, {.volume_id = volume_, .size = 3}).has_value());
  settle_once();
  EXPECT_EQ(state(), "failed");
  EXPECT_EQ(volume().size_gib, 2);
  EXPECT_EQ(volume().modification->message, "the disk is full");
  volumes_.grow_error.reset();
  EXPECT_EQ(code_of(&modify_volume, {.volume_id = volume_, .size = 4}), "none");
}

// What may pass is tried again.
TEST_F(VolumeChangesTest, OneThatShouldNotFailGoesOn) {
  volumes_.grow_error = blocks::VolumeError{blocks::VolumeErrorCode::in_use, "somebody has it open"};
  ASSERT_TRUE(ask(&modify_volume, {.volume_id = volume_, .size = 3}).has_value());
  settle_once();
  EXPECT_EQ(state(), "modifying");
  volumes_.grow_error.reset();
  settle_once();
  EXPECT_EQ(state(), "optimizing");
}

}  // namespace
}  // namespace aerolith::ec2
