// Signature Version 2 links: the documented example, what such a signature covers, and what is refused.
#include "auth/legacy_link.h"

#include <gtest/gtest.h>

#include "auth/error_code.h"
#include "auth/test_fixtures.h"
#include "base/encoding.h"

namespace aerolith::auth {
namespace {

using namespace testing;

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
  head.target =
      "/b/k?uploadId=u%2F1&partNumber=2&other&prefix=x&x-id=UploadPart&Expires=10&AWSAccessKeyId=A&Signature=s";
  head.headers.add("Content-Type", "text/plain");
  head.headers.add("X-Amz-Meta-B", " two ");
  head.headers.add("x-amz-meta-a", "one");
  head.headers.add("X-Amz-Meta-A", "more");
  EXPECT_EQ(legacy_string_to_sign(head, "/b/k"),
            "PUT\n\ntext/plain\n10\nx-amz-meta-a:one,more\nx-amz-meta-b:two\n/b/k?other&partNumber=2&uploadId=u/1");
}

TEST(LegacyLink, NoOtherQueryHasTheSameText) {
  const auto text = [](const std::string& query) {
    return legacy_string_to_sign(make_head("PUT", "/b/k?Expires=10&" + query, "h"), "/b/k");
  };
  const std::string part = text("partNumber=2&uploadId=u");
  EXPECT_NE(text("partNumber%3D2%26uploadId=u"), part);
  EXPECT_NE(text("partNumber=2&uploadId=u&uploadI%64=v"), part);
  const std::string fields = text("x-amz-acl=private&x-amz-meta-a=1");
  EXPECT_NE(text("x-amz-acl%3Aprivate%0Ax-amz-meta-a=1"), fields);
  EXPECT_NE(text("x-amz-acl=private%0Ax-amz-meta-a%3A1"), fields);
  EXPECT_NE(text("x-amz-acl=&x-amz-acl=private&x-amz-meta-a=1"), fields);
}

TEST(LegacyLink, NeedsAllThreeParameters) {
  for (const char* some : {"AWSAccessKeyId=A&Signature=s", "Expires=1&Signature=s", "x=1&Expires=1"}) {
    EXPECT_TRUE(is_legacy_link(some)) << some;
    EXPECT_FALSE(read_legacy_link(some).has_value()) << some;
  }
  EXPECT_FALSE(is_legacy_link("x=Signature&expires=1"));
  const auto expires = [](const std::string& value) {
    return read_legacy_link("AWSAccessKeyId=A&Signature=s&Expires=" + value)->expires_at;
  };
  EXPECT_EQ(expires("10"), Timestamp(std::chrono::seconds(10)));
  EXPECT_EQ(expires("-10"), Timestamp(std::chrono::seconds(-10)));
  for (const char* bad : {"soon", "", "1.5", "1e9", "10x", "2147483648", "99999999999999999999"}) {
    EXPECT_FALSE(expires(bad).has_value()) << bad;
  }
}

class LegacyLinkTest : public ::testing::Test {
 protected:
  LegacyLinkTest() { keys_.add(kDocsKey, kDocsSecret); }

  static std::string seconds(Timestamp time) {
    return std::to_string(std::chrono::floor<std::chrono::seconds>(time).time_since_epoch().count());
  }
  http::RequestHead link(const std::string& query = "", std::string_view key = kDocsKey,
                         std::string_view secret = kDocsSecret) const {
    auto head = make_head("GET",
                          "/b/k?" + query + (query.empty() ? "" : "&") + "AWSAccessKeyId=" + std::string(key) +
                              "&Expires=" + seconds(clock_.now() + std::chrono::minutes(1)),
                          "localhost");
    const std::string signature = legacy_signature(secret, legacy_string_to_sign(head, "/b/k"));
    head.target += "&Signature=" + percent_encode(signature);
    return head;
  }
  // nullopt: taken.
  std::optional<AuthError> refusal(const http::RequestHead& head) const {
    auto result = authenticator_.authenticate({.head = head,
                                               .service = "s3",
                                               .anonymous = Anonymous::allowed,
                                               .body_sha256 = {},
                                               .resource_path = head.path()});
    if (!result.has_value()) return std::move(result).error();
    EXPECT_NE(result->principal(), nullptr);
    return std::nullopt;
  }
  std::optional<AuthErrorCode> code(const http::RequestHead& head) const {
    const auto error = refusal(head);
    return error ? std::optional(error->code) : std::nullopt;
  }
  http::RequestHead at(std::string target) const { return make_head("GET", std::move(target), "localhost"); }

  FixedClock clock_{"20240102T030405Z"};
  MemoryKeys keys_;
  Authenticator authenticator_{{.region = "us-east-1", .accepts_service = {}, .accepts_region = {}}, keys_, clock_};
};

TEST_F(LegacyLinkTest, TakenAsItWasMade) {
  EXPECT_EQ(code(link()), std::nullopt);
  EXPECT_EQ(code(link("versionId=3&response-content-type=text%2Fplain")), std::nullopt);
}

TEST_F(LegacyLinkTest, NothingCanBeAddedThatActs) {
  for (const char* added : {"response-content-type=text/html", "response-content-typ%65=text/html", "uploadI%64=U",
                            "uploadId=U", "retention", "legal-hold", "acl", "not-yet-invented", "x-amz-meta-a=1",
                            "X-Amz-Acl=public-read", "content-type=text/html", "versionId=4"}) {
    auto head = link("versionId=3");
    head.target += '&' + std::string(added);
    EXPECT_EQ(code(head), AuthErrorCode::signature_mismatch) << added;
  }
  auto listing = link();
  listing.target += "&prefix=a&max-keys=1";
  EXPECT_EQ(code(listing), std::nullopt);
}

TEST_F(LegacyLinkTest, AlteredLinksAreRefused) {
  auto head = link();
  head.target.replace(head.target.find("/k?"), 3, "/l?");
  EXPECT_EQ(code(head), AuthErrorCode::signature_mismatch);
  head = link();
  head.method = "PUT";
  EXPECT_EQ(code(head), AuthErrorCode::signature_mismatch);
  EXPECT_EQ(code(link("", kDocsKey, "wrong")), AuthErrorCode::signature_mismatch);
  EXPECT_EQ(code(link("", "AKIANOBODY")), AuthErrorCode::unknown_access_key);
  keys_.add("AKIADISABLED", "secret").enabled = false;
  EXPECT_EQ(code(link("", "AKIADISABLED", "secret")), AuthErrorCode::disabled_access_key);
}

TEST_F(LegacyLinkTest, ExpiryIsToldWithoutADate) {
  const auto head = link();
  clock_.set(clock_.now() + std::chrono::minutes(1));
  EXPECT_EQ(code(head), std::nullopt);
  clock_.set(clock_.now() + std::chrono::milliseconds(1));
  const auto error = refusal(head);
  ASSERT_TRUE(error.has_value());
  EXPECT_EQ(error->code, AuthErrorCode::presign_expired);
  EXPECT_FALSE(error->request_time.has_value());
  const auto answer = answer_for(*error, ServiceErrorStyle::s3);
  ASSERT_EQ(answer.details.size(), 2u);
  EXPECT_EQ(answer.details[0], std::pair(std::string_view("Expires"), std::string("2024-01-02T03:05:05Z")));
  EXPECT_EQ(answer.details[1].first, "ServerTime");
}

TEST_F(LegacyLinkTest, MalformedLinks) {
  const auto error = refusal(at("/b/k?AWSAccessKeyId=A&Signature=s&Expires=soon"));
  ASSERT_TRUE(error.has_value());
  EXPECT_EQ(error->code, AuthErrorCode::malformed_legacy_expires);
  EXPECT_EQ(answer_for(*error, ServiceErrorStyle::s3).message, "Invalid date (should be seconds since epoch): soon");
  for (const char* some : {"AWSAccessKeyId=A", "Signature=s", "Expires=1", "AWSAccessKeyId=A&Signature=s",
                           "Signature=s&Expires=1", "AWSAccessKeyId=A&Expires=1"}) {
    EXPECT_EQ(code(at("/b/k?" + std::string(some))), AuthErrorCode::incomplete_legacy_link) << some;
  }
  // Beside a claim of Version 4 the parts mean nothing.
  EXPECT_EQ(code(at("/b/k?Expires=1&X-Amz-Algorithm=AWS4-HMAC-SHA256")), AuthErrorCode::missing_component);
}

}  // namespace
}  // namespace aerolith::auth
