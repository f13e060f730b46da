#include "compute/root_partition.h"

#include <gtest/gtest.h>

#include "os/program.h"
#include "os/test_directory.h"

namespace aerolith::compute {
namespace {

class RootPartitionTest : public testing::Test {
 protected:
  void SetUp() override {
    if (os::find_program("sfdisk").empty()) GTEST_SKIP() << "no sfdisk here: scripts/setup.sh instances";
  }

  os::Result<Extent> find(const std::string& table) {
    const std::string path = folder_ / "disk.raw";
    EXPECT_TRUE(os::run_checked({.arguments = {"truncate", "-s", "100M", path}}).has_value());
    if (!table.empty()) {
      const auto made = os::run_checked({.arguments = {"sfdisk", "-q", path}, .input = table});
      EXPECT_TRUE(made.has_value()) << made.error().detail;
    }
    os::RealFileSystem files;
    const auto disk = files.open(path, os::OpenMode::read, 0600);
    return find_root_partition(**disk);
  }
  os::TestDirectory folder_;
};

TEST_F(RootPartitionTest, AWholeDisk) {
  EXPECT_EQ(find("")->offset, 0U);
  EXPECT_EQ(find("")->size, 0U);
}

TEST_F(RootPartitionTest, AsCloudImagesHaveIt) {
  // Debian's: root by its type, then BIOS boot and EFI.
  const auto found = find(
      "label: gpt\n14: size=3M, type=21686148-6449-6E6F-744E-656564454649\n"
      "15: size=20M, type=C12A7328-F81F-11D2-BA4B-00A0C93EC93B\n"
      "2: size=40M, type=0FC63DAF-8483-4772-8E79-3D69D8477DE4\n1: size=20M, "
      "type=4F68BCE3-E8CD-4DB1-96E7-FBCAF984B709\n");
  ASSERT_TRUE(found.has_value()) << found.error().detail;
  EXPECT_EQ(found->size, uint64_t{20} << 20);
  EXPECT_EQ(found->offset, uint64_t{64} << 20);
}

TEST_F(RootPartitionTest, TheLargestOfLinux) {
  const auto found = find("label: gpt\nsize=10M, type=L\nsize=50M, type=L\nsize=20M, type=L\n");
  ASSERT_TRUE(found.has_value());
  EXPECT_EQ(found->size, uint64_t{50} << 20);
}

TEST_F(RootPartitionTest, AnOldTable) {
  const auto found = find("label: dos\nsize=10M, type=82\nsize=40M, type=83\n");
  ASSERT_TRUE(found.has_value());
  EXPECT_EQ(found->size, uint64_t{40} << 20);
  EXPECT_EQ(found->offset, uint64_t{11} << 20);
}

TEST_F(RootPartitionTest, NothingOfLinux) {
  EXPECT_FALSE(find("label: gpt\nsize=10M, type=C12A7328-F81F-11D2-BA4B-00A0C93EC93B\n").has_value());
}

}  // namespace
}  // namespace aerolith::compute
