#include "services/s3/features.h"

#include <gtest/gtest.h>

namespace aerolith::s3 {
namespace {

std::string code(const std::string& name, const std::string& value) {
  http::RequestHead head;
  head.headers.add("Host", "localhost");
  head.headers.add(name, value);
  auto outcome = check_features(head);
  return outcome.has_value() ? "" : outcome.error().code;
}

TEST(Features, WhatWeLackIsRefusedByName) {
  for (const char* name :
       {"x-amz-server-side-encryption", "X-Amz-Server-Side-Encryption-Customer-Key", "x-amz-write-offset-bytes",
        "x-amz-mfa", "x-amz-copy-source-server-side-encryption-customer-key", "x-amz-bucket-object-lock-enabled"}) {
    EXPECT_EQ(code(name, "value"), "NotImplemented") << name;
  }
  EXPECT_EQ(code("x-amz-server-side-encryption", "aws:kms"), "NotImplemented");
  // No more than a prefix of a harmless header is another one.
  EXPECT_EQ(code("x-amz-server-side-encryption-customer-algorithm", "AES256"), "NotImplemented");
}

TEST(Features, WhatAsksForNothingPasses) {
  EXPECT_EQ(code("x-amz-acl", "public-read"), "");
  EXPECT_EQ(code("x-amz-object-ownership", "ObjectWriter"), "");
  EXPECT_EQ(code("x-amz-bucket-object-lock-enabled", "false"), "");
  EXPECT_EQ(code("x-amz-server-side-encryption", "AES256"), "");
  EXPECT_EQ(code("x-amz-server-side-encryption-bucket-key-enabled", "false"), "");
  // Means nothing where there is no retention.
  EXPECT_EQ(code("x-amz-bypass-governance-retention", "true"), "");
  EXPECT_EQ(code("x-amz-meta-tagging", "x"), "");
  EXPECT_EQ(code("x-amz-date", "x"), "");
}

TEST(Features, ObjectLockIsRefusedAsInBucketsWithoutIt) {
  EXPECT_EQ(code("x-amz-object-lock-mode", "GOVERNANCE"), "InvalidRequest");
}

}  // namespace
}  // namespace aerolith::s3
