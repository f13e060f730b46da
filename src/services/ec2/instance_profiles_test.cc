#include "services/ec2/instance_profiles.h"

#include <gtest/gtest.h>

#include "os/test_directory.h"

namespace aerolith::ec2 {
namespace {

class ProfileAssociationTest : public testing::Test {
 protected:
  ProfileAssociationTest() {
    metadata::StoreOptions options;
    options.directory = folder_ / "metadata";
    store_ = metadata::open_store(options).value();
  }
  void give(const Profile& profile) {
    const auto done = metadata::run_transaction(*store_, [&](metadata::Transaction& txn) -> Result<> {
      set_profile(txn, scope_, profile, record_);
      kInstances.put(txn, scope_, record_);
      return {};
    });
    ASSERT_TRUE(done.has_value());
  }
  std::string found(const std::string& association) {
    return instance_of_association(*store_->begin_read(), scope_, association).value().value_or("none");
  }

  os::TestDirectory folder_;
  Scope scope_{.account = AccountId("123456789012"), .region = RegionName("us-east-1")};
  InstanceRecord record_{.id = "i-0123456789abcdef0"};
  std::unique_ptr<metadata::Store> store_;
};

TEST_F(ProfileAssociationTest, EachHasAnIdOfItsOwn) {
  give({.arn = "arn:one", .id = "AIPA1"});
  const std::string first = association_of(record_);
  EXPECT_EQ(found(first), record_.id);
  give({.arn = "arn:two", .id = "AIPA2"});
  const std::string second = association_of(record_);
  EXPECT_NE(first, second);
  EXPECT_EQ(found(first), "none");
  EXPECT_EQ(found(second), record_.id);
  give({});
  EXPECT_EQ(found(second), "none");
  EXPECT_TRUE(record_.profile_arn.empty());
}

TEST_F(ProfileAssociationTest, TheOneOfAnOldRecordHasTheNumberOfTheInstance) {
  give({});
  record_.profile_arn = "arn:one";
  EXPECT_EQ(association_of(record_), "iip-assoc-0123456789abcdef0");
  EXPECT_EQ(found("iip-assoc-0123456789abcdef0"), record_.id);
  give({.arn = "arn:two", .id = "AIPA2"});
  EXPECT_EQ(found("iip-assoc-0123456789abcdef0"), "none");
  EXPECT_EQ(found("sgr-0123456789abcdef0"), "none");
}

}  // namespace
}  // namespace aerolith::ec2
