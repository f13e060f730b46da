#include "services/ec2/describe.h"

#include "services/ec2/handler_test.h"

namespace aerolith::ec2 {
namespace {

class DescribeTest : public HandlerTest {
 protected:
  // Each thing's name is its id.
  void put_names(const std::vector<std::string>& ids) {
    write([&](metadata::Transaction& txn) -> Result<> {
      for (const std::string& id : ids) put_tags(txn, scope_, id, {{"Name", id}});
      return {};
    });
  }
};

TEST_F(DescribeTest, TagsOfThingsInOrder) {
  put_names({"eni-1", "i-2", "i-4", "i-5", "i-7", "i-71", "vol-1"});
  const auto txn = store_->begin_read();
  TagWalk walk(*txn, scope_);
  // With and without tags, some passed over, beyond the last row.
  for (const std::string id : {"i-1", "i-2", "i-3", "i-4", "i-5", "i-8", "i-9", "vol-1", "vol-2", "vpc-1"}) {
    EXPECT_EQ(walk.of(id).value(), tags_of(*txn, scope_, id).value()) << id;
  }
}

TEST_F(DescribeTest, TagsWhereThereAreNone) {
  const auto txn = store_->begin_read();
  TagWalk walk(*txn, scope_);
  EXPECT_TRUE(walk.of("i-1").value().empty());
  EXPECT_TRUE(walk.of("i-2").value().empty());
}

TEST_F(DescribeTest, TagsOfAnotherRegionAreNotSeen) {
  put_names({"i-1"});
  const auto txn = store_->begin_read();
  TagWalk walk(*txn, {.account = scope_.account, .region = RegionName("eu-west-1")});
  EXPECT_TRUE(walk.of("i-1").value().empty());
}

}  // namespace
}  // namespace aerolith::ec2
