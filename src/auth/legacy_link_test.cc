#include "auth/legacy_link.h"

#include <gtest/gtest.h>

namespace aerolith::auth {
namespace {

// The example of S3's documentation: "Query string request authentication alternative".
TEST(LegacyLink, TheDocumentedExample) {
  http::RequestHead head;
  head.method = "GET";
  head.target =
      "/photos/puppy.jpg?AWSAccessKeyId=AKIAIOSFODNN7EXAMPLE&Signature=NpgCjnDzrM%2BWFzoENXmpNDUsSn8%3D&Expires="
      "1175139620";
  head.headers.add("Host", "johnsmith.s3.amazonaws.com");
  const auto link = read_legacy_link(head.query());
  ASSERT_TRUE(link.has_value());
  EXPECT_EQ(link->access_key_id, "AKIAIOSFODNN7EXAMPLE");
  EXPECT_EQ(link->signature, "NpgCjnDzrM+WFzoENXmpNDUsSn8=");
  const std::string text = legacy_string_to_sign(head, "/johnsmith/photos/puppy.jpg");
  EXPECT_EQ(text, "GET\n\n\n1175139620\n/johnsmith/photos/puppy.jpg");
  EXPECT_EQ(legacy_signature("wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY", text), link->signature);
}

TEST(LegacyLink, SubResourcesAndAmzHeadersAreSigned) {
  http::RequestHead head;
  head.method = "PUT";
  head.target = "/b/k?uploadId=u%2F1&partNumber=2&other=x&Expires=10&AWSAccessKeyId=A&Signature=s";
  head.headers.add("Content-Type", "text/plain");
  head.headers.add("X-Amz-Meta-B", " two ");
  head.headers.add("x-amz-meta-a", "one");
  head.headers.add("X-Amz-Meta-A", "more");
  EXPECT_EQ(legacy_string_to_sign(head, "/b/k"),
            "PUT\n\ntext/plain\n10\nx-amz-meta-a:one,more\nx-amz-meta-b:two\n/b/k?partNumber=2&uploadId=u/1");
}

TEST(LegacyLink, NeedsAllThreeParameters) {
  EXPECT_FALSE(read_legacy_link("AWSAccessKeyId=A&Signature=s").has_value());
  EXPECT_FALSE(read_legacy_link("Expires=1&Signature=s").has_value());
  const auto link = read_legacy_link("Expires=soon&AWSAccessKeyId=A&Signature=s");
  ASSERT_TRUE(link.has_value());
  EXPECT_FALSE(link->expires_at.has_value());
}

}  // namespace
}  // namespace aerolith::auth
