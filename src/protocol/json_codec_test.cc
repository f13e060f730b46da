#include "protocol/json_codec.h"

#include <gtest/gtest.h>

#include <cmath>
#include <string>

#include "protocol/json_document.h"
#include "protocol/struct_json.h"
#include "s3/model.h"
#include "s3/schema.h"

namespace aerolith::protocol {
namespace {

// Any generated structure does: DeleteObjects' has a list of structures, booleans and strings.
const Shape& kDelete = s3::schema::kDelete;

DecodeError error_of(std::string_view text) {
  s3::Delete out;
  auto result = decode_json(kDelete, text, JsonForm{}, &out);
  EXPECT_FALSE(result.has_value()) << text;
  return result.has_value() ? DecodeError{} : result.error();
}

TEST(JsonDecode, ReadsByTheTable) {
  s3::Delete out;
  // The wire name of S3's list is its element's.
  auto result = decode_json(kDelete, R"( {"Object":[{"Key":"a\u00e4","Size":12},{"Key":"b"}],"Quiet":true,"More":{}} )",
                            JsonForm{}, &out);
  ASSERT_TRUE(result.has_value()) << result.error().detail;
  ASSERT_EQ(out.objects->size(), 2U);
  EXPECT_EQ((*out.objects)[0].key, "a\xc3\xa4");
  EXPECT_EQ((*out.objects)[0].size, 12);
  EXPECT_EQ(out.quiet, true);
}

TEST(JsonDecode, NullAndNothingAreAbsent) {
  s3::Delete out;
  ASSERT_TRUE(decode_json(kDelete, R"({"Quiet":null,"Object":[null]})", JsonForm{}, &out).has_value());
  EXPECT_FALSE(out.quiet.has_value());
  EXPECT_TRUE(out.objects->empty());
  EXPECT_TRUE(decode_json(kDelete, "", JsonForm{}, &out).has_value());
}

TEST(JsonDecode, RefusesWhatIsNotJson) {
  for (std::string text : {"{", "[]", "{} x", "{\"Quiet\":tru}", "{'Quiet':true}", "{\"Quiet\":true,}", "nul", "\x01",
                           "{\"Object\":[{\"Key\":\"\xff\xfe\"}]}", "{\"Object\":[{\"Key\":\"\xed\xa0\x80\"}]}"}) {
    EXPECT_EQ(error_of(text).code, DecodeErrorCode::malformed) << text;
  }
}

TEST(JsonDecode, RefusesDepth) {
  std::string deep = "{\"Unknown\":" + std::string(100'000, '[') + std::string(100'000, ']') + "}";
  EXPECT_EQ(error_of(deep).code, DecodeErrorCode::malformed);
}

TEST(JsonDecode, TellsWhereATypeIsWrong) {
  DecodeError error = error_of(R"({"Object":[{"Key":"a"},{"Key":7}]})");
  EXPECT_EQ(error.member_path, "Objects[1].Key");
  EXPECT_EQ(error.detail, "NUMBER_VALUE can not be converted to a String");
  EXPECT_EQ(error_of(R"({"Quiet":"true"})").detail, "STRING_VALUE can not be converted to a Boolean");
  EXPECT_EQ(error_of(R"({"Object":[{"Size":1.5}]})").detail, "DECIMAL_VALUE can not be converted to a Long");
  EXPECT_EQ(error_of(R"({"Object":[{"Size":99999999999999999999}]})").code, DecodeErrorCode::malformed);
}

TEST(JsonDocument, NumbersAreExact) {
  for (std::string text : {"0.3", "1.1", "-2.5e-7", "123456789.125", "1e+300", "5e-324", "9007199254740993",
                           "18446744073709551615", "-9223372036854775808", "[1,[2.5,{}],{\"a\":null,\"b\":[]}]"}) {
    auto value = parse_json(text, {});
    ASSERT_TRUE(value.has_value()) << text;
    std::string out;
    append_json_tree(*value, out);
    EXPECT_EQ(out, text == "-2.5e-7" ? "-2.5e-07" : text);
  }
}

TEST(JsonDocument, NumbersAreFinite) {
  EXPECT_FALSE(parse_json("1e400", {}).has_value());
  EXPECT_TRUE(parse_json("1e-400", {}).has_value());
}

TEST(JsonEncode, EscapesStrings) {
  std::string out;
  append_json_string("a\"\\\n\x01\x7f/\xc3\xa4\xf0\x9f\x98\xb9", out);
  EXPECT_EQ(out, "\"a\\\"\\\\\\n\\u0001\\u007f/\xc3\xa4\xf0\x9f\x98\xb9\"");
}

TEST(JsonEncode, ReplacesBytesThatAreNotUtf8) {
  std::string out;
  append_json_string("a\xff\xc3z\xe2\x82", out);
  EXPECT_EQ(out, "\"a\xef\xbf\xbd\xef\xbf\xbdz\xef\xbf\xbd\xef\xbf\xbd\"");
}

TEST(StructJson, GoesThereAndBack) {
  s3::ListObjectsV2Output output;
  output.name = "bucket";
  output.is_truncated = false;
  output.key_count = 1;
  output.contents.emplace().emplace_back();
  output.contents->back().key = "k";
  output.contents->back().last_modified = Timestamp(std::chrono::milliseconds(1'440'938'160'123));
  std::string json = struct_to_json(s3::schema::kListObjectsV2Output, &output);
  EXPECT_EQ(
      json,
      R"({"IsTruncated":false,"Contents":[{"Key":"k","LastModified":1440938160.123}],"Name":"bucket","KeyCount":1})");
  s3::ListObjectsV2Output again;
  ASSERT_TRUE(struct_from_json(s3::schema::kListObjectsV2Output, json, &again).has_value());
  EXPECT_EQ(struct_to_json(s3::schema::kListObjectsV2Output, &again), json);
  EXPECT_EQ(again.contents->front().last_modified, output.contents->front().last_modified);
}

}  // namespace
}  // namespace aerolith::protocol
