#include "base/time.h"

#include <gtest/gtest.h>

namespace aerolith {
namespace {

constexpr Timestamp at(int64_t milliseconds_since_epoch) {
  return Timestamp{std::chrono::milliseconds{milliseconds_since_epoch}};
}

TEST(Time, FormatsOfTheSigV4ExampleInstant) {
  const Timestamp t = at(1440938160000);
  EXPECT_EQ(format_iso8601(t), "2015-08-30T12:36:00Z");
  EXPECT_EQ(format_iso8601_millis(t), "2015-08-30T12:36:00.000Z");
  EXPECT_EQ(format_iso8601_basic(t), "20150830T123600Z");
  EXPECT_EQ(format_http_date(t), "Sun, 30 Aug 2015 12:36:00 GMT");
  EXPECT_EQ(format_epoch_seconds(t), "1440938160");
}

TEST(Time, FractionsAndTimesBefore1970) {
  EXPECT_EQ(format_iso8601(at(1)), "1970-01-01T00:00:00.001Z");
  EXPECT_EQ(format_iso8601(at(-1)), "1969-12-31T23:59:59.999Z");
  EXPECT_EQ(format_iso8601_millis(at(-62135596800000)), "0001-01-01T00:00:00.000Z");
  EXPECT_EQ(format_iso8601_millis(at(253402300799999)), "9999-12-31T23:59:59.999Z");
  EXPECT_EQ(format_iso8601_millis(at(253402300800000)), "10000-01-01T00:00:00.000Z");
  EXPECT_EQ(format_epoch_seconds(at(-1500)), "-1.500");
  EXPECT_EQ(format_http_date(at(784111777120)), "Sun, 06 Nov 1994 08:49:37.120 GMT");
}

TEST(Time, EveryFormatReadsBackWhatItWrote) {
  for (const int64_t ms : {0LL, 951782400000LL, 1709164800000LL, 4102444799000LL, -86400000LL}) {
    const Timestamp t = at(ms);
    EXPECT_EQ(parse_iso8601(format_iso8601(t)), t);
    EXPECT_EQ(parse_iso8601(format_iso8601_millis(t)), t);
    EXPECT_EQ(parse_iso8601_basic(format_iso8601_basic(t)), t);
    EXPECT_EQ(parse_http_date(format_http_date(t)), t);
    EXPECT_EQ(parse_epoch_seconds(format_epoch_seconds(t)), t);
  }
}

TEST(Time, Iso8601TakesOffsetsAndLongFractions) {
  EXPECT_EQ(parse_iso8601("1970-01-01T02:00:00+02:00"), at(0));
  EXPECT_EQ(parse_iso8601("1969-12-31T23:00:00-01:00"), at(0));
  EXPECT_EQ(parse_iso8601("1970-01-01T23:59:00+23:59"), at(0));
  EXPECT_EQ(parse_iso8601("1970-01-01T00:00:00.123456789Z"), at(123));
  EXPECT_EQ(parse_epoch_seconds("1.5e9"), at(1500000000000));
}

TEST(Time, RefusesWhatIsNoSuchTime) {
  for (const char* bad : {"", "2015-02-30T00:00:00Z", "2015-08-30T24:00:00Z", "2015-08-30T12:36:00",
                          "2015-08-30 12:36:00Z", "2015-08-30T12:36:00Zx", "2015-08-30T12:36:00.Z",
                          "2015-08-30T12:36:00+24:00", "2015-08-30T12:36:00-00:60", "2015-08-30T12:36:00+99:99"})
    EXPECT_FALSE(parse_iso8601(bad).has_value()) << bad;
  for (const char* bad : {"20150830T123600", "2015083OT123600Z", "20151330T123600Z"})
    EXPECT_FALSE(parse_iso8601_basic(bad).has_value()) << bad;
  for (const char* bad : {"30 Aug 2015 12:36:00 GMT", "Sun, 31 Feb 2015 12:36:00 GMT", "Sun, 30 Aug 2015 12:36:00"})
    EXPECT_FALSE(parse_http_date(bad).has_value()) << bad;
  for (const char* bad : {"", "nan", "inf", "1e300", "12x"}) EXPECT_FALSE(parse_epoch_seconds(bad).has_value()) << bad;
}

}  // namespace
}  // namespace aerolith
