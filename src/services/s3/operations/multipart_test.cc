#include "services/s3/multipart.h"

#include <gtest/gtest.h>

#include "base/digest.h"
#include "base/encoding.h"
#include "services/s3/test_fixture.h"

namespace aerolith::s3 {
namespace {

class MultipartTest : public S3Test {
 protected:
  MultipartTest() { make_bucket(); }

  std::string start(CreateMultipartUploadInput input = {}, const std::string& key = "key") {
    input.bucket = "bucket";
    input.key = key;
    now_ += std::chrono::milliseconds(1);
    auto upload = call(create_multipart_upload, input);
    EXPECT_TRUE(upload.ok()) << upload.code();
    return *upload->upload_id;
  }
  Answer<UploadPartOutput> part(const std::string& id, int32_t number, const std::string& bytes,
                                TestHeaders headers = {}) {
    MemoryPayload body(bytes);
    headers.emplace_back("Content-Length", std::to_string(bytes.size()));
    UploadPartInput input{.bucket = "bucket", .key = "key", .part_number = number, .upload_id = id};
    return call(upload_part, input, headers, &body);
  }
  Answer<CompleteMultipartUploadOutput> complete(const std::string& id, std::vector<CompletedPart> parts,
                                                 CompleteMultipartUploadInput input = {}) {
    input.bucket = "bucket";
    input.key = "key";
    input.upload_id = id;
    input.multipart_upload.emplace().parts = std::move(parts);
    return call(complete_multipart_upload, input, {{"Host", "localhost:4566"}});
  }
  static CompletedPart named(int32_t number, const UploadPartOutput& output) {
    CompletedPart named{.etag = output.etag, .part_number = number};
    named.checksum_crc32 = output.checksum_crc32;
    named.checksum_sha256 = output.checksum_sha256;
    return named;
  }

  const std::string first_ = std::string(kMinPartBytes, 'a');
  const std::string second_ = std::string(1'000'000, 'b');
};

TEST_F(MultipartTest, PartsBecomeAnObject) {
  std::string id = start({.content_type = "text/plain"});
  part(id, 1, "to be replaced");
  auto one = part(id, 1, first_);
  auto three = part(id, 3, second_);
  part(id, 7, "not named");
  EXPECT_EQ(get("key").code(), "NoSuchKey");
  std::vector<CompletedPart> parts = {named(1, one.output()), named(3, three.output())};
  auto done = complete(id, parts);
  ASSERT_TRUE(done.ok()) << done.code();
  std::string md5s = digest(DigestKind::md5, first_) + digest(DigestKind::md5, second_);
  EXPECT_EQ(done->etag, "\"" + hex_encode(digest(DigestKind::md5, md5s)) + "-2\"");
  EXPECT_EQ(done->location, "http://localhost:4566/bucket/key");
  EXPECT_EQ(done->checksum_crc64nvme, base64_encode(digest(DigestKind::crc64nvme, first_ + second_)));
  EXPECT_EQ(done->checksum_type, "FULL_OBJECT");
  EXPECT_EQ(extents(), 2U);

  auto got = get("key");
  EXPECT_EQ(got->content_type, "text/plain");
  EXPECT_TRUE(got.body() == first_ + second_);
  auto across = get("key", {.range = "bytes=5242870-5242889"});
  EXPECT_EQ(across.body(), std::string(10, 'a') + std::string(10, 'b'));
  auto third = get("key", {.part_number = 3});
  EXPECT_EQ(third->parts_count, 2);
  EXPECT_EQ(third->content_range, "bytes 5242880-6242879/6242880");
  EXPECT_TRUE(third.body() == second_);
  EXPECT_EQ(get("key", {.part_number = 2}).code(), "InvalidPartNumber");

  // The answer was lost: the client asks again.
  auto again = complete(id, parts);
  ASSERT_TRUE(again.ok()) << again.code();
  EXPECT_EQ(again->etag, done->etag);
  parts.pop_back();
  EXPECT_EQ(complete(id, parts).code(), "NoSuchUpload");

  call(delete_object, DeleteObjectInput{.bucket = "bucket", .key = "key"});
  EXPECT_EQ(extents(), 0U);
}

TEST_F(MultipartTest, ReaderOutlivesItsObject) {
  std::string id = start();
  auto one = part(id, 1, first_);
  auto two = part(id, 2, second_);
  ASSERT_TRUE(complete(id, {named(1, one.output()), named(2, two.output())}).ok());
  auto got = get("key");
  put("key", "new");
  EXPECT_TRUE(got.body() == first_ + second_);
}

TEST_F(MultipartTest, CopySharesTheParts) {
  std::string id = start();
  auto one = part(id, 1, first_);
  auto two = part(id, 2, second_);
  auto done = complete(id, {named(1, one.output()), named(2, two.output())});
  CopyObjectInput copy{.bucket = "bucket", .copy_source = "bucket/key", .key = "copy"};
  EXPECT_EQ(call(copy_object, copy)->copy_object_result->etag, done->etag);
  call(delete_object, DeleteObjectInput{.bucket = "bucket", .key = "key"});
  EXPECT_EQ(extents(), 2U);
  EXPECT_TRUE(get("copy").body() == first_ + second_);
}

TEST_F(MultipartTest, CompositeChecksum) {
  std::string id = start({.checksum_algorithm = "CRC32"});
  auto one = part(id, 1, first_);
  auto two = part(id, 2, second_);
  ASSERT_TRUE(one->checksum_crc32.has_value());
  std::vector<CompletedPart> parts = {named(1, one.output()), named(2, two.output())};
  std::vector<CompletedPart> without = parts;
  without[1].checksum_crc32.reset();
  EXPECT_EQ(complete(id, without).code(), "InvalidRequest");
  std::vector<CompletedPart> wrong = parts;
  wrong[1].checksum_crc32 = wrong[0].checksum_crc32;
  EXPECT_EQ(complete(id, wrong).code(), "InvalidPart");
  auto done = complete(id, parts);
  ASSERT_TRUE(done.ok()) << done.code();
  std::string crcs = digest(DigestKind::crc32, first_) + digest(DigestKind::crc32, second_);
  EXPECT_EQ(done->checksum_crc32, base64_encode(digest(DigestKind::crc32, crcs)) + "-2");
  EXPECT_EQ(done->checksum_type, "COMPOSITE");
  // Of a part, its own; of other ranges, none.
  auto second = get("key", {.part_number = 2, .checksum_mode = "ENABLED"});
  EXPECT_EQ(second->checksum_crc32, two->checksum_crc32);
  EXPECT_EQ(second->checksum_type, "COMPOSITE");
  EXPECT_EQ(get("key", {.checksum_mode = "ENABLED"})->checksum_crc32, done->checksum_crc32);
  EXPECT_FALSE(get("key", {.range = "bytes=0-9", .checksum_mode = "ENABLED"})->checksum_crc32.has_value());
}

TEST_F(MultipartTest, ChecksumOfTheOnlyPart) {
  for (const char* type : {"COMPOSITE", "FULL_OBJECT"}) {
    std::string id = start({.checksum_algorithm = "CRC32", .checksum_type = type});
    auto one = part(id, 1, "only");
    ASSERT_TRUE(complete(id, {named(1, one.output())}).ok());
    auto got = get("key", {.part_number = 1, .checksum_mode = "ENABLED"});
    EXPECT_EQ(got->checksum_crc32, one->checksum_crc32) << type;
    EXPECT_EQ(got->checksum_type, type);
    EXPECT_EQ(got->parts_count, 1);
  }
}

TEST_F(MultipartTest, FullObjectChecksumIsCombined) {
  std::string id = start({.checksum_algorithm = "CRC32C", .checksum_type = "FULL_OBJECT"});
  auto one = part(id, 1, first_);
  auto two = part(id, 2, second_);
  std::string whole = base64_encode(digest(DigestKind::crc32c, first_ + second_));
  std::vector<CompletedPart> parts = {named(1, one.output()), named(2, two.output())};
  EXPECT_EQ(complete(id, parts, {.checksum_crc32c = "AAAAAA=="}).code(), "BadDigest");
  EXPECT_EQ(complete(id, parts, {.mpu_object_size = 5}).code(), "InvalidRequest");
  auto done = complete(id, parts, {.checksum_crc32c = whole, .checksum_type = "FULL_OBJECT"});
  ASSERT_TRUE(done.ok()) << done.code();
  EXPECT_EQ(done->checksum_crc32c, whole);
  auto second = get("key", {.part_number = 2, .checksum_mode = "ENABLED"});
  EXPECT_EQ(second->parts_count, 2);
  EXPECT_FALSE(second->checksum_crc32c.has_value());
  EXPECT_FALSE(second->checksum_type.has_value());
}

TEST_F(MultipartTest, ChecksumChoices) {
  auto code = [&](CreateMultipartUploadInput input) {
    input.bucket = "bucket";
    input.key = "key";
    return call(create_multipart_upload, input).code();
  };
  EXPECT_EQ(code({.checksum_type = "COMPOSITE"}), "InvalidRequest");
  EXPECT_EQ(code({.checksum_algorithm = "SHA256", .checksum_type = "FULL_OBJECT"}), "InvalidRequest");
  EXPECT_EQ(code({.checksum_algorithm = "CRC64NVME", .checksum_type = "COMPOSITE"}), "InvalidRequest");
  std::string id = start({.checksum_algorithm = "SHA256"});
  std::string crc = base64_encode(digest(DigestKind::crc32, "x"));
  EXPECT_EQ(part(id, 1, "x", {{"x-amz-checksum-crc32", crc}}).code(), "InvalidRequest");
}

TEST_F(MultipartTest, RefusedCompletions) {
  std::string id = start();
  auto one = part(id, 1, "small");
  auto two = part(id, 2, "last");
  CompletedPart first = named(1, one.output());
  CompletedPart second = named(2, two.output());
  EXPECT_EQ(complete(id, {}).code(), "MalformedXML");
  CompleteMultipartUploadInput no_body{.bucket = "bucket", .key = "key", .upload_id = id};
  EXPECT_EQ(call(complete_multipart_upload, no_body).code(), "InvalidRequest");
  EXPECT_EQ(complete(id, {second, first}).code(), "InvalidPartOrder");
  EXPECT_EQ(complete(id, {first, second}).code(), "EntityTooSmall");
  EXPECT_EQ(complete(id, {{.etag = second.etag, .part_number = 1}}).code(), "InvalidPart");
  EXPECT_EQ(complete(id, {{.etag = second.etag, .part_number = 3}}).code(), "InvalidPart");
  EXPECT_EQ(complete("nothing", {first}).code(), "NoSuchUpload");
  put("key", "there");
  EXPECT_EQ(complete(id, {first}, {.if_none_match = "*"}).code(), "PreconditionFailed");
  EXPECT_TRUE(complete(id, {first}).ok());
}

TEST_F(MultipartTest, PartNumbersAndUploads) {
  std::string id = start();
  EXPECT_EQ(part(id, 0, "x").code(), "InvalidArgument");
  EXPECT_EQ(part(id, 10'001, "x").code(), "InvalidArgument");
  EXPECT_EQ(part("nothing", 1, "x").code(), "NoSuchUpload");
  EXPECT_TRUE(part(id, 10'000, "x").ok());
}

TEST_F(MultipartTest, AbortReleasesTheParts) {
  std::string id = start();
  part(id, 1, first_);
  part(id, 2, "x");
  AbortMultipartUploadInput abort{.bucket = "bucket", .key = "key", .upload_id = id};
  EXPECT_TRUE(call(abort_multipart_upload, abort).ok());
  EXPECT_EQ(call(abort_multipart_upload, abort).code(), "NoSuchUpload");
  EXPECT_EQ(extents(), 0U);
}

TEST_F(MultipartTest, ListParts) {
  std::string id = start();
  for (int32_t number : {5, 1, 300}) part(id, number, "part " + std::to_string(number));
  ListPartsInput input{.bucket = "bucket", .key = "key", .max_parts = 2, .upload_id = id};
  auto page = call(list_parts, input);
  ASSERT_TRUE(page.ok());
  ASSERT_EQ(page->parts->size(), 2U);
  EXPECT_EQ(page->parts->at(1).part_number, 5);
  EXPECT_EQ(page->is_truncated, true);
  EXPECT_EQ(page->next_part_number_marker, 5);
  input.part_number_marker = 5;
  page = call(list_parts, input);
  ASSERT_EQ(page->parts->size(), 1U);
  EXPECT_EQ(page->parts->front().part_number, 300);
  EXPECT_EQ(page->is_truncated, false);
  input.upload_id = "nothing";
  EXPECT_EQ(call(list_parts, input).code(), "NoSuchUpload");
}

TEST_F(MultipartTest, ListUploads) {
  std::string first = start({}, "a");
  std::string second = start({}, "a");
  std::string third = start({}, "b/c");
  ListMultipartUploadsInput input{.bucket = "bucket", .max_uploads = 1};
  std::vector<std::string> ids;
  for (int i = 0; i < 5; ++i) {
    auto page = call(list_multipart_uploads, input);
    ASSERT_TRUE(page.ok());
    for (const MultipartUpload& upload : *page->uploads) ids.push_back(*upload.upload_id);
    if (!*page->is_truncated) break;
    input.key_marker = page->next_key_marker;
    input.upload_id_marker = page->next_upload_id_marker;
  }
  EXPECT_EQ(ids, (std::vector<std::string>{first, second, third}));
  auto grouped = call(list_multipart_uploads, ListMultipartUploadsInput{.bucket = "bucket", .delimiter = "/"});
  EXPECT_EQ(grouped->uploads->size(), 2U);
  ASSERT_EQ(grouped->common_prefixes->size(), 1U);
  EXPECT_EQ(grouped->common_prefixes->front().prefix, "b/");
  // The last upload, not the last prefix, and told although nothing comes after it.
  EXPECT_EQ(grouped->is_truncated, false);
  EXPECT_EQ(grouped->next_key_marker, "a");
  EXPECT_EQ(grouped->next_upload_id_marker, second);
  auto after = call(list_multipart_uploads, ListMultipartUploadsInput{.bucket = "bucket", .key_marker = "a"});
  ASSERT_EQ(after->uploads->size(), 1U);
  EXPECT_EQ(after->uploads->front().upload_id, third);
  start({}, "b/d");
  ListMultipartUploadsInput inside{.bucket = "bucket", .delimiter = "/", .key_marker = "b/c"};
  auto none = call(list_multipart_uploads, inside);
  EXPECT_TRUE(none->common_prefixes->empty());
  EXPECT_EQ(none->next_key_marker, "");
  EXPECT_EQ(none->next_upload_id_marker, "");
}

}  // namespace
}  // namespace aerolith::s3
