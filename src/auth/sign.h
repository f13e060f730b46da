// The signer's side: `aerolith backup` signs its own request with it; the tests make with it what clients send, down to
// links, chunks and forms.
#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <string_view>

#include "auth/payload.h"
#include "auth/sigv4.h"
#include "base/time.h"
#include "http/message.h"

namespace aerolith::auth {

struct SigningInput {
  std::string access_key_id;
  std::string secret;
  std::optional<std::string> session_token;
  std::string region;  // SigV4A: the region set
  std::string service;
  Timestamp time;
  SignatureAlgorithm algorithm = SignatureAlgorithm::hmac_sha256;
  // Hex SHA-256 of the body, UNSIGNED-PAYLOAD or STREAMING-...; S3 also gets it as x-amz-content-sha256.
  std::string payload_hash{kEmptySha256};
};

struct Signed {
  std::string canonical_request;
  std::string string_to_sign;
  std::string signature;
};

// Adds x-amz-date, x-amz-security-token, x-amz-region-set, x-amz-content-sha256 (S3 or a streaming payload) and
// Authorization. Signs every header that is there, save those that travel changes (user-agent, connection, ...).
Signed sign_request(http::RequestHead& head, const SigningInput& input);

// Rewrites head.target into a presigned one: the same headers, save host, must come with it.
Signed presign_request(http::RequestHead& head, const SigningInput& input, std::chrono::seconds lifetime);

// What chunk signatures of a streaming body are made with; `seed` is the request's signature.
ChunkSigning chunk_signing(const SigningInput& input, std::string_view seed);
// Hex; padded to its fixed width for SigV4A.
std::string sign_chunk_text(const ChunkSigning& signing, std::string_view text);

// x-amz-signature for a POST policy in base64.
std::string sign_post_policy(const SigningInput& input, std::string_view policy_base64);

}  // namespace aerolith::auth
