#include "services/s3/url_encoding.h"

#include <gtest/gtest.h>

namespace aerolith::s3 {
namespace {

TEST(UrlEncoding, LeavesWhatS3Leaves) {
  EXPECT_EQ(url_encode_name("photos/2024/a-b_c.d*"), "photos/2024/a-b_c.d*");
  EXPECT_EQ(url_encode_name("test_file(3).png"), "test_file%283%29.png");
  EXPECT_EQ(url_encode_name("a b+c%~"), "a+b%2Bc%25%7E");
  EXPECT_EQ(url_encode_name("\n\xc3\xa4"), "%0A%C3%A4");
}

}  // namespace
}  // namespace aerolith::s3
