#include "policy/pattern.h"

#include <gtest/gtest.h>

#include <random>

namespace aerolith::policy {
namespace {

constexpr PatternSyntax kWild{.wildcards = Wildcards::allowed};
constexpr PatternSyntax kAll{.wildcards = Wildcards::allowed, .variables = Variables::allowed};

bool matches(std::string_view pattern, std::string_view value) { return Pattern(pattern, kWild).matches(value, {}); }

// The definition, word for word; slow.
bool matches_by_definition(std::string_view pattern, std::string_view value) {
  if (pattern.empty()) return value.empty();
  if (pattern[0] == '*') {
    for (size_t i = 0; i <= value.size(); ++i) {
      if (matches_by_definition(pattern.substr(1), value.substr(i))) return true;
    }
    return false;
  }
  if (value.empty() || (pattern[0] != '?' && pattern[0] != value[0])) return false;
  return matches_by_definition(pattern.substr(1), value.substr(1));
}

TEST(Pattern, AgreesWithTheDefinition) {
  std::mt19937 random(7);
  const auto text = [&](std::string_view alphabet, size_t most) {
    std::string out;
    for (size_t i = random() % (most + 1); i > 0; --i) out += alphabet[random() % alphabet.size()];
    return out;
  };
  int matched = 0;
  for (int i = 0; i < 50'000; ++i) {
    const std::string pattern = text("ab*?", 7), value = text("ab", 8);
    const bool expected = matches_by_definition(pattern, value);
    matched += expected ? 1 : 0;
    ASSERT_EQ(matches(pattern, value), expected) << pattern << " " << value;
  }
  EXPECT_GT(matched, 1'000);
}

TEST(Pattern, AQuestionMarkIsOneCharacterOfUtf8) {
  EXPECT_TRUE(matches("caf?", "caf\xC3\xA9"));
  EXPECT_FALSE(matches("caf??", "caf\xC3\xA9"));
  EXPECT_TRUE(matches("?", "\xF0\x9F\x98\x80"));
}

TEST(Pattern, ManyStarsStayFast) {
  std::string pattern, value(4'000, 'a');
  for (int i = 0; i < 500; ++i) pattern += "*a";
  EXPECT_FALSE(matches(pattern + "*b*", value));
  EXPECT_TRUE(matches(pattern, value));
}

TEST(Pattern, WhatIsNoVariableIsText) {
  Context context;
  context.set("aws:username", "carlos");
  EXPECT_TRUE(Pattern("a${aws:username", kAll).matches("a${aws:username", context));
  EXPECT_TRUE(Pattern("$aws:username", kAll).matches("$aws:username", context));
  EXPECT_TRUE(Pattern("${aws:username}", kAll).matches("carlos", context));
  EXPECT_FALSE(Pattern("${}", kAll).matches("", context));
}

TEST(Pattern, DefaultsMayHoldBracesAndSpaces) {
  EXPECT_TRUE(Pattern("x-${aws:PrincipalTag/a, 'b } c'}-y", kAll).matches("x-b } c-y", {}));
  EXPECT_TRUE(Pattern("${a:b,'c'}", kAll).matches("c", {}));
  EXPECT_TRUE(Pattern("${a:b, ''}/*", kAll).matches("/x", {}));
  EXPECT_FALSE(Pattern("${a:b, c}", kAll).matches("c", {}));
}

TEST(Pattern, WildcardsOfADefaultAreText) {
  EXPECT_TRUE(Pattern("${a:b, 'c*'}", kAll).matches("c*", {}));
  EXPECT_FALSE(Pattern("${a:b, 'c*'}", kAll).matches("cd", {}));
}

TEST(Pattern, SeveralVariables) {
  Context context;
  context.set("aws:username", "carlos");
  context.set("aws:PrincipalTag/team", "red");
  const Pattern pattern("home/${aws:PrincipalTag/team}/*/${aws:username}?", kAll);
  EXPECT_TRUE(pattern.matches("home/red/2026/11/carlos1", context));
  EXPECT_FALSE(pattern.matches("home/red/carlos1", context));
  ASSERT_EQ(pattern.variables().size(), 2U);
  EXPECT_EQ(pattern.variables()[0].written, "aws:PrincipalTag/team");
}

TEST(ArnPattern, WantsSixParts) {
  EXPECT_FALSE(ArnPattern("*", Variables::literal).matches("arn:aws:s3:::b", {}));
  EXPECT_FALSE(ArnPattern("arn:aws:s3:::b", Variables::literal).matches("b", {}));
  EXPECT_TRUE(ArnPattern("arn:*:*:*:*:*", Variables::literal).matches("arn:aws:a:b:c:d:e:f", {}));
}

TEST(Pattern, TellsItsText) {
  const PatternSyntax all{Wildcards::allowed, Variables::allowed, LetterCase::exact};
  for (const char* text : {"*", "", "s3:Get*", "plain", "a?c*d", "arn:aws:s3:::b/${aws:username}/*"}) {
    EXPECT_EQ(Pattern(text, all).text(), text);
  }
}

}  // namespace
}  // namespace aerolith::policy
