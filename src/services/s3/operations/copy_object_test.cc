#include <gtest/gtest.h>

#include <atomic>
#include <thread>

#include "base/digest.h"
#include "base/encoding.h"
#include "services/s3/test_fixture.h"

namespace aerolith::s3 {
namespace {

constexpr const char* kHelloMd5 = "5d41402abc4b2a76b9719d911017c592";

class CopyTest : public S3Test {
 protected:
  CopyTest() { make_bucket(); }

  Answer<CopyObjectOutput> copy(const std::string& source, const std::string& key, CopyObjectInput input = {}) {
    input.bucket = "bucket";
    input.key = key;
    input.copy_source = source;
    return call(copy_object, input);
  }
};

TEST_F(CopyTest, SharesTheBytes) {
  PutObjectInput input{.content_type = "text/plain"};
  input.metadata.emplace()["color"] = "blue";
  const std::string bytes(100'000, 'h');
  const auto made = put("key", bytes, input);
  auto copied = copy("/bucket/key", "copy");
  ASSERT_TRUE(copied.ok()) << copied.code();
  EXPECT_EQ(copied->copy_object_result->etag, made->etag);
  EXPECT_TRUE(copied->copy_object_result->checksum_crc64nvme.has_value());
  EXPECT_EQ(extents(), 1U);
  EXPECT_EQ(get("copy")->content_type, "text/plain");
  EXPECT_EQ(get("copy")->metadata->at("color"), "blue");
  call(delete_object, DeleteObjectInput{.bucket = "bucket", .key = "key"});
  EXPECT_EQ(get("copy").body(), bytes);
  call(delete_object, DeleteObjectInput{.bucket = "bucket", .key = "copy"});
  EXPECT_EQ(extents(), 0U);
}

// Small ones aren't shared: a count that every overwrite reads would cost more.
TEST_F(CopyTest, CopiesSmallBytes) {
  put("key", "hello");
  ASSERT_TRUE(copy("/bucket/key", "copy").ok());
  call(delete_object, DeleteObjectInput{.bucket = "bucket", .key = "key"});
  EXPECT_EQ(get("copy").body(), "hello");
  EXPECT_EQ(extents(), 1U);
}

TEST_F(CopyTest, Replace) {
  put("key", "hello", {.content_type = "text/plain"});
  CopyObjectInput replace{.content_type = "image/png", .metadata_directive = "REPLACE"};
  EXPECT_TRUE(copy("bucket/key", "key", replace).ok());
  auto got = get("key");
  EXPECT_EQ(got->content_type, "image/png");
  EXPECT_EQ(got.body(), "hello");
  EXPECT_EQ(extents(), 1U);
}

TEST_F(CopyTest, ChecksumOfAnotherAlgorithmIsComputed) {
  std::string large(700'000, 'y');
  put("key", large);
  auto copied = copy("bucket/key", "copy", {.checksum_algorithm = "SHA256"});
  ASSERT_TRUE(copied.ok());
  EXPECT_EQ(copied->copy_object_result->checksum_sha256, base64_encode(digest(DigestKind::sha256, large)));
}

// The source is read before the transaction: what is copied and its checksum must be of the same version.
TEST_F(CopyTest, ChecksumIsOfTheBytesThatAreCopied) {
  put("key", std::string(100'000, 'a'));
  std::atomic<bool> stop = false;
  std::thread writer([&] {
    for (char c = 'a'; !stop; c = c == 'z' ? 'a' : static_cast<char>(c + 1)) {
      put("key", std::string(100'000, c));
      (void)objects_->collect();
    }
  });
  for (int i = 0; i < 30; ++i) {
    auto copied = copy("bucket/key", "copy", {.checksum_algorithm = "SHA256"});
    if (copied.code() == "SlowDown") continue;  // the writer was first each time
    EXPECT_TRUE(copied.ok()) << copied.code();
    if (!copied.ok()) break;
    EXPECT_EQ(copied->copy_object_result->checksum_sha256,
              base64_encode(digest(DigestKind::sha256, get("copy").body())));
  }
  stop = true;
  writer.join();
}

TEST_F(CopyTest, OntoItselfWithAStorageClass) {
  put("key", "hello");
  EXPECT_TRUE(copy("bucket/key", "key", {.storage_class = "STANDARD"}).ok());
  EXPECT_EQ(get("key").body(), "hello");
  EXPECT_EQ(extents(), 1U);
}

TEST_F(CopyTest, Refused) {
  put("key", "hello");
  EXPECT_EQ(copy("bucket/key", "key").code(), "InvalidRequest");
  EXPECT_EQ(copy("bucket/none", "copy").code(), "NoSuchKey");
  EXPECT_EQ(copy("other/key", "copy").code(), "NoSuchBucket");
  EXPECT_EQ(copy("bucket", "copy").code(), "InvalidArgument");
  EXPECT_EQ(copy("bucket/key", "copy", {.copy_source_if_match = "other"}).code(), "PreconditionFailed");
  EXPECT_EQ(copy("bucket/key", "copy", {.copy_source_if_none_match = kHelloMd5}).status(), 412);
  put("there", "x");
  EXPECT_EQ(copy("bucket/key", "there", {.if_none_match = "*"}).code(), "PreconditionFailed");
  EXPECT_EQ(copy("bucket/key", "there", {.if_match = "*"}).code(), "NotImplemented");
}

}  // namespace
}  // namespace aerolith::s3
