// Which volumes and snapshots are encrypted, and what is refused of that.
#include "services/ec2/encryption.h"

#include "ec2/operations/copy_snapshot.h"
#include "ec2/operations/create_snapshot.h"
#include "ec2/operations/create_volume.h"
#include "ec2/operations/describe_snapshots.h"
#include "ec2/operations/describe_volumes.h"
#include "ec2/operations/disable_ebs_encryption_by_default.h"
#include "ec2/operations/enable_ebs_encryption_by_default.h"
#include "ec2/operations/get_ebs_default_kms_key_id.h"
#include "ec2/operations/get_ebs_encryption_by_default.h"
#include "ec2/operations/modify_ebs_default_kms_key_id.h"
#include "ec2/operations/modify_snapshot_attribute.h"
#include "ec2/operations/reset_ebs_default_kms_key_id.h"
#include "services/ec2/handler_test.h"
#include "services/ec2/operations/operations.h"
#include "services/ec2/settle_network.h"
#include "services/ec2/settle_snapshot.h"
#include "services/ec2/settle_volume.h"

namespace aerolith::ec2 {
namespace {

class EncryptionTest : public HandlerTest {
 protected:
  static CreateVolumeInput wanted() { return {.availability_zone = "us-east-1a", .size = 1}; }
  Volume make(const CreateVolumeInput& input) {
    const Volume made = ask(&create_volume, input).value();
    EXPECT_TRUE(
        std::holds_alternative<reconcile::Again>(settle_volume(*cloud_, clock_, make_key(scope_, *made.volume_id))));
    return made;
  }
  std::string key_of(const CreateVolumeInput& input) { return *make(input).kms_key_id; }
  SnapshotRecord settled(const std::string& id) {
    for (int i = 0; i < 3; ++i) (void)settle_snapshot(*cloud_, clock_, make_key(scope_, id));
    return *find_snapshot(id);
  }
};

TEST_F(EncryptionTest, AVolumeIsWhatIsAskedFor) {
  const Volume plain = make(wanted());
  EXPECT_EQ(plain.encrypted, false);
  EXPECT_FALSE(plain.kms_key_id);
  EXPECT_FALSE(volumes_.keys.contains(*plain.volume_id));
  CreateVolumeInput input = wanted();
  input.encrypted = true;
  const Volume made = make(input);
  EXPECT_EQ(made.encrypted, true);
  EXPECT_TRUE(made.kms_key_id->starts_with("arn:aws:kms:us-east-1:111122223333:key/"));
  EXPECT_EQ(volumes_.keys.at(*made.volume_id), key_name(*made.kms_key_id));
  for (const std::string& name : {std::string("alias/aws/ebs"), *made.kms_key_id, key_name(*made.kms_key_id),
                                  std::string("arn:aws:kms:us-east-1:111122223333:alias/aws/ebs")}) {
    input.kms_key_id = name;
    EXPECT_EQ(key_of(input), *made.kms_key_id) << name;
  }
  for (const char* name :
       {"alias/mine", "11111111-2222-3333-4444-555555555555", "arn:aws:kms:us-east-1:444455556666:alias/aws/ebs"}) {
    input.kms_key_id = name;
    EXPECT_EQ(code_of(&create_volume, input), "InvalidParameterValue") << name;
  }
  input.encrypted.reset();
  input.kms_key_id = "alias/aws/ebs";
  EXPECT_EQ(code_of(&create_volume, input), "InvalidParameterDependency");
  const auto found =
      ask(&describe_volumes,
          DescribeVolumesInput{.filters = std::vector<Filter>{{.name = "encrypted", .values = Strings{"false"}}}})
          .value();
  ASSERT_EQ(found.volumes->size(), 1U);
  EXPECT_EQ(found.volumes->front().volume_id, plain.volume_id);
}

TEST_F(EncryptionTest, TheAccountMayHaveAllEncrypted) {
  EXPECT_EQ(ask(&get_ebs_encryption_by_default, GetEbsEncryptionByDefaultInput{})->ebs_encryption_by_default, false);
  EXPECT_EQ(ask(&enable_ebs_encryption_by_default, EnableEbsEncryptionByDefaultInput{})->ebs_encryption_by_default,
            true);
  EXPECT_EQ(ask(&get_ebs_encryption_by_default, GetEbsEncryptionByDefaultInput{})->ebs_encryption_by_default, true);
  CreateVolumeInput input = wanted();
  EXPECT_EQ(make(input).encrypted, true);
  input.encrypted = false;
  EXPECT_EQ(make(input).encrypted, true) << "nobody opts out";
  const std::string copied =
      *ask(&copy_snapshot, CopySnapshotInput{.source_region = "us-east-1", .source_snapshot_id = put_snapshot()})
           .value()
           .snapshot_id;
  EXPECT_TRUE(settled(copied).encrypted);
  EXPECT_TRUE(volumes_.keys.contains(copied));
  EXPECT_EQ(ask(&disable_ebs_encryption_by_default, DisableEbsEncryptionByDefaultInput{})->ebs_encryption_by_default,
            false);
  EXPECT_EQ(make(wanted()).encrypted, false);
}

TEST_F(EncryptionTest, TheDefaultKeyIsTheAccountsOne) {
  const auto told = [&] { return *ask(&get_ebs_default_kms_key_id, GetEbsDefaultKmsKeyIdInput{}).value().kms_key_id; };
  EXPECT_EQ(told(), "alias/aws/ebs");
  EXPECT_EQ(code_of(&modify_ebs_default_kms_key_id, ModifyEbsDefaultKmsKeyIdInput{.kms_key_id = "alias/mine"}),
            "InvalidParameterValue");
  const std::string key =
      *ask(&modify_ebs_default_kms_key_id, ModifyEbsDefaultKmsKeyIdInput{.kms_key_id = "alias/aws/ebs"})
           .value()
           .kms_key_id;
  EXPECT_EQ(told(), key);
  EXPECT_EQ(ask(&reset_ebs_default_kms_key_id, ResetEbsDefaultKmsKeyIdInput{})->kms_key_id, key);
  EXPECT_EQ(told(), "alias/aws/ebs");
  Call other = call_of({.account = AccountId("444455556666"), .region = scope_.region});
  EXPECT_NE(reset_ebs_default_kms_key_id(other, {})->kms_key_id, key);
}

TEST_F(EncryptionTest, WhatIsMadeOfEncryptedIsEncryptedAndNobodyElses) {
  CreateVolumeInput input = wanted();
  input.encrypted = true;
  const Volume volume = make(input);
  const Snapshot snapshot = ask(&create_snapshot, CreateSnapshotInput{.volume_id = volume.volume_id}).value();
  EXPECT_EQ(snapshot.encrypted, true);
  EXPECT_EQ(snapshot.kms_key_id, volume.kms_key_id);
  EXPECT_EQ(settled(*snapshot.snapshot_id).state, SnapshotState::completed);
  CreateVolumeInput of = wanted();
  of.snapshot_id = snapshot.snapshot_id;
  of.encrypted = false;
  EXPECT_EQ(key_of(of), *volume.kms_key_id);
  const std::string copy =
      *ask(&copy_snapshot, CopySnapshotInput{.source_region = "us-east-1", .source_snapshot_id = snapshot.snapshot_id})
           .value()
           .snapshot_id;
  EXPECT_EQ(settled(copy).kms_key, *volume.kms_key_id);
  const auto share = [&](const std::string& id) {
    return ask(&modify_snapshot_attribute, ModifySnapshotAttributeInput{.attribute = "createVolumePermission",
                                                                        .operation_type = "add",
                                                                        .snapshot_id = id,
                                                                        .user_ids = Strings{"444455556666"}});
  };
  EXPECT_EQ(share(copy).error().code, "OperationNotPermitted");
  EXPECT_EQ(share(copy).error().message, "Encrypted snapshots with EBS default key cannot be shared");
  EXPECT_TRUE(share(put_snapshot()).has_value());
}

}  // namespace
}  // namespace aerolith::ec2
