#include "services/s3/bucket_name.h"

#include <gtest/gtest.h>

#include <string>

namespace aerolith::s3 {
namespace {

TEST(BucketName, AcceptsLegalNames) {
  for (const char* name : {"abc", "my-bucket", "my.bucket.2024", "0abc9", "a-b", "1.2.3", "1.2.3.4.5", "a--b"}) {
    EXPECT_TRUE(is_valid_bucket_name(name)) << name;
  }
  EXPECT_TRUE(is_valid_bucket_name(std::string(63, 'a')));
}

TEST(BucketName, RefusesIllegalNames) {
  for (const char* name : {"",
                           "a",
                           "ab",
                           "Abc",
                           "my_bucket",
                           "-abc",
                           "abc-",
                           ".abc",
                           "abc.",
                           "a..b",
                           "a.-b",
                           "a-.b",
                           "192.168.5.4",
                           "a b",
                           "a/b",
                           "a\xc3\xa4z",
                           "xn--abc",
                           "sthree-abc",
                           "amzn-s3-demo-abc",
                           "abc-s3alias",
                           "abc--ol-s3",
                           "abc.mrap",
                           "abc--x-s3",
                           "abc--table-s3"}) {
    EXPECT_FALSE(is_valid_bucket_name(name)) << name;
  }
  EXPECT_FALSE(is_valid_bucket_name(std::string(64, 'a')));
}

}  // namespace
}  // namespace aerolith::s3
