#include "services/s3/payload.h"

#include <algorithm>

#include "base/encoding.h"
#include "gateway/errors.h"

namespace aerolith::s3 {
namespace {

constexpr size_t kReadBytes = size_t{256} << 10;

std::unexpected<CallError> unreadable(const Call& call, const http::BodyError& error) {
  return std::unexpected(
      CallError(gateway::payload_error(error, call.context.body->failure(), auth::ServiceErrorStyle::s3)));
}

// The value that the trailer must hold when the checksum was announced for it.
Result<std::string> claimed_value(const Call& call, const ChecksumClaim& claim) {
  if (claim.value) return *claim.value;
  std::string_view header = checksum_header(claim.algorithm);
  for (const auto& [name, value] : call.context.body->trailers()) {
    if (equals_ignore_case(name, header)) return decode_checksum_value(claim.algorithm, value);
  }
  return errors::invalid_request("The trailer that x-amz-trailer announces is missing: " + std::string(header));
}

// The object store has the CRC64NVME of what it wrote, and the MD5 is needed anyway.
bool needs_digest_of_its_own(ChecksumAlgorithm algorithm) {
  return algorithm != ChecksumAlgorithm::crc64nvme && algorithm != ChecksumAlgorithm::md5;
}

struct Digests {
  Digest md5{DigestKind::md5};
  std::optional<Digest> checksum;
};

Result<> copy_body(const Call& call, uint64_t size_bytes, objects::ExtentWriter& writer, Digests& digests) {
  std::string buffer(std::clamp<uint64_t>(size_bytes, 1, kReadBytes), '\0');
  while (true) {
    auto read = call.context.body->read(buffer);
    if (!read.has_value()) return unreadable(call, read.error());
    if (*read == 0) break;
    std::string_view bytes(buffer.data(), *read);
    digests.md5.update(bytes);
    if (digests.checksum) digests.checksum->update(bytes);
    TRY(writer.append(bytes));
  }
  if (writer.size_bytes() != size_bytes) return errors::incomplete_body();
  return {};
}

}  // namespace

Result<PayloadClaims> read_payload_claims(const Call& call) {
  const http::Headers& headers = call.context.head->headers;
  PayloadClaims claims;
  claims.content_md5 = TRY(read_content_md5(headers));
  claims.checksum = TRY(read_checksum_claim(headers));
  std::optional<uint64_t> size_bytes = call.context.body->size_bytes();
  bool is_told = headers.contains("content-length") || headers.contains("x-amz-decoded-content-length");
  if (!size_bytes || !is_told) {
    if (headers.contains("transfer-encoding")) return errors::not_implemented("Transfer-Encoding");
    return errors::missing_content_length();
  }
  if (*size_bytes > kMaxPutBytes) return errors::entity_too_large(*size_bytes, kMaxPutBytes);
  claims.size_bytes = *size_bytes;
  return claims;
}

Result<StoredPayload> store_payload(Call& call, const PayloadClaims& claims, ChecksumAlgorithm default_algorithm) {
  ChecksumAlgorithm algorithm = claims.checksum ? claims.checksum->algorithm : default_algorithm;
  objects::ExtentWriter writer = call.objects.begin_write(claims.size_bytes);
  Digests digests;
  if (needs_digest_of_its_own(algorithm)) digests.checksum.emplace(digest_kind(algorithm));
  TRY(copy_body(call, claims.size_bytes, writer, digests));

  std::string md5 = digests.md5.finish();
  if (claims.content_md5 && *claims.content_md5 != md5) {
    return errors::content_md5_mismatch(base64_encode(*claims.content_md5), base64_encode(md5));
  }
  StoredChecksum checksum{.algorithm = algorithm};
  if (digests.checksum) checksum.value = digests.checksum->finish();
  if (algorithm == ChecksumAlgorithm::md5) checksum.value = md5;
  // Checked before the bytes are synced, where it is known by then.
  auto check_claim = [&]() -> Result<> {
    if (!claims.checksum) return {};
    std::string wanted = TRY(claimed_value(call, *claims.checksum));
    if (wanted != checksum.value) return errors::checksum_mismatch(algorithm_name(algorithm));
    return {};
  };
  if (algorithm != ChecksumAlgorithm::crc64nvme) TRY(check_claim());
  objects::StagedExtent staged = TRY(writer.finish());
  if (algorithm == ChecksumAlgorithm::crc64nvme) {
    checksum.value = crc64_bytes(staged.extent().crc64nvme);
    TRY(check_claim());
  }
  return StoredPayload{std::move(staged), hex_encode(md5), std::move(checksum)};
}

}  // namespace aerolith::s3
