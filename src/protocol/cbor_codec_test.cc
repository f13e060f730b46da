#include "protocol/cbor_codec.h"

#include <gtest/gtest.h>

#include <string>

#include "s3/model.h"
#include "s3/schema.h"

namespace aerolith::protocol {
namespace {

using namespace std::string_literals;

const Shape& kDelete = s3::schema::kDelete;

// RFC 8949 heads, for short texts.
std::string text(std::string_view s) { return std::string(1, static_cast<char>(0x60 + s.size())) + std::string(s); }

bool decodes(const std::string& bytes) {
  s3::Delete out;
  return decode_cbor(kDelete, bytes, &out).has_value();
}

TEST(Cbor, GoesThereAndBack) {
  s3::Delete in;
  in.quiet = false;
  in.objects.emplace().resize(2);
  (*in.objects)[0].key = std::string(300, 'k');
  (*in.objects)[0].size = -5'000'000'000;
  (*in.objects)[1].last_modified_time = Timestamp(std::chrono::milliseconds(1'440'938'160'500));
  std::string bytes;
  append_cbor(kDelete, &in, bytes);
  s3::Delete out;
  auto result = decode_cbor(kDelete, bytes, &out);
  ASSERT_TRUE(result.has_value()) << result.error().detail;
  EXPECT_EQ(out.quiet, false);
  ASSERT_EQ(out.objects->size(), 2U);
  EXPECT_EQ((*out.objects)[0].key, (*in.objects)[0].key);
  EXPECT_EQ((*out.objects)[0].size, -5'000'000'000);
  EXPECT_EQ((*out.objects)[1].last_modified_time, (*in.objects)[1].last_modified_time);
}

TEST(Cbor, ReadsIndefiniteItems) {
  // {_ "Quiet": true, "Object": [_ {_ "Key": (_ "ab", "c")}]}
  std::string bytes = "\xbf" + text("Quiet") + "\xf5" + text("Object") + "\x9f\xbf" + text("Key") + "\x7f" +
                      text("ab") + text("c") + "\xff\xff\xff\xff";
  s3::Delete out;
  ASSERT_TRUE(decode_cbor(kDelete, bytes, &out).has_value());
  EXPECT_EQ((*out.objects)[0].key, "abc");
  EXPECT_EQ(out.quiet, true);
}

TEST(Cbor, SkipsWhatItDoesNotKnow) {
  std::string unknown = "\x9f\x01\xc1\xf9\x3c\x00\xa1"s + text("x") + "\x80\x5f\x41z\xff\xff";
  std::string bytes = "\xa2" + text("Other") + unknown + text("Quiet") + "\xf5";
  s3::Delete out;
  ASSERT_TRUE(decode_cbor(kDelete, bytes, &out).has_value());
  EXPECT_EQ(out.quiet, true);
}

TEST(Cbor, RefusesFalseLengths) {
  EXPECT_FALSE(decodes("\xbb\xff\xff\xff\xff\xff\xff\xff\xff"s));                           // 2^64-1 entries
  EXPECT_FALSE(decodes("\xa1" + text("Object") + "\x9b\x7f\xff\xff\xff\xff\xff\xff\xff"));  // a huge list
  EXPECT_FALSE(decodes("\xa1" + text("Quiet") + "\x7b\x00\x00\x00\xff\xff\xff\xff\xff"s));  // a huge text
  EXPECT_FALSE(decodes("\xa1" + text("Other") + "\x5b\xff\xff\xff\xff\xff\xff\xff\xff"s));
}

TEST(Cbor, RefusesWhatIsCutOrWrong) {
  std::string good = "\xa1" + text("Quiet") + "\xf5";
  EXPECT_TRUE(decodes(good));
  for (size_t size = 1; size < good.size(); ++size) EXPECT_FALSE(decodes(good.substr(0, size)));
  EXPECT_FALSE(decodes(good + "\x00"s));
  EXPECT_FALSE(decodes("\x80"));                           // a list
  EXPECT_FALSE(decodes("\xa1\x01\x02"));                   // a key that isn't text
  EXPECT_FALSE(decodes("\xa1" + text("Quiet") + "\x01"));  // not a boolean
  EXPECT_FALSE(decodes("\xff"));
}

TEST(Cbor, RefusesDepth) {
  EXPECT_FALSE(decodes("\xa1" + text("Other") + std::string(200'000, '\x81') + "\x01"));
  EXPECT_FALSE(decodes("\xa1" + text("Other") + std::string(200'000, '\xc1') + "\x01"));
}

TEST(Cbor, ErrorsNameTheirType) {
  std::string bytes;
  append_cbor_error({.type = "Bad", .message_name = "message", .message = "no"}, nullptr, nullptr, bytes);
  EXPECT_EQ(bytes, "\xa2" + text("__type") + text("Bad") + text("message") + text("no"));
}

}  // namespace
}  // namespace aerolith::protocol
