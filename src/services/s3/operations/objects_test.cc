#include <gtest/gtest.h>

#include "base/digest.h"
#include "base/encoding.h"
#include "services/s3/checksums.h"
#include "services/s3/test_fixture.h"

namespace aerolith::s3 {
namespace {

class ObjectsTest : public S3Test {
 protected:
  ObjectsTest() { make_bucket(); }
};

constexpr const char* kHelloMd5 = "5d41402abc4b2a76b9719d911017c592";

TEST_F(ObjectsTest, PutAndGet) {
  PutObjectInput input{
      .cache_control = "no-cache", .content_encoding = "aws-chunked,gzip", .content_type = "text/plain"};
  input.expires = "never";
  input.metadata.emplace()["Color"] = "blue";
  auto stored = put("key", "hello", input);
  ASSERT_TRUE(stored.ok()) << stored.code();
  EXPECT_EQ(stored->etag, "\"" + std::string(kHelloMd5) + "\"");
  EXPECT_EQ(stored->checksum_crc64nvme, base64_encode(digest(DigestKind::crc64nvme, "hello")));
  EXPECT_EQ(stored->checksum_type, "FULL_OBJECT");

  auto got = get("key");
  ASSERT_TRUE(got.ok()) << got.code();
  EXPECT_EQ(got.body(), "hello");
  EXPECT_EQ(got->etag, "\"" + std::string(kHelloMd5) + "\"");
  EXPECT_EQ(got->content_type, "text/plain");
  EXPECT_EQ(got->content_encoding, "gzip");
  EXPECT_EQ(got->cache_control, "no-cache");
  EXPECT_EQ(got->accept_ranges, "bytes");
  EXPECT_EQ(got->metadata->at("color"), "blue");
  EXPECT_EQ(got->expires, "never");
  EXPECT_EQ(*got->last_modified, std::chrono::floor<std::chrono::seconds>(now_));
  EXPECT_FALSE(got->checksum_crc64nvme.has_value());
  EXPECT_EQ(get("key", {.checksum_mode = "ENABLED"})->checksum_crc64nvme, stored->checksum_crc64nvme);
}

TEST_F(ObjectsTest, DefaultsAndOverrides) {
  put("key", "hello");
  EXPECT_EQ(get("key")->content_type, "binary/octet-stream");
  auto got = get("key", {.response_content_disposition = "attachment", .response_content_type = "image/png"});
  EXPECT_EQ(got->content_type, "image/png");
  EXPECT_EQ(got->content_disposition, "attachment");
}

TEST_F(ObjectsTest, EmptyAndLargeObjects) {
  ASSERT_TRUE(put("empty", "").ok());
  auto empty = get("empty");
  ASSERT_TRUE(empty.ok()) << empty.code();
  EXPECT_EQ(empty.body(), "");
  std::string large;
  for (int i = 0; i < 300'000; ++i) large += "0123456789";
  ASSERT_TRUE(put("large", large).ok());
  auto got = get("large");
  EXPECT_TRUE(std::holds_alternative<http::StreamedBody>(got.context.response_body));
  EXPECT_EQ(got.body(), large);
  auto range = get("large", {.range = "bytes=1000001-1999999"});
  EXPECT_EQ(range.status(), 206);
  EXPECT_EQ(range->content_range, "bytes 1000001-1999999/3000000");
  EXPECT_EQ(range.body(), large.substr(1000001, 999999));
}

TEST_F(ObjectsTest, MissingThings) {
  EXPECT_EQ(get("key").code(), "NoSuchKey");
  EXPECT_EQ(get("key", {.bucket = "other"}).code(), "NoSuchBucket");
  EXPECT_EQ(put("key", "x", {.bucket = "other"}).code(), "NoSuchBucket");
  put("key", "x");
  EXPECT_EQ(get("key", {.version_id = "null"}).body(), "x");
  EXPECT_EQ(get("key", {.version_id = "null"})->version_id, std::nullopt);
  EXPECT_EQ(get("key", {.version_id = "junk"}).code(), "InvalidArgument");
  // Well-formed, but nothing that an unversioned bucket could have.
  const std::string foreign = "3HL4kqtJvjVBH40Nrjfkd.DP8TxH_x_0";
  EXPECT_EQ(get("key", {.version_id = foreign}).code(), "InvalidArgument");
  DeleteObjectInput one{.bucket = "bucket", .key = "key", .version_id = foreign};
  EXPECT_EQ(call(delete_object, one).code(), "InvalidArgument");
}

TEST_F(ObjectsTest, Ranges) {
  put("key", "0123456789");
  EXPECT_EQ(get("key", {.range = "bytes=2-4"}).body(), "234");
  EXPECT_EQ(get("key", {.range = "bytes=-3"}).body(), "789");
  EXPECT_EQ(get("key", {.range = "nonsense"}).body(), "0123456789");
  auto refused = get("key", {.range = "bytes=10-"});
  EXPECT_EQ(refused.code(), "InvalidRange");
  EXPECT_EQ(refused.status(), 416);
  EXPECT_EQ(refused.result.error().headers.at(0).second, "bytes */10");
  EXPECT_FALSE(get("key", {.range = "bytes=2-4", .checksum_mode = "ENABLED"})->checksum_crc64nvme.has_value());
}

TEST_F(ObjectsTest, PartOneOfAPlainObject) {
  put("key", "0123456789");
  auto part = get("key", {.part_number = 1});
  EXPECT_EQ(part.status(), 206);
  EXPECT_EQ(part.body(), "0123456789");
  EXPECT_EQ(get("key", {.part_number = 2}).code(), "InvalidPartNumber");
  EXPECT_EQ(get("key", {.range = "bytes=0-1", .part_number = 1}).code(), "InvalidRequest");
}

TEST_F(ObjectsTest, ConditionalReads) {
  put("key", "hello");
  auto same = get("key", {.if_none_match = kHelloMd5});
  EXPECT_EQ(same.status(), 304);
  EXPECT_TRUE(same->etag.has_value());
  EXPECT_EQ(same.body(), "");
  EXPECT_EQ(get("key", {.if_match = "\"other\""}).code(), "PreconditionFailed");
  EXPECT_EQ(get("key", {.if_modified_since = now_}).status(), 304);
  EXPECT_EQ(get("key", {.if_modified_since = now_ + std::chrono::hours(1)}).body(), "hello");
  EXPECT_EQ(get("key", {.if_unmodified_since = now_ - std::chrono::hours(1)}).status(), 412);
}

TEST_F(ObjectsTest, Head) {
  put("key", "0123456789");
  auto head = call(head_object, HeadObjectInput{.bucket = "bucket", .key = "key"});
  ASSERT_TRUE(head.ok());
  EXPECT_EQ(head.context.response_size_bytes, 10U);
  head = call(head_object, HeadObjectInput{.bucket = "bucket", .key = "key", .range = "bytes=0-3"});
  EXPECT_EQ(head.context.response_size_bytes, 4U);
  EXPECT_EQ(head.status(), 206);
  EXPECT_EQ(call(head_object, HeadObjectInput{.bucket = "bucket", .key = "x"}).status(), 404);
}

TEST_F(ObjectsTest, BodiesAreHeldToTheirClaims) {
  std::string md5 = base64_encode(digest(DigestKind::md5, "hello"));
  std::string crc = base64_encode(digest(DigestKind::crc32, "hello"));
  EXPECT_TRUE(put("key", "hello", {}, {{"Content-MD5", md5}}).ok());
  auto refused = put("key", "other", {}, {{"Content-MD5", md5}});
  EXPECT_EQ(refused.code(), "BadDigest");
  EXPECT_EQ(put("key", "hello", {}, {{"x-amz-checksum-crc32", crc}})->checksum_crc32, crc);
  EXPECT_EQ(put("key", "other", {}, {{"x-amz-checksum-crc32", crc}}).code(), "BadDigest");
  EXPECT_EQ(get("key").body(), "hello");
  EXPECT_EQ(extents(), 1U);

  MemoryPayload trailing("hello");
  trailing.trailer_fields = {{"x-amz-checksum-crc32", crc}};
  TestHeaders headers = {{"x-amz-trailer", "x-amz-checksum-crc32"}, {"x-amz-decoded-content-length", "5"}};
  PutObjectInput input{.bucket = "bucket", .key = "trailer"};
  EXPECT_EQ(call(put_object, input, headers, &trailing)->checksum_crc32, crc);
  MemoryPayload wrong("other");
  wrong.trailer_fields = trailing.trailer_fields;
  EXPECT_EQ(call(put_object, input, headers, &wrong).code(), "BadDigest");
}

TEST_F(ObjectsTest, BadBodiesLeaveNothing) {
  PutObjectInput input{.bucket = "bucket", .key = "key"};
  MemoryPayload cut(std::string(500'000, 'x'));
  cut.fails = true;
  EXPECT_EQ(call(put_object, input, {{"Content-Length", "500000"}}, &cut).status(), 400);
  MemoryPayload no_length("x");
  EXPECT_EQ(call(put_object, input, {}, &no_length).code(), "MissingContentLength");
  MemoryPayload huge("x");
  huge.declared_size_bytes = (uint64_t{5} << 30) + 1;
  EXPECT_EQ(call(put_object, input, {{"Content-Length", "5368709121"}}, &huge).code(), "EntityTooLarge");
  EXPECT_EQ(put(std::string(1025, 'k'), "x").code(), "KeyTooLongError");
  EXPECT_EQ(extents(), 0U);
}

TEST_F(ObjectsTest, ConditionalWrites) {
  EXPECT_TRUE(put("key", "hello", {.if_none_match = "*"}).ok());
  EXPECT_EQ(put("key", "again", {.if_none_match = "*"}).code(), "PreconditionFailed");
  EXPECT_EQ(put("key", "again", {.if_none_match = "etag"}).code(), "NotImplemented");
  EXPECT_EQ(put("key", "again", {.if_match = "*"}).code(), "NotImplemented");
  auto both = put("key", "again", {.if_match = kHelloMd5, .if_none_match = "*"});
  EXPECT_EQ(both.status(), 501);
  EXPECT_EQ(both.result.error().fields.at(0).second, "If-Match,If-None-Match");
  EXPECT_EQ(put("key", "again", {.if_match = "\"other\""}).code(), "PreconditionFailed");
  EXPECT_EQ(put("none", "again", {.if_match = "\"other\""}).code(), "NoSuchKey");
  EXPECT_TRUE(put("key", "again", {.if_match = kHelloMd5}).ok());
  EXPECT_EQ(get("key").body(), "again");
}

TEST_F(ObjectsTest, OddKeys) {
  for (const char* key :
       {" ", "a b", "%", "+", "\n", "\x01", "/lead", "a//b", ".", "..", "../x", "\xc3\xa4", "a?b#c&d=e"}) {
    EXPECT_TRUE(put(key, key).ok()) << key;
    EXPECT_EQ(get(key).body(), key);
  }
}

TEST_F(ObjectsTest, OverwriteAndDeleteReleaseTheBytes) {
  put("key", "one");
  put("key", std::string(200'000, '2'));
  EXPECT_EQ(extents(), 1U);
  EXPECT_EQ(get("key").body(), std::string(200'000, '2'));
  EXPECT_TRUE(call(delete_object, DeleteObjectInput{.bucket = "bucket", .key = "key"}).ok());
  EXPECT_TRUE(call(delete_object, DeleteObjectInput{.bucket = "bucket", .key = "key"}).ok());
  EXPECT_EQ(get("key").code(), "NoSuchKey");
  EXPECT_EQ(extents(), 0U);
}

TEST_F(ObjectsTest, ConditionalDelete) {
  put("key", "hello");
  DeleteObjectInput input{.bucket = "bucket", .key = "key", .if_match = "bad"};
  EXPECT_EQ(call(delete_object, input).code(), "PreconditionFailed");
  input.if_match = kHelloMd5;
  EXPECT_TRUE(call(delete_object, input).ok());
}

TEST_F(ObjectsTest, DeleteMany) {
  put("a", "1");
  put("b", "2");
  put("c", "3");
  DeleteObjectsInput input{.bucket = "bucket"};
  auto& objects = input.delete_.emplace().objects.emplace();
  for (const char* key : {"a", "b", "absent"}) objects.push_back({.key = key});
  objects.push_back({.key = "c", .etag = "bad"});
  objects.push_back({.key = "c", .version_id = "3HL4kqtJvjVBH40Nrjfkd.DP8TxH_x_0"});
  EXPECT_EQ(call(delete_objects, input, {}, nullptr, "<x/>").code(), "InvalidRequest");
  TestHeaders headers = {{"Content-MD5", base64_encode(digest(DigestKind::md5, "<x/>"))}};
  EXPECT_EQ(call(delete_objects, input, headers, nullptr, "<y/>").code(), "BadDigest");
  auto done = call(delete_objects, input, headers, nullptr, "<x/>");
  ASSERT_TRUE(done.ok()) << done.code();
  EXPECT_EQ(done->deleted->size(), 3U);
  ASSERT_EQ(done->errors->size(), 2U);
  EXPECT_EQ(done->errors->front().code, "PreconditionFailed");
  EXPECT_EQ(done->errors->back().code, "NoSuchVersion");
  EXPECT_EQ(get("a").code(), "NoSuchKey");
  EXPECT_TRUE(get("c").ok());
  input.delete_->quiet = true;
  EXPECT_TRUE(call(delete_objects, input, headers, nullptr, "<x/>")->deleted->empty());
  input.delete_->objects->resize(1001, {.key = "x"});
  EXPECT_EQ(call(delete_objects, input, headers, nullptr, "<x/>").code(), "MalformedXML");
}

}  // namespace
}  // namespace aerolith::s3
