#include "policy/context.h"

#include <gtest/gtest.h>

namespace aerolith::policy {
namespace {

std::vector<std::string> values_of(const Context& context, std::string_view name) {
  std::vector<std::string> values;
  for (const std::string_view value : context.find(ContextKey(name))) values.emplace_back(value);
  return values;
}

TEST(Context, NamesCompareWithoutCase) {
  Context context;
  context.set("aws:SourceIp", "203.0.113.7");
  EXPECT_EQ(values_of(context, "AWS:sourceIP"), std::vector<std::string>{"203.0.113.7"});
  EXPECT_FALSE(context.contains(ContextKey("aws:SourceIps")));
}

TEST(Context, KeepsTheOrderOfValuesWhateverComesBetween) {
  Context context;
  context.add_value("aws:TagKeys", "b");
  context.set("aws:username", "carlos");
  context.add_value("aws:tagkeys", "a");
  EXPECT_EQ(values_of(context, "aws:TagKeys"), (std::vector<std::string>{"b", "a"}));
}

TEST(Context, AVariableStandsForOneValueOnly) {
  Context context;
  context.set("aws:username", "carlos");
  context.add_value("aws:TagKeys", "only");
  context.set("aws:ResourceTag/EC2", "1");
  context.set("aws:ResourceTag/ec2", "2");
  std::string_view value;
  EXPECT_TRUE(context.find_single(ContextKey("aws:username"), value));
  EXPECT_EQ(value, "carlos");
  EXPECT_FALSE(context.find_single(ContextKey("aws:TagKeys"), value));
  EXPECT_FALSE(context.find_single(ContextKey("aws:ResourceTag/EC2"), value));
  EXPECT_EQ(values_of(context, "aws:ResourceTag/ec2").size(), 2U);
}

TEST(Context, HoldsMoreThanARequestHasAsARule) {
  Context context;
  const ContextKey known("aws:username");
  context.set(known, "carlos");
  constexpr int kMany = 1000;
  for (int i = 0; i < kMany; ++i) context.set("aws:PrincipalTag/" + std::to_string(i), std::string(50, 'v'));
  for (int i = 0; i < kMany; ++i) context.add_value("aws:TagKeys", std::to_string(i));
  EXPECT_EQ(values_of(context, "aws:username"), std::vector<std::string>{"carlos"});
  EXPECT_EQ(values_of(context, "aws:principaltag/999"), std::vector<std::string>{std::string(50, 'v')});
  EXPECT_EQ(values_of(context, "aws:TagKeys").size(), size_t{kMany});
}

TEST(Context, AKnownKeyMeetsTheSameName) {
  Context context;
  const ContextKey known("aws:ResourceAccount");
  context.set("AWS:resourceaccount", "1");
  context.set(known, "2");
  EXPECT_EQ(values_of(context, "aws:ResourceAccount"), (std::vector<std::string>{"1", "2"}));
  context.replace(known, "3");
  context.set("aws:ResourceAccount", "");
  EXPECT_EQ(values_of(context, "aws:ResourceAccount"), (std::vector<std::string>{"3", ""}));
}

TEST(Context, AnEmptyValueIsAValue) {
  Context context;
  context.set("s3:prefix", "");
  context.replace("s3:delimiter", "");
  EXPECT_TRUE(context.contains(ContextKey("s3:prefix")));
  EXPECT_EQ(values_of(context, "s3:delimiter"), std::vector<std::string>{""});
}

TEST(Context, KeysOfOneResourceTakeThePlaceOfOthers) {
  Context context;
  context.replace("aws:ResourceAccount", "1");
  context.replace("AWS:resourceaccount", "2");
  std::string_view value;
  ASSERT_TRUE(context.find_single(ContextKey("aws:ResourceAccount"), value));
  EXPECT_EQ(value, "2");
  context.set("s3:ExistingObjectTag/a", "1");
  context.set("s3:existingobjecttag/b", "2");
  context.set("s3:prefix", "p");
  context.remove_prefix("s3:ExistingObjectTag/");
  context.set("s3:existingobjecttag/c", "3");
  EXPECT_FALSE(context.contains(ContextKey("s3:ExistingObjectTag/a")));
  EXPECT_FALSE(context.contains(ContextKey("s3:ExistingObjectTag/b")));
  EXPECT_TRUE(context.contains(ContextKey("s3:ExistingObjectTag/C")));
  EXPECT_TRUE(context.contains(ContextKey("s3:prefix")));
  EXPECT_TRUE(context.contains(ContextKey("aws:ResourceAccount")));
}

TEST(Context, ReplaceForgetsWhatWasThere) {
  Context context;
  context.set("aws:MultiFactorAuthPresent", "false");
  context.replace("AWS:multifactorauthpresent", "true");
  std::string_view value;
  ASSERT_TRUE(context.find_single(ContextKey("aws:MultiFactorAuthPresent"), value));
  EXPECT_EQ(value, "true");
}

// Two portions: a key of one value, then forty of two.
class Portions final : public KeySource {
 public:
  bool add_more() override {
    if (given == 2) return false;
    if (++given == 1) {
      context.set("aws:username", "carlos");
      return true;
    }
    for (int number = 0; number < 40; ++number) {
      context.add_value("late:" + std::to_string(number), "a");
      context.add_value("late:" + std::to_string(number), "b");
    }
    return true;
  }
  int given = 0;
  Context context{this};
};

TEST(Context, TakesFromItsSourceNoMoreThanIsAskedFor) {
  Portions source;
  EXPECT_EQ(source.given, 0);
  EXPECT_EQ(values_of(source.context, "aws:username"), std::vector<std::string>{"carlos"});
  EXPECT_EQ(source.given, 1);
  EXPECT_TRUE(source.context.contains(ContextKey("late:39")));
  EXPECT_FALSE(source.context.contains(ContextKey("aws:SourceIp")));
  EXPECT_EQ(source.given, 2);
}

TEST(Context, ValuesStayGoodWhileTheSourceAdds) {
  Portions source;
  const Context::Values names = source.context.find(ContextKey("aws:username"));
  auto name = names.begin();
  EXPECT_EQ(values_of(source.context, "late:0"), (std::vector<std::string>{"a", "b"}));
  EXPECT_EQ(*name, "carlos");
  EXPECT_EQ(++name, names.end());
  EXPECT_EQ(*names.begin(), "carlos");
}

TEST(Context, VisitsAllThatItsSourceHas) {
  Portions source;
  size_t visited = 0;
  source.context.for_each([&](std::string_view, const Context::Values&) { ++visited; });
  EXPECT_EQ(visited, 41U);
}

}  // namespace
}  // namespace aerolith::policy
