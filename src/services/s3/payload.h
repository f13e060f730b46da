// The body of PutObject and UploadPart: stored while it is read, digested, held against what the request claims.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "base/digest.h"
#include "objects/object_store.h"
#include "services/s3/call.h"
#include "services/s3/checksums.h"
#include "services/s3/errors.h"

namespace aerolith::s3 {

inline constexpr uint64_t kMaxPutBytes = uint64_t{5} << 30;

struct StoredPayload {
  objects::StagedExtent staged;
  std::string etag;  // MD5 in hex
  StoredChecksum checksum;
};

// What the bytes must turn out to have; raw values.
struct ExpectedDigests {
  std::optional<std::string> md5;
  std::optional<std::string> checksum;
};

// Stores bytes and digests them on the way. One thread; dropped without finish(), it leaves nothing.
class PayloadWriter {
 public:
  // For at most `limit_bytes`.
  PayloadWriter(const Call& call, uint64_t limit_bytes, ChecksumAlgorithm algorithm);
  Result<> append(std::string_view bytes);
  // Takes the next piece of a body, of at most so many bytes. IncompleteBody when the body ends before that.
  Result<> take(const Call& call, uint64_t limit_bytes);
  uint64_t size_bytes() const { return writer_.size_bytes(); }
  // Once, at the end: large bytes are durable on return of a value. BadDigest.
  Result<StoredPayload> finish(const ExpectedDigests& expected = {});

 private:
  // What lies in the writer's room and is in the MD5 already.
  Result<> filled(std::string_view bytes);

  ChecksumAlgorithm algorithm_;
  objects::ExtentWriter writer_;
  Digest md5_{DigestKind::md5};
  std::optional<Digest> checksum_;
};

// What the headers say of the body, before a byte of it is read.
struct PayloadClaims {
  uint64_t size_bytes = 0;
  std::optional<std::string> content_md5;  // raw bytes
  std::optional<ChecksumClaim> checksum;
};
// MissingContentLength, EntityTooLarge, InvalidDigest, InvalidRequest.
Result<PayloadClaims> read_payload_claims(const Call& call);

// The answer to a body that can't be read to its end.
std::unexpected<CallError> unreadable_body(const Call& call, const http::BodyError& error);

// Reads the body to its clean end. The checksum is the claimed one, else one of `default_algorithm`. What is not as
// claimed is an error (BadDigest, IncompleteBody, and those of the payload's signature), and no byte stays behind.
Result<StoredPayload> store_payload(Call& call, const PayloadClaims& claims, ChecksumAlgorithm default_algorithm);

}  // namespace aerolith::s3
