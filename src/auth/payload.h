// What x-amz-content-sha256 promises about a body, and readers that hold the body to it.
// https://docs.aws.amazon.com/AmazonS3/latest/API/sigv4-auth-using-authorization-header.html
//
// Contract of every reader made here: bytes are handed on as they arrive, in bounded memory, and the verdict falls at
// the end. read() returns 0 only when every byte, every chunk signature, the trailer and the decoded length were
// verified; else it returns an error instead of 0. So: read until 0, and commit nothing before that.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "auth/sigv4a.h"
#include "base/digest.h"
#include "base/result.h"
#include "http/body.h"
#include "http/message.h"

namespace aerolith::auth {

enum class PayloadKind : uint8_t {
  unsigned_body,            // UNSIGNED-PAYLOAD, and anonymous requests without a hash
  hashed,                   // 64 hex digits: SHA-256 of the whole body
  signed_chunks,            // STREAMING-AWS4-HMAC-SHA256-PAYLOAD, STREAMING-AWS4-ECDSA-P256-SHA256-PAYLOAD
  signed_chunks_trailer,    // the same with -TRAILER
  unsigned_chunks_trailer,  // STREAMING-UNSIGNED-PAYLOAD-TRAILER
};

// What chunk signatures are made with; the chain starts at the request's own signature.
struct ChunkSigning {
  std::shared_ptr<const std::string> hmac_key;  // one of the two
  std::shared_ptr<const EcdsaKey> ecdsa_key;
  std::string time_text;  // yyyyMMddTHHmmssZ
  std::string scope;
  std::string seed_signature;
};

struct PayloadPlan {
  PayloadKind kind = PayloadKind::unsigned_body;
  std::string sha256_hex;               // hashed: lower case
  uint64_t decoded_length_bytes = 0;    // chunked kinds: x-amz-decoded-content-length
  std::vector<std::string> trailers;    // trailer kinds: names from x-amz-trailer, lower case
  std::optional<ChunkSigning> signing;  // signed chunk kinds

  bool is_chunked() const { return kind >= PayloadKind::signed_chunks; }
};

enum class PayloadErrorCode : uint8_t {
  hash_mismatch,
  chunk_signature_mismatch,
  trailer_signature_mismatch,
  malformed_chunk_header,  // no hex size, no signature where one belongs, a bare LF or CR
  chunk_header_too_long,
  chunk_too_large,
  missing_chunk_end,  // no CRLF after the data of a chunk
  truncated,          // the body ends inside a chunk, a trailer, or before the last chunk
  extra_bytes,        // bytes after the end
  length_mismatch,    // decoded bytes differ from x-amz-decoded-content-length
  malformed_trailer,
  trailer_too_large,
  trailer_not_declared,  // a name that x-amz-trailer doesn't list
  trailer_missing,       // a name that it lists, and that didn't come
};
inline constexpr PayloadErrorCode kLastPayloadErrorCode = PayloadErrorCode::trailer_missing;
using PayloadError = Failure<PayloadErrorCode>;

struct PayloadLimits {
  size_t chunk_header_bytes = 512;
  uint64_t chunk_bytes = 5ULL << 30;  // S3's largest part; a chunk is streamed, never held
  size_t trailer_bytes = 16 * 1024;   // all lines together
};

class VerifyingReader : public http::BodyReader {
 public:
  // Fills `buffer` to its end, or to the body's, and puts what it read into `digest` too: cheaper than digesting it
  // apart where the reader hashes large pieces itself.
  virtual Result<size_t, http::BodyError> read_full(std::span<char> buffer, Digest& digest);
  // Name in lower case, value trimmed. Complete after read() has returned 0; empty before.
  virtual const std::vector<std::pair<std::string, std::string>>& trailers() const = 0;
  // Why the body was refused: set when read() failed for a reason of this room (BodyErrorCode::rejected or malformed),
  // nullopt when the connection was the reason.
  virtual const std::optional<PayloadError>& failure() const = 0;
};

// `inner` must outlive the reader. size_bytes() of a chunked kind is the decoded length.
std::unique_ptr<VerifyingReader> make_payload_reader(const PayloadPlan& plan, http::BodyReader& inner,
                                                     const PayloadLimits& limits = {});

// The text that a chunk's or a trailer's signature is over.
std::string chunk_string_to_sign(const ChunkSigning& signing, std::string_view previous_signature,
                                 std::string_view data_sha256_hex);
std::string trailer_string_to_sign(const ChunkSigning& signing, std::string_view previous_signature,
                                   std::string_view canonical_trailers);
// True when `signature` (hex, perhaps padded) is right for `text`.
bool verify_chunk_text(const ChunkSigning& signing, std::string_view text, std::string_view signature);

}  // namespace aerolith::auth
