// Names of operators and forms of values; what operators decide is in tests/policy/decisions.
#include "policy/condition.h"

#include <gtest/gtest.h>

namespace aerolith::policy {
namespace {

TEST(ConditionOperator, PrefixAndSuffix) {
  const auto how = parse_condition_operator("ForAllValues:StringNotLikeIfExists");
  ASSERT_TRUE(how);
  EXPECT_EQ(how->comparison, Comparison::string_like);
  EXPECT_EQ(how->quantifier, Quantifier::for_all_values);
  EXPECT_TRUE(how->negated);
  EXPECT_TRUE(how->if_exists);
}

TEST(ConditionOperator, UnknownNames) {
  for (const char* name : {"", "x", "stringequals", "StringEqual", "NullIfExists", "ForAnyValue::StringEquals",
                           "ForAllValues:ForAnyValue:StringEquals", "StringEqualsIfExistsIfExists", "BinaryNotEquals",
                           "IfExists", "ForAnyValue:"}) {
    EXPECT_FALSE(parse_condition_operator(name)) << name;
  }
}

TEST(ConditionDate, Forms) {
  constexpr int64_t kDay = 86'400'000;
  EXPECT_EQ(parse_condition_date("1970"), 0);
  EXPECT_EQ(parse_condition_date("1970-02"), 31 * kDay);
  EXPECT_EQ(parse_condition_date("1970-01-02"), kDay);
  EXPECT_EQ(parse_condition_date("1970-01-02T00:00Z"), kDay);
  EXPECT_EQ(parse_condition_date("1970-01-02t00:00:01.5z"), kDay + 1'500);
  EXPECT_EQ(parse_condition_date("1970-01-02T01:00:00+01:00"), kDay);
  EXPECT_EQ(parse_condition_date("1970-01-01T23:00:00-0100"), kDay);
  EXPECT_EQ(parse_condition_date("1970-01-02T00:00:00"), kDay);
  EXPECT_EQ(parse_condition_date("86400"), kDay);
  EXPECT_EQ(parse_condition_date("0"), 0);
  EXPECT_TRUE(parse_condition_date("9223372036854775807"));
}

// Recorded from IAM: moto's tests/test_iam/test_iam_policies.py.
TEST(ConditionDate, WhatIamRefuses) {
  for (const char* text : {"", "sdfdsf", "234-13", "2016-12-13t2:00:00.593194+1", "2016-12-13t2:00:00.1999999999+10:59",
                           "9223372036854775808", "2026-02-30", "2026-13-01", "2026-01-01T24:00:00Z", "2026-01-01x",
                           "-1", "2026-01-01T00:00:00Zx"}) {
    EXPECT_FALSE(parse_condition_date(text)) << text;
  }
}

TEST(ConditionNumber, Forms) {
  EXPECT_EQ(parse_condition_number("10"), 10.0);
  EXPECT_EQ(parse_condition_number("-1.5"), -1.5);
  EXPECT_EQ(parse_condition_number("+1e2"), 100.0);
  for (const char* text : {"", "ten", "1x", "inf", "nan", "1e999", "0x10", " 1"}) {
    EXPECT_FALSE(parse_condition_number(text)) << text;
  }
}

TEST(Condition, NamesItsVariables) {
  const auto condition = Condition::compile(*parse_condition_operator("StringLike"), "s3:prefix",
                                            {"${aws:username}/*", "${aws:PrincipalTag/team, 'x'}"}, Variables::allowed);
  ASSERT_TRUE(condition);
  std::vector<std::string> names;
  condition->append_variables(names);
  EXPECT_EQ(names, (std::vector<std::string>{"aws:username", "aws:PrincipalTag/team"}));
}

TEST(Condition, NoValuesMatchNothing) {
  Context context;
  context.set("a:b", "c");
  EXPECT_FALSE(
      Condition::compile(*parse_condition_operator("StringEquals"), "a:b", {}, Variables::allowed)->holds(context));
  EXPECT_TRUE(
      Condition::compile(*parse_condition_operator("StringNotEquals"), "a:b", {}, Variables::allowed)->holds(context));
}

TEST(Condition, VariablesOfTypedOperatorsAreNone) {
  EXPECT_FALSE(Condition::compile(*parse_condition_operator("NumericEquals"), "a:b", {"${c:d}"}, Variables::allowed));
  EXPECT_FALSE(Condition::compile(*parse_condition_operator("DateEquals"), "a:b", {"${c:d}"}, Variables::allowed));
  EXPECT_FALSE(Condition::compile(*parse_condition_operator("IpAddress"), "a:b", {"${c:d}"}, Variables::allowed));
  EXPECT_FALSE(Condition::compile(*parse_condition_operator("Null"), "a:b", {"${c:d}"}, Variables::allowed));
}

}  // namespace
}  // namespace aerolith::policy
