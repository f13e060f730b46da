#include "protocol/scalar_text.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <optional>

namespace aerolith::protocol {
namespace {

template <typename T>
std::optional<T> parse(Kind kind, std::string_view text, TimestampFormat format = TimestampFormat::iso8601) {
  T value{};
  return parse_scalar(kind, format, text, &value) ? std::optional<T>(value) : std::nullopt;
}

template <typename T>
std::string write(Kind kind, T value, TimestampFormat format = TimestampFormat::iso8601,
                  Iso8601Style style = Iso8601Style::shortest) {
  std::string text;
  append_scalar(kind, format, style, &value, text);
  return text;
}

TEST(ScalarText, Booleans) {
  EXPECT_EQ(parse<bool>(Kind::boolean, "true"), true);
  EXPECT_EQ(parse<bool>(Kind::boolean, " False\n"), false);
  EXPECT_EQ(parse<bool>(Kind::boolean, "1"), true);
  EXPECT_EQ(parse<bool>(Kind::boolean, ""), std::nullopt);
  EXPECT_EQ(parse<bool>(Kind::boolean, "yes"), std::nullopt);
  EXPECT_EQ(write(Kind::boolean, false), "false");
}

TEST(ScalarText, IntegersKeepTheirRange) {
  EXPECT_EQ(parse<int32_t>(Kind::integer, "-2147483648"), std::numeric_limits<int32_t>::min());
  EXPECT_EQ(parse<int32_t>(Kind::integer, "2147483648"), std::nullopt);
  EXPECT_EQ(parse<int32_t>(Kind::integer, "+7"), 7);
  for (const char* bad : {"", " ", "+", "-", "+-7", "--7", "7.0", "0x7", "7 7", "1e3"}) {
    EXPECT_EQ(parse<int32_t>(Kind::integer, bad), std::nullopt) << bad;
  }
  EXPECT_EQ(parse<int64_t>(Kind::long_integer, "9223372036854775807"), std::numeric_limits<int64_t>::max());
  EXPECT_EQ(parse<int64_t>(Kind::long_integer, "9223372036854775808"), std::nullopt);
  EXPECT_EQ(parse<int64_t>(Kind::long_integer, std::string(100'000, '9')), std::nullopt);
  EXPECT_EQ(write(Kind::long_integer, std::numeric_limits<int64_t>::min()), "-9223372036854775808");
}

TEST(ScalarText, FloatingNumbers) {
  EXPECT_EQ(parse<double>(Kind::double_number, "6.5e-3"), 6.5e-3);
  EXPECT_EQ(parse<float>(Kind::float_number, "-Infinity"), -std::numeric_limits<float>::infinity());
  EXPECT_TRUE(std::isnan(parse<double>(Kind::double_number, "NaN").value()));
  for (const char* bad : {"", "nan", "inf", "infinity", "nan(x)", "1e999", "0x1p3", "1,5", "+-1"}) {
    EXPECT_EQ(parse<double>(Kind::double_number, bad), std::nullopt) << bad;
  }
  EXPECT_EQ(parse<float>(Kind::float_number, "1e39"), std::nullopt);
  EXPECT_EQ(write(Kind::float_number, 1.1F), "1.1");
  EXPECT_EQ(write(Kind::double_number, 0.1), "0.1");
  EXPECT_EQ(write(Kind::double_number, std::numeric_limits<double>::infinity()), "Infinity");
  EXPECT_EQ(write(Kind::float_number, std::numeric_limits<float>::quiet_NaN()), "NaN");
}

TEST(ScalarText, BlobsAreBase64) {
  EXPECT_EQ(parse<std::string>(Kind::blob, "dmFs\r\n  dWU=\n"), "value");
  EXPECT_EQ(parse<std::string>(Kind::blob, ""), "");
  EXPECT_EQ(parse<std::string>(Kind::blob, "dmFsdWU"), std::nullopt);
  EXPECT_EQ(write<std::string>(Kind::blob, "value"), "dmFsdWU=");
}

TEST(ScalarText, Timestamps) {
  const Timestamp time{std::chrono::milliseconds(1398796238123)};
  const Timestamp whole{std::chrono::milliseconds(1398796238000)};
  EXPECT_EQ(parse<Timestamp>(Kind::timestamp, "2014-04-29T18:30:38.123Z"), time);
  // Another format than the member's, and S3's lifecycle dates.
  EXPECT_EQ(parse<Timestamp>(Kind::timestamp, "Tue, 29 Apr 2014 18:30:38 GMT"), whole);
  EXPECT_EQ(parse<Timestamp>(Kind::timestamp, "1398796238", TimestampFormat::rfc822), whole);
  EXPECT_EQ(parse<Timestamp>(Kind::timestamp, "1970-01-02"), Timestamp(std::chrono::hours(24)));
  // The obsolete forms of HTTP (RFC 9110, 5.6.7).
  EXPECT_EQ(parse<Timestamp>(Kind::timestamp, "Tuesday, 29-Apr-14 18:30:38 GMT", TimestampFormat::rfc822), whole);
  EXPECT_EQ(parse<Timestamp>(Kind::timestamp, "Tue Apr 29 18:30:38 2014", TimestampFormat::rfc822), whole);
  EXPECT_EQ(write(Kind::timestamp, parse<Timestamp>(Kind::timestamp, "Sun Nov  6 08:49:37 1994").value()),
            "1994-11-06T08:49:37Z");
  EXPECT_EQ(write(Kind::timestamp, parse<Timestamp>(Kind::timestamp, "Sunday, 06-Nov-94 08:49:37 GMT").value()),
            "1994-11-06T08:49:37Z");
  for (const char* bad : {"Tuesday, 29-Abr-14 18:30:38 GMT", "Tuesday, 29/Apr/14 18:30:38 GMT",
                          "Tue Apr 31 18:30:38 2014", "Tue Apr 29 18:30:38 PST ", ", ", "                        "}) {
    EXPECT_EQ(parse<Timestamp>(Kind::timestamp, bad, TimestampFormat::rfc822), std::nullopt) << bad;
  }
  EXPECT_EQ(parse<Timestamp>(Kind::timestamp, "2014-13-29"), std::nullopt);
  EXPECT_EQ(parse<Timestamp>(Kind::timestamp, "soon"), std::nullopt);
  EXPECT_EQ(write(Kind::timestamp, whole), "2014-04-29T18:30:38Z");
  EXPECT_EQ(write(Kind::timestamp, whole, TimestampFormat::iso8601, Iso8601Style::always_millis),
            "2014-04-29T18:30:38.000Z");
  EXPECT_EQ(write(Kind::timestamp, whole, TimestampFormat::rfc822), "Tue, 29 Apr 2014 18:30:38 GMT");
  EXPECT_EQ(write(Kind::timestamp, time, TimestampFormat::epoch_seconds), "1398796238.123");
}

TEST(ScalarText, CharacterSizes) {
  EXPECT_EQ(utf8_character_size("ab"), 1U);
  EXPECT_EQ(utf8_character_size("\xC3\xA9x"), 2U);
  EXPECT_EQ(utf8_character_size("\xF0\x9F\x98\x80"), 4U);
  for (const char* bad : {"\xC3", "\x80", "\xF0\x9F\x98", "\xFF"}) EXPECT_EQ(utf8_character_size(bad), 0U);
}

TEST(ScalarText, FailureCutsLongTextBetweenCharacters) {
  EXPECT_EQ(conversion_failure(Kind::integer, "abc"), "'abc' can not be converted to an Integer");
  std::string cut = conversion_failure(Kind::boolean, std::string(63, 'a') + "\xC3\xA9\xC3\xA9");
  EXPECT_EQ(cut, "'" + std::string(63, 'a') + "...' can not be converted to a Boolean");
}

}  // namespace
}  // namespace aerolith::protocol
