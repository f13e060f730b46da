#include "services/s3/payload.h"

#include <algorithm>

#include "base/encoding.h"
#include "gateway/errors.h"

namespace aerolith::s3 {
namespace {

// Digested at a time: enough to be worth doing together with other threads' pieces (base/block_hash.h).
constexpr size_t kPieceBytes = size_t{256} << 10;

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

Result<> copy_body(const Call& call, uint64_t size_bytes, PayloadWriter& writer) {
  while (writer.size_bytes() < size_bytes) TRY(writer.take(call, size_bytes - writer.size_bytes()));
  // The end itself: what comes behind the last byte (a trailer, a signature) may be wrong.
  char more = 0;
  auto read = call.context.body->read({&more, 1});
  if (!read.has_value()) return unreadable_body(call, read.error());
  if (*read != 0) return errors::incomplete_body();
  return {};
}

}  // namespace

std::unexpected<CallError> unreadable_body(const Call& call, const http::BodyError& error) {
  return std::unexpected(
      CallError(gateway::payload_error(error, call.context.body->failure(), auth::ServiceErrorStyle::s3)));
}

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

PayloadWriter::PayloadWriter(const Call& call, uint64_t limit_bytes, ChecksumAlgorithm algorithm)
    : algorithm_(algorithm), writer_(call.objects.begin_write(limit_bytes)) {
  if (needs_digest_of_its_own(algorithm)) checksum_.emplace(digest_kind(algorithm));
}

Result<> PayloadWriter::filled(std::string_view bytes) {
  if (checksum_) checksum_->update(bytes);
  TRY(writer_.filled(bytes.size()));
  return {};
}

Result<> PayloadWriter::take(const Call& call, uint64_t limit_bytes) {
  std::span<char> room = TRY(writer_.room());
  room = room.first(std::min({room.size(), kPieceBytes, limit_bytes}));
  auto read = call.context.body->read_full(room, md5_);
  if (!read.has_value()) return unreadable_body(call, read.error());
  if (*read < room.size()) return errors::incomplete_body();
  return filled({room.data(), *read});
}

Result<> PayloadWriter::append(std::string_view bytes) {
  while (!bytes.empty()) {
    const std::span<char> into = TRY(writer_.room());
    const std::string_view taken(into.data(), bytes.copy(into.data(), into.size()));
    md5_.update(taken);
    TRY(filled(taken));
    bytes.remove_prefix(taken.size());
  }
  return {};
}

Result<StoredPayload> PayloadWriter::finish(const ExpectedDigests& expected) {
  std::string md5 = md5_.finish();
  if (expected.md5 && *expected.md5 != md5) {
    return errors::content_md5_mismatch(base64_encode(*expected.md5), base64_encode(md5));
  }
  StoredChecksum checksum{.algorithm = algorithm_};
  if (checksum_) checksum.value = checksum_->finish();
  if (algorithm_ == ChecksumAlgorithm::md5) checksum.value = md5;
  auto is_as_expected = [&] { return !expected.checksum || *expected.checksum == checksum.value; };
  // Before the bytes are synced, where it is known by then.
  bool is_known = algorithm_ != ChecksumAlgorithm::crc64nvme;
  if (is_known && !is_as_expected()) return errors::checksum_mismatch(algorithm_name(algorithm_));
  objects::StagedExtent staged = TRY(writer_.finish());
  if (!is_known) checksum.value = crc64_bytes(staged.extent().crc64nvme);
  if (!is_as_expected()) return errors::checksum_mismatch(algorithm_name(algorithm_));
  return StoredPayload{std::move(staged), hex_encode(md5), std::move(checksum)};
}

Result<StoredPayload> store_payload(Call& call, const PayloadClaims& claims, ChecksumAlgorithm default_algorithm) {
  PayloadWriter writer(call, claims.size_bytes, claims.checksum ? claims.checksum->algorithm : default_algorithm);
  TRY(copy_body(call, claims.size_bytes, writer));
  ExpectedDigests expected{.md5 = claims.content_md5};
  if (claims.checksum) expected.checksum = TRY(claimed_value(call, *claims.checksum));
  return TRY(writer.finish(expected));
}

}  // namespace aerolith::s3
