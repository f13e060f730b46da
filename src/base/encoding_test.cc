#include "base/encoding.h"

#include <gtest/gtest.h>

#include "base/random.h"

namespace aerolith {
namespace {

TEST(Encoding, Base64FollowsRfc4648) {
  const std::pair<const char*, const char*> cases[] = {{"", ""},        {"f", "Zg=="},        {"fo", "Zm8="},
                                                       {"foo", "Zm9v"}, {"foob", "Zm9vYg=="}, {"foobar", "Zm9vYmFy"}};
  for (const auto& [plain, encoded] : cases) {
    EXPECT_EQ(base64_encode(plain), encoded);
    EXPECT_EQ(base64_decode(encoded), plain);
  }
}

TEST(Encoding, Base64RefusesWhatIsNotCanonical) {
  for (const char* bad : {"Z", "Zg=", "Zg", "Zh==", "Zm9=", "====", "Zg==Zg==", "Zm 9", "Zm9v\n"})
    EXPECT_FALSE(base64_decode(bad).has_value()) << bad;
}

TEST(Encoding, HexAndBase64RoundTripAnyBytes) {
  for (size_t size = 0; size < 70; ++size) {
    const std::string bytes = random_bytes(size);
    EXPECT_EQ(hex_decode(hex_encode(bytes)), bytes);
    EXPECT_EQ(base64_decode(base64_encode(bytes)), bytes);
    EXPECT_EQ(percent_decode(percent_encode(bytes)), bytes);
  }
}

TEST(Encoding, PercentKeepsUnreservedOnly) {
  EXPECT_EQ(percent_encode("a-Z_0.~/ +%\xC3\xA9"), "a-Z_0.~%2F%20%2B%25%C3%A9");
  EXPECT_EQ(percent_encode("a/b c", KeepSlash::yes), "a/b%20c");
  std::string escaped;
  append_escaped(escaped, 'a');
  append_escaped(escaped, '\xff');
  EXPECT_EQ(escaped, "%61%FF");
  EXPECT_EQ(percent_decode("a+b%20c"), "a+b c");
  EXPECT_EQ(form_decode("a+b%20c"), "a b c");
  for (const char* bad : {"%", "%4", "%zz", "a%2"}) EXPECT_FALSE(percent_decode(bad).has_value()) << bad;
}

TEST(Encoding, Utf8RefusesOverlongSurrogatesAndCutText) {
  for (const char* good : {"", "plain", "\xC3\xA9", "\xE2\x82\xAC", "\xF0\x9F\x9A\x80", "\xF4\x8F\xBF\xBF"})
    EXPECT_TRUE(is_valid_utf8(good)) << good;
  for (const char* bad : {"\x80", "\xC0\xAF", "\xC1\xBF", "\xE0\x80\xAF", "\xED\xA0\x80", "\xF0\x80\x80\x80",
                          "\xF4\x90\x80\x80", "\xF5\x80\x80\x80", "\xE2\x82", "\xC3"})
    EXPECT_FALSE(is_valid_utf8(bad)) << bad;
}

TEST(Encoding, ConstantTimeComparisonIsExact) {
  EXPECT_TRUE(equals_constant_time("", ""));
  EXPECT_TRUE(equals_constant_time("secret", "secret"));
  EXPECT_FALSE(equals_constant_time("secret", "secreT"));
  EXPECT_FALSE(equals_constant_time("secret", "secre"));
}

TEST(Encoding, TrimAndCase) {
  EXPECT_EQ(trim(" \t a b \t"), "a b");
  EXPECT_EQ(trim("  "), "");
  EXPECT_EQ(to_lower("X-Amz-DATE"), "x-amz-date");
  EXPECT_TRUE(equals_ignore_case("Host", "hOST"));
  EXPECT_FALSE(equals_ignore_case("Host", "Hosts"));
}

TEST(Encoding, Base64ForUrls) {
  EXPECT_EQ(base64url_decode(""), "");
  EXPECT_EQ(base64url_decode("-_8"), "\xfb\xff");
  EXPECT_EQ(base64url_decode("Zm9vYmFy"), "foobar");
  for (const char* bad : {"A", "AAAAA", "-_9", "+/8", "AA==", "A A", "AA\n"})
    EXPECT_FALSE(base64url_decode(bad)) << bad;
}

}  // namespace
}  // namespace aerolith
