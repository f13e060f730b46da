// The body of PutObject and UploadPart: stored while it is read, digested, held against what the request claims.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

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

// What the headers say of the body, before a byte of it is read.
struct PayloadClaims {
  uint64_t size_bytes = 0;
  std::optional<std::string> content_md5;  // raw bytes
  std::optional<ChecksumClaim> checksum;
};
// MissingContentLength, EntityTooLarge, InvalidDigest, InvalidRequest.
Result<PayloadClaims> read_payload_claims(const Call& call);

// Reads the body to its clean end. The checksum is the claimed one, else one of `default_algorithm`. What is not as
// claimed is an error (BadDigest, IncompleteBody, and those of the payload's signature), and no byte stays behind.
Result<StoredPayload> store_payload(Call& call, const PayloadClaims& claims, ChecksumAlgorithm default_algorithm);

}  // namespace aerolith::s3
