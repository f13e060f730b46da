#include "base/json_string.h"

#include <gtest/gtest.h>

namespace aerolith {
namespace {

std::string written(std::string_view text) {
  std::string out;
  append_json_string(out, text);
  return out;
}

TEST(JsonString, PlainTextStaysAsItIs) {
  EXPECT_EQ(written(""), R"("")");
  EXPECT_EQ(written("aws-cli/2.9 md/x"), R"("aws-cli/2.9 md/x")");
  EXPECT_EQ(written("süß \xF0\x9F\x90\x99"), "\"süß \xF0\x9F\x90\x99\"");
}

TEST(JsonString, NothingEndsTheStringOrTheLine) {
  EXPECT_EQ(written("a\"b\\c"), R"("a\"b\\c")");
  EXPECT_EQ(written(std::string_view("a\nb\0c\x7F\x1B[31m", 11)), R"("a\u000ab\u0000c\u007f\u001b[31m")");
}

TEST(JsonString, WhatIsNoUtf8BecomesCharactersOfTheSameNumbers) {
  EXPECT_EQ(written("caf\xE9"), R"("caf\u00e9")");
  EXPECT_EQ(written("\xFF\xFE"), R"("\u00ff\u00fe")");
}

}  // namespace
}  // namespace aerolith
