// The checksums that S3 keeps with objects and parts, and what a request claims about its body.
// https://docs.aws.amazon.com/AmazonS3/latest/userguide/checking-object-integrity.html
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/digest.h"
#include "http/message.h"
#include "services/s3/errors.h"

namespace aerolith::s3 {

// Values are in records: they never change.
enum class ChecksumAlgorithm : uint8_t {
  crc32 = 1,
  crc32c = 2,
  crc64nvme = 3,
  sha1 = 4,
  sha256 = 5,
  sha512 = 6,
  md5 = 7,
  xxhash64 = 8,
  xxhash3 = 9,
  xxhash128 = 10
};
enum class ChecksumType : uint8_t { full_object = 0, composite = 1 };

inline constexpr ChecksumAlgorithm kAllChecksumAlgorithms[] = {
    ChecksumAlgorithm::crc32,   ChecksumAlgorithm::crc32c,   ChecksumAlgorithm::crc64nvme, ChecksumAlgorithm::sha1,
    ChecksumAlgorithm::sha256,  ChecksumAlgorithm::sha512,   ChecksumAlgorithm::md5,       ChecksumAlgorithm::xxhash64,
    ChecksumAlgorithm::xxhash3, ChecksumAlgorithm::xxhash128};

struct StoredChecksum {
  ChecksumAlgorithm algorithm = ChecksumAlgorithm::crc64nvme;
  ChecksumType type = ChecksumType::full_object;
  std::string value;        // raw bytes
  uint32_t part_count = 0;  // composite only
  bool operator==(const StoredChecksum&) const = default;
};

template <class Archive>
void fields(Archive& archive, StoredChecksum& c) {
  archive(c.algorithm, c.type, c.value, c.part_count);
}

DigestKind digest_kind(ChecksumAlgorithm algorithm);
// "CRC32", as in the model's enum and in messages.
std::string_view algorithm_name(ChecksumAlgorithm algorithm);
// "x-amz-checksum-crc32"
std::string_view checksum_header(ChecksumAlgorithm algorithm);
// "FULL_OBJECT" or "COMPOSITE"
std::string_view type_name(ChecksumType type);
// Case doesn't matter. InvalidRequest.
Result<ChecksumAlgorithm> parse_algorithm(std::string_view name);
bool is_crc(ChecksumAlgorithm algorithm);

// Base64, with "-<parts>" behind a composite one.
std::string checksum_text(const StoredChecksum& checksum);
// The CRC of the two sequences together; both of the same CRC algorithm.
std::string combine_checksums(ChecksumAlgorithm algorithm, std::string_view first, std::string_view second,
                              uint64_t second_size_bytes);
// Big-endian bytes, as a checksum's value.
std::string crc64_bytes(uint64_t crc);

// A checksum that the caller gave: its value as text, or announced for the trailer (then without a value).
struct ChecksumClaim {
  ChecksumAlgorithm algorithm;
  std::optional<std::string> value;  // raw bytes, of the right size
};

// What the headers of a request with a body claim: x-amz-checksum-*, x-amz-trailer, x-amz-sdk-checksum-algorithm.
Result<std::optional<ChecksumClaim>> read_checksum_claim(const http::Headers& headers);
// The raw bytes of Content-MD5, checked for size; nullopt when there is none.
Result<std::optional<std::string>> read_content_md5(const http::Headers& headers);
// "Value for x-amz-checksum-crc32 header is invalid." unless `text` is base64 of the right size.
Result<std::string> decode_checksum_value(ChecksumAlgorithm algorithm, std::string_view text);
// Checks a body that is in memory against what the headers claim about it; true when they claim anything.
Result<bool> verify_whole_body(const http::Headers& headers, std::string_view body);

// The member of a generated struct for an algorithm: output.checksum_crc32 and its siblings.
template <typename Shape>
auto& checksum_member(Shape& shape, ChecksumAlgorithm algorithm) {
  switch (algorithm) {
    case ChecksumAlgorithm::crc32:
      return shape.checksum_crc32;
    case ChecksumAlgorithm::crc32c:
      return shape.checksum_crc32c;
    case ChecksumAlgorithm::crc64nvme:
      return shape.checksum_crc64nvme;
    case ChecksumAlgorithm::sha1:
      return shape.checksum_sha1;
    case ChecksumAlgorithm::sha256:
      return shape.checksum_sha256;
    case ChecksumAlgorithm::sha512:
      return shape.checksum_sha512;
    case ChecksumAlgorithm::md5:
      return shape.checksum_md5;
    case ChecksumAlgorithm::xxhash64:
      return shape.checksum_xxhash64;
    case ChecksumAlgorithm::xxhash3:
      return shape.checksum_xxhash3;
    case ChecksumAlgorithm::xxhash128:
      break;
  }
  return shape.checksum_xxhash128;
}

template <typename Output>
void put_checksum(Output& output, const StoredChecksum& checksum) {
  checksum_member(output, checksum.algorithm) = checksum_text(checksum);
  if constexpr (requires { output.checksum_type; }) output.checksum_type = std::string(type_name(checksum.type));
}

}  // namespace aerolith::s3
