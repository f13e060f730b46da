#include "services/ec2/volume_sizes.h"

#include <gtest/gtest.h>

namespace aerolith::ec2 {
namespace {

TEST(VolumeSizesTest, PartOfAGibIsOne) {
  EXPECT_EQ(gib_for(0), 1);
  EXPECT_EQ(gib_for(1), 1);
  EXPECT_EQ(gib_for(kGib), 1);
  EXPECT_EQ(gib_for(kGib + 1), 2);
  EXPECT_EQ(gib_for(bytes_of_gib(16384)), 16384);
}

}  // namespace
}  // namespace aerolith::ec2
