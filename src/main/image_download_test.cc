#include "main/image_download.h"

#include <gtest/gtest.h>

namespace aerolith::main_program {
namespace {

const std::string kSum(128, 'a');

TEST(FindSum, IsOfThatFileAlone) {
  const std::string sums = std::string(128, 'b') + "  other-one.qcow2\n" + kSum + "  one.qcow2\n";
  EXPECT_EQ(find_sum(sums, "one.qcow2"), kSum);
  EXPECT_EQ(find_sum(sums, "two.qcow2"), std::nullopt);
}

TEST(FindSum, KnowsTheMarkOfBinaryFiles) { EXPECT_EQ(find_sum(kSum + " *one\n", "one"), kSum); }

TEST(FindSum, BelievesNoOtherDigest) { EXPECT_EQ(find_sum(std::string(64, 'a') + "  one\n", "one"), std::nullopt); }

TEST(DownloadChecked, RefusesWhatIsNoChecksum) {
  EXPECT_FALSE(download_checked("http://127.0.0.1:1/x", "abc", "/nonexistent/file").has_value());
}

}  // namespace
}  // namespace aerolith::main_program
