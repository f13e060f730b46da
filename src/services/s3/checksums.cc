#include "services/s3/checksums.h"

#include <fmt/format.h>

#include <array>

#include "base/crc_combine.h"
#include "base/encoding.h"

namespace aerolith::s3 {
namespace {

struct AlgorithmRow {
  ChecksumAlgorithm algorithm;
  DigestKind digest;
  size_t size_bytes;
  std::string_view name;
  std::string_view header;
};

constexpr std::array<AlgorithmRow, 10> kRows = {{
    {ChecksumAlgorithm::crc32, DigestKind::crc32, 4, "CRC32", "x-amz-checksum-crc32"},
    {ChecksumAlgorithm::crc32c, DigestKind::crc32c, 4, "CRC32C", "x-amz-checksum-crc32c"},
    {ChecksumAlgorithm::crc64nvme, DigestKind::crc64nvme, 8, "CRC64NVME", "x-amz-checksum-crc64nvme"},
    {ChecksumAlgorithm::sha1, DigestKind::sha1, 20, "SHA1", "x-amz-checksum-sha1"},
    {ChecksumAlgorithm::sha256, DigestKind::sha256, 32, "SHA256", "x-amz-checksum-sha256"},
    {ChecksumAlgorithm::sha512, DigestKind::sha512, 64, "SHA512", "x-amz-checksum-sha512"},
    {ChecksumAlgorithm::md5, DigestKind::md5, 16, "MD5", "x-amz-checksum-md5"},
    {ChecksumAlgorithm::xxhash64, DigestKind::xxhash64, 8, "XXHASH64", "x-amz-checksum-xxhash64"},
    {ChecksumAlgorithm::xxhash3, DigestKind::xxhash3, 8, "XXHASH3", "x-amz-checksum-xxhash3"},
    {ChecksumAlgorithm::xxhash128, DigestKind::xxhash128, 16, "XXHASH128", "x-amz-checksum-xxhash128"},
}};

constexpr std::string_view kHeaderPrefix = "x-amz-checksum-";

const AlgorithmRow& row(ChecksumAlgorithm algorithm) {
  for (const AlgorithmRow& r : kRows) {
    if (r.algorithm == algorithm) return r;
  }
  return kRows.back();
}

uint64_t from_big_endian(std::string_view bytes) {
  uint64_t value = 0;
  for (char c : bytes) value = (value << 8) | static_cast<unsigned char>(c);
  return value;
}

std::string to_big_endian(uint64_t value, size_t size_bytes) {
  std::string out(size_bytes, '\0');
  for (size_t i = 0; i < size_bytes; ++i) out[size_bytes - 1 - i] = static_cast<char>(value >> (8 * i));
  return out;
}

std::unexpected<CallError> several_checksums() {
  return errors::invalid_request("Expecting a single x-amz-checksum- header. Multiple checksum Types are not allowed.");
}

bool names_a_checksum(std::string_view header) {
  return header.size() > kHeaderPrefix.size() &&
         equals_ignore_case(header.substr(0, kHeaderPrefix.size()), kHeaderPrefix);
}

// Headers of that prefix that aren't checksums of the body.
bool is_other_header(std::string_view header) {
  return equals_ignore_case(header, "x-amz-checksum-type") || equals_ignore_case(header, "x-amz-checksum-algorithm") ||
         equals_ignore_case(header, "x-amz-checksum-mode");
}

Result<void> add_claim(std::optional<ChecksumClaim>& claim, std::string_view header, std::string_view text) {
  ChecksumAlgorithm algorithm = TRY(parse_algorithm(header.substr(kHeaderPrefix.size())));
  if (claim) return several_checksums();
  std::string value = TRY(decode_checksum_value(algorithm, text));
  claim = ChecksumClaim{algorithm, std::move(value)};
  return {};
}

Result<void> add_trailer_claims(std::optional<ChecksumClaim>& claim, std::string_view names) {
  while (!names.empty()) {
    size_t comma = names.find(',');
    std::string_view name = trim(names.substr(0, comma));
    if (names_a_checksum(name)) {
      ChecksumAlgorithm algorithm = TRY(parse_algorithm(name.substr(kHeaderPrefix.size())));
      if (claim) return several_checksums();
      claim = ChecksumClaim{algorithm, std::nullopt};
    }
    names = comma == std::string_view::npos ? std::string_view() : names.substr(comma + 1);
  }
  return {};
}

}  // namespace

DigestKind digest_kind(ChecksumAlgorithm algorithm) { return row(algorithm).digest; }
std::string_view algorithm_name(ChecksumAlgorithm algorithm) { return row(algorithm).name; }
std::string_view checksum_header(ChecksumAlgorithm algorithm) { return row(algorithm).header; }

std::string_view type_name(ChecksumType type) { return type == ChecksumType::composite ? "COMPOSITE" : "FULL_OBJECT"; }

Result<ChecksumAlgorithm> parse_algorithm(std::string_view name) {
  for (const AlgorithmRow& r : kRows) {
    if (equals_ignore_case(r.name, name)) return r.algorithm;
  }
  return errors::invalid_request(
      "Checksum algorithm provided is unsupported. Please try again with any of the valid types: [CRC32, CRC32C, "
      "CRC64NVME, SHA1, SHA256, SHA512, MD5, XXHASH64, XXHASH3, XXHASH128]");
}

bool is_crc(ChecksumAlgorithm algorithm) { return algorithm <= ChecksumAlgorithm::crc64nvme; }

std::string checksum_text(const StoredChecksum& checksum) {
  std::string text = base64_encode(checksum.value);
  if (checksum.type == ChecksumType::composite) text += fmt::format("-{}", checksum.part_count);
  return text;
}

std::string combine_checksums(ChecksumAlgorithm algorithm, std::string_view first, std::string_view second,
                              uint64_t second_size_bytes) {
  CrcKind kind = algorithm == ChecksumAlgorithm::crc32    ? kCrc32
                 : algorithm == ChecksumAlgorithm::crc32c ? kCrc32c
                                                          : kCrc64Nvme;
  uint64_t crc = combine_crc(kind, from_big_endian(first), from_big_endian(second), second_size_bytes);
  return to_big_endian(crc, row(algorithm).size_bytes);
}

std::string crc64_bytes(uint64_t crc) { return to_big_endian(crc, sizeof(crc)); }

Result<std::string> decode_checksum_value(ChecksumAlgorithm algorithm, std::string_view text) {
  std::optional<std::string> bytes = base64_decode(trim(text));
  if (!bytes || bytes->size() != row(algorithm).size_bytes) {
    return errors::invalid_request(fmt::format("Value for {} header is invalid.", checksum_header(algorithm)));
  }
  return *std::move(bytes);
}

Result<std::optional<ChecksumClaim>> read_checksum_claim(const http::Headers& headers) {
  std::optional<ChecksumClaim> claim;
  std::optional<std::string_view> announced;
  for (const auto& [name, value] : headers.fields()) {
    if (names_a_checksum(name) && !is_other_header(name)) TRY(add_claim(claim, name, value));
    if (equals_ignore_case(name, "x-amz-sdk-checksum-algorithm")) announced = value;
  }
  if (auto trailer = headers.find("x-amz-trailer")) TRY(add_trailer_claims(claim, *trailer));
  if (!announced) return claim;
  ChecksumAlgorithm algorithm = TRY(parse_algorithm(*announced));
  if (!claim) {
    return errors::invalid_request(
        "x-amz-sdk-checksum-algorithm specified, but no corresponding x-amz-checksum-* or x-amz-trailer headers were "
        "found.");
  }
  if (claim->algorithm != algorithm) {
    return errors::invalid_request("Value for x-amz-sdk-checksum-algorithm header is invalid.");
  }
  return claim;
}

Result<std::optional<std::string>> read_content_md5(const http::Headers& headers) {
  std::optional<std::string_view> text = headers.find("content-md5");
  if (!text) return std::optional<std::string>();
  std::optional<std::string> bytes = base64_decode(trim(*text));
  if (!bytes || bytes->size() != 16) return errors::invalid_digest(*text);
  return bytes;
}

Result<bool> verify_whole_body(const http::Headers& headers, std::string_view body) {
  std::optional<ChecksumClaim> claim = TRY(read_checksum_claim(headers));
  std::optional<std::string> md5 = TRY(read_content_md5(headers));
  if (md5) {
    std::string calculated = digest(DigestKind::md5, body);
    if (calculated != *md5) return errors::content_md5_mismatch(base64_encode(*md5), base64_encode(calculated));
  }
  if (claim && claim->value && digest(digest_kind(claim->algorithm), body) != *claim->value) {
    return errors::checksum_mismatch(algorithm_name(claim->algorithm));
  }
  return md5.has_value() || (claim && claim->value);
}

}  // namespace aerolith::s3
