#include "services/s3/ranges.h"

#include <gtest/gtest.h>

namespace aerolith::s3 {
namespace {

TEST(Ranges, OneRange) {
  EXPECT_EQ(choose_range("bytes=0-9", 100), RangeChoice(ByteRange{0, 10}));
  EXPECT_EQ(choose_range("bytes=90-", 100), RangeChoice(ByteRange{90, 10}));
  EXPECT_EQ(choose_range("bytes=-7", 100), RangeChoice(ByteRange{93, 7}));
  EXPECT_EQ(choose_range("bytes=-700", 100), RangeChoice(ByteRange{0, 100}));
  EXPECT_EQ(choose_range("Bytes= 4-4 ", 100), RangeChoice(ByteRange{4, 1}));
  EXPECT_EQ(choose_range("bytes=50-99999999999999999999999", 100), RangeChoice(ByteRange{50, 50}));
}

TEST(Ranges, Unsatisfiable) {
  EXPECT_EQ(choose_range("bytes=100-", 100), RangeChoice(UnsatisfiableRange{}));
  EXPECT_EQ(choose_range("bytes=100-200", 100), RangeChoice(UnsatisfiableRange{}));
  EXPECT_EQ(choose_range("bytes=-0", 100), RangeChoice(UnsatisfiableRange{}));
  EXPECT_EQ(choose_range("bytes=0-", 0), RangeChoice(UnsatisfiableRange{}));
  EXPECT_EQ(choose_range("bytes=-5", 0), RangeChoice(UnsatisfiableRange{}));
}

TEST(Ranges, WhatDoesNotParseIsIgnored) {
  for (const char* header : {"", "bytes", "bytes=", "bytes=-", "bytes=a-b", "bytes=9-1", "lines=0-1", "bytes=0-1,4-5",
                             "bytes=--5", "bytes=1-2x", "bytes=+1-2"}) {
    EXPECT_EQ(choose_range(header, 100), RangeChoice(WholeObject{})) << header;
  }
}

TEST(Ranges, ContentRange) { EXPECT_EQ(format_content_range({5, 10}, 100), "bytes 5-14/100"); }

}  // namespace
}  // namespace aerolith::s3
