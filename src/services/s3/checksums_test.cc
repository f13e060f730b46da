#include "services/s3/checksums.h"

#include <gtest/gtest.h>

#include "base/encoding.h"

namespace aerolith::s3 {
namespace {

http::Headers headers(std::initializer_list<std::pair<const char*, std::string>> fields) {
  http::Headers h;
  for (const auto& [name, value] : fields) h.add(name, value);
  return h;
}

TEST(Checksums, CombinedIsThatOfBothTogether) {
  std::string first(1000, 'a');
  for (size_t second_size : {size_t{0}, size_t{1}, size_t{7}, size_t{4096}, size_t{1'000'003}}) {
    std::string second;
    for (size_t i = 0; i < second_size; ++i) second += static_cast<char>(i * 31);
    for (auto algorithm : {ChecksumAlgorithm::crc32, ChecksumAlgorithm::crc32c, ChecksumAlgorithm::crc64nvme}) {
      DigestKind kind = digest_kind(algorithm);
      EXPECT_EQ(combine_checksums(algorithm, digest(kind, first), digest(kind, second), second.size()),
                digest(kind, first + second))
          << algorithm_name(algorithm) << " " << second_size;
    }
  }
}

TEST(Checksums, TextHasThePartsOfACompositeOne) {
  StoredChecksum checksum{ChecksumAlgorithm::crc32, ChecksumType::composite, std::string("\1\2\3\4"), 3};
  EXPECT_EQ(checksum_text(checksum), "AQIDBA==-3");
  checksum.type = ChecksumType::full_object;
  EXPECT_EQ(checksum_text(checksum), "AQIDBA==");
}

TEST(Checksums, ClaimFromHeaderOrTrailer) {
  auto claim = read_checksum_claim(headers({{"x-amz-checksum-crc32", "AQIDBA=="}}));
  ASSERT_TRUE(claim.has_value() && claim->has_value());
  EXPECT_EQ((*claim)->value, std::string("\1\2\3\4"));
  claim = read_checksum_claim(headers({{"X-Amz-Trailer", "x-amz-checksum-sha256"}}));
  ASSERT_TRUE(claim.has_value() && claim->has_value());
  EXPECT_EQ((*claim)->algorithm, ChecksumAlgorithm::sha256);
  EXPECT_FALSE((*claim)->value.has_value());
  claim = read_checksum_claim(headers({{"x-amz-checksum-type", "FULL_OBJECT"}}));
  ASSERT_TRUE(claim.has_value());
  EXPECT_FALSE(claim->has_value());
}

TEST(Checksums, BadClaims) {
  auto code = [](const http::Headers& h) {
    auto claim = read_checksum_claim(h);
    return claim.has_value() ? std::string("none") : claim.error().code + ": " + claim.error().message;
  };
  EXPECT_EQ(code(headers({{"x-amz-checksum-crc32", "AQ=="}})),
            "InvalidRequest: Value for x-amz-checksum-crc32 header is invalid.");
  EXPECT_EQ(code(headers({{"x-amz-checksum-crc32", "AQIDBA=="}, {"x-amz-checksum-crc32c", "AQIDBA=="}})),
            "InvalidRequest: Expecting a single x-amz-checksum- header. Multiple checksum Types are not allowed.");
  EXPECT_EQ(code(headers({{"x-amz-sdk-checksum-algorithm", "CRC32"}})),
            "InvalidRequest: x-amz-sdk-checksum-algorithm specified, but no corresponding x-amz-checksum-* or "
            "x-amz-trailer headers were found.");
  EXPECT_EQ(code(headers({{"x-amz-checksum-xxhash64", "AQIDBA=="}})),
            "InvalidRequest: Value for x-amz-checksum-xxhash64 header is invalid.");
  EXPECT_TRUE(code(headers({{"x-amz-checksum-crc16", "AQI="}})).starts_with("InvalidRequest"));
}

TEST(Checksums, WholeBody) {
  std::string md5 = base64_encode(digest(DigestKind::md5, "body"));
  EXPECT_EQ(verify_whole_body(headers({}), "body").value(), false);
  EXPECT_EQ(verify_whole_body(headers({{"Content-MD5", md5}}), "body").value(), true);
  auto refused = verify_whole_body(headers({{"Content-MD5", md5}}), "other");
  ASSERT_FALSE(refused.has_value());
  EXPECT_EQ(refused.error().code, "BadDigest");
  refused = verify_whole_body(headers({{"Content-MD5", "short"}}), "other");
  ASSERT_FALSE(refused.has_value());
  EXPECT_EQ(refused.error().code, "InvalidDigest");
}

}  // namespace
}  // namespace aerolith::s3
