#include "services/s3/conditions.h"

#include <gtest/gtest.h>

namespace aerolith::s3 {
namespace {

using std::chrono::seconds;
const Timestamp kModified{std::chrono::milliseconds(1'700'000'000'500)};
const Timestamp kBefore = kModified - seconds(10);
const Timestamp kAfter = kModified + seconds(10);
const Timestamp kNow = kModified + seconds(20);

ConditionVerdict verdict(const Conditions& c) { return evaluate_read_conditions(c, "abc", kModified, kNow).verdict; }

TEST(Conditions, EachAlone) {
  EXPECT_EQ(verdict({}), ConditionVerdict::proceed);
  EXPECT_EQ(verdict({.if_match = "\"abc\""}), ConditionVerdict::proceed);
  EXPECT_EQ(verdict({.if_match = "abd"}), ConditionVerdict::failed);
  EXPECT_EQ(verdict({.if_none_match = "abc"}), ConditionVerdict::not_modified);
  EXPECT_EQ(verdict({.if_none_match = "abd"}), ConditionVerdict::proceed);
  EXPECT_EQ(verdict({.if_modified_since = kBefore}), ConditionVerdict::proceed);
  EXPECT_EQ(verdict({.if_modified_since = kAfter}), ConditionVerdict::not_modified);
  EXPECT_EQ(verdict({.if_unmodified_since = kBefore}), ConditionVerdict::failed);
  EXPECT_EQ(verdict({.if_unmodified_since = kAfter}), ConditionVerdict::proceed);
}

TEST(Conditions, TheSecondThatWasToldIsNotModified) {
  Timestamp told = std::chrono::floor<seconds>(kModified);
  EXPECT_EQ(verdict({.if_modified_since = told}), ConditionVerdict::not_modified);
  EXPECT_EQ(verdict({.if_unmodified_since = told}), ConditionVerdict::proceed);
}

TEST(Conditions, ModifiedSinceInTheFutureCountsForNothing) {
  EXPECT_EQ(verdict({.if_modified_since = kNow}), ConditionVerdict::not_modified);
  EXPECT_EQ(verdict({.if_modified_since = kNow + seconds(1)}), ConditionVerdict::proceed);
  EXPECT_EQ(verdict({.if_unmodified_since = kNow + seconds(1)}), ConditionVerdict::proceed);
}

TEST(Conditions, PairsAsS3DocumentsThem) {
  EXPECT_EQ(verdict({.if_match = "abc", .if_unmodified_since = kBefore}), ConditionVerdict::proceed);
  EXPECT_EQ(verdict({.if_none_match = "abc", .if_modified_since = kBefore}), ConditionVerdict::not_modified);
  EXPECT_EQ(verdict({.if_none_match = "abd", .if_modified_since = kAfter}), ConditionVerdict::proceed);
  EXPECT_EQ(verdict({.if_match = "abd", .if_none_match = "abc"}), ConditionVerdict::failed);
}

TEST(Conditions, BareEntityTags) {
  EXPECT_EQ(bare_etag("\"abc\""), "abc");
  EXPECT_EQ(bare_etag(" W/\"abc\" "), "abc");
  EXPECT_EQ(bare_etag("abc"), "abc");
  EXPECT_EQ(bare_etag("\""), "\"");
}

TEST(Conditions, EntityTagLists) {
  EXPECT_TRUE(etag_matches("*", "abc"));
  EXPECT_TRUE(etag_matches("\"x\", \"abc\"", "abc"));
  EXPECT_TRUE(etag_matches("W/\"abc\"", "abc"));
  EXPECT_FALSE(etag_matches("", "abc"));
  EXPECT_FALSE(etag_matches("\"x\",\"y\"", "abc"));
}

}  // namespace
}  // namespace aerolith::s3
