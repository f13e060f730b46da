#include "services/ec2/zones.h"

#include <gtest/gtest.h>

namespace aerolith::ec2 {
namespace {

TEST(ZonesTest, TheNameOfTheirGroup) {
  EXPECT_EQ(group_long_name(RegionName("us-east-1")), "US East (N. Virginia) 1");
  EXPECT_EQ(group_long_name(RegionName("eu-west-1")), "Europe (Ireland) 1");
  EXPECT_EQ(group_long_name(RegionName("xx-nowhere-9")), "");
}

}  // namespace
}  // namespace aerolith::ec2
