#include "services/s3/copy_source.h"

#include <gtest/gtest.h>

namespace aerolith::s3 {
namespace {

TEST(CopySource, BucketAndKey) {
  auto source = parse_copy_source("bucket/a/b%20c%2Bd+e");
  ASSERT_TRUE(source.has_value());
  EXPECT_EQ(source->bucket.str(), "bucket");
  EXPECT_EQ(source->key.str(), "a/b c+d e");
  EXPECT_FALSE(source->version_id.has_value());
  source = parse_copy_source("/bucket//key%3FversionId=x?versionId=null");
  ASSERT_TRUE(source.has_value());
  EXPECT_EQ(source->key.str(), "/key?versionId=x");
  EXPECT_EQ(source->version_id, "null");
  source = parse_copy_source("bucket%2Fkey");
  ASSERT_TRUE(source.has_value());
  EXPECT_EQ(source->key.str(), "key");
}

TEST(CopySource, Refused) {
  for (const char* header : {"", "/", "bucket", "/bucket", "bucket/", "//key", "bucket/%zz", "bucket/%ff"}) {
    auto source = parse_copy_source(header);
    ASSERT_FALSE(source.has_value()) << header;
    EXPECT_EQ(source.error().code, "InvalidArgument") << header;
  }
}

}  // namespace
}  // namespace aerolith::s3
