#include "blocks/tar.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "os/test_directory.h"

namespace aerolith::blocks {
namespace {

// A header of POSIX.1-2001 that tells this size, and the bytes, filled up to whole records.
std::string member(const std::string& name, const std::string& bytes, uint64_t told_bytes, char type = '0') {
  std::string header(512, '\0');
  header.replace(0, name.size(), name);
  header.replace(124, 11, fmt::format("{:011o}", told_bytes));
  header[156] = type;
  header.replace(257, 8,
                 std::string("ustar\0"
                             "00",
                             8));
  header.replace(148, 8, "        ");
  unsigned sum = 0;
  for (const char byte : header) sum += static_cast<uint8_t>(byte);
  header.replace(148, 7, fmt::format("{:06o}", sum) + '\0');
  std::string padded = bytes;
  padded.resize((bytes.size() + 511) / 512 * 512);
  return header + padded;
}
std::string pax(const std::string& records) { return member("PaxHeaders/x", records, records.size(), 'x'); }

class TarTest : public testing::Test {
 protected:
  Result<std::vector<TarMember>> list(const std::string& archive) {
    const std::string path = folder_ / "archive";
    EXPECT_TRUE(os::write_file(files_, path, archive, 0600).has_value());
    return list_tar(*files_.open(path, os::OpenMode::read, 0600).value());
  }

  os::TestDirectory folder_;
  os::RealFileSystem files_;
};

// As tools tell the size of what octal digits can't: the header's own is none, or cut.
TEST_F(TarTest, ASizeInARecordCountsForTheNextMemberAlone) {
  const std::string disk(1000, 'd');
  const auto members = list(pax("13 size=1000\n"
                                "15 path=a.vmdk\n") +
                            member("short", disk, 0) + member("b.ovf", "bb", 2));
  ASSERT_TRUE(members.has_value()) << members.error().detail;
  ASSERT_EQ(members->size(), 2U);
  EXPECT_EQ(members->at(0).name, "a.vmdk");
  EXPECT_EQ(members->at(0).size_bytes, 1000U);
  EXPECT_EQ(members->at(1).name, "b.ovf");
  EXPECT_EQ(members->at(1).size_bytes, 2U);
  EXPECT_EQ(members->at(1).offset_bytes, 512U * (2 + 1 + 2 + 1));
}

TEST_F(TarTest, WhatARecordClaimsMustBeThere) {
  const std::string disk(1000, 'd');
  for (const char* records : {"29 size=18446744073709551615\n", "18 size=100000000\n", "12 size=-10\n", "12 size=1k0\n",
                              "8 size=\n", "99 size=1\n", "x size=1\n"}) {
    const auto members = list(pax(records) + member("a", disk, 1000));
    ASSERT_FALSE(members.has_value()) << records;
    EXPECT_EQ(members.error().code, VolumeErrorCode::corrupt);
  }
}

}  // namespace
}  // namespace aerolith::blocks
