// What can be wrong with a request's signature: one enumerator for each distinct answer of AWS.
// error_code.h turns them into codes, statuses and messages of the wire.
#pragma once

#include <cstdint>
#include <expected>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "base/time.h"

namespace aerolith::auth {

enum class AuthMethod : uint8_t { anonymous, header, query, post_policy };

enum class AuthErrorCode : uint8_t {
  missing_authentication,    // no signature at all where one is needed
  multiple_mechanisms,       // two of header, query and Version 2 link, or two Authorization headers
  unsupported_scheme,        // an Authorization that isn't AWS's
  legacy_signature,          // Signature Version 2: "AWS key:signature"; its links at services other than S3
  incomplete_legacy_link,    // not all of AWSAccessKeyId, Expires and Signature
  malformed_legacy_expires,  // Expires of such a link; `got` is it
  unsupported_algorithm,     // AWS4-..., but neither HMAC-SHA256 nor ECDSA-P256-SHA256
  malformed_authorization,   // a component that can't be read; `got` is it
  missing_component,         // `got` names it: Credential, SignedHeaders, Signature, X-Amz-Expires, ...
  malformed_credential,      // not five parts (four for SigV4A); `got` is it
  wrong_terminator,          // the last part isn't aws4_request
  malformed_scope_date,      // not eight digits
  wrong_scope_date,          // not the day of the request's date; `expected`
  wrong_region,              // `got`, `expected`
  wrong_service,             // `got`, `expected`
  missing_region_set,        // SigV4A without X-Amz-Region-Set
  missing_date,              // neither X-Amz-Date nor Date
  malformed_date,            // X-Amz-Date isn't yyyyMMddTHHmmssZ
  request_skewed,            // over 15 minutes off, either way (header form)
  presign_expired,           // X-Amz-Date + X-Amz-Expires has passed, or the Expires of a Version 2 link
  presign_not_yet_valid,     // X-Amz-Date lies over 15 minutes ahead
  expires_not_a_number,
  expires_negative,
  expires_too_large,  // over 604800 seconds
  unknown_access_key,
  disabled_access_key,
  missing_session_token,  // a temporary key without its token
  invalid_session_token,  // the wrong token, or one with a long-lived key
  expired_session_token,
  host_not_signed,
  headers_not_signed,      // `got` lists them
  missing_content_sha256,  // S3 needs x-amz-content-sha256
  invalid_content_sha256,
  missing_decoded_length,  // aws-chunked without x-amz-decoded-content-length
  invalid_decoded_length,
  signature_mismatch,       // with all that the client needs to find the difference
  missing_form_field,       // POST policy; `got` names it
  credentials_unavailable,  // the source of the keys failed: our fault, not the caller's
};
inline constexpr AuthErrorCode kLastAuthErrorCode = AuthErrorCode::credentials_unavailable;

// What S3 shows with SignatureDoesNotMatch. Holds nothing that the caller didn't send or can't compute.
struct SignatureEvidence {
  std::string access_key_id;
  std::string string_to_sign;
  std::string signature_provided;
  std::string canonical_request;  // empty for POST policies
};

struct AuthError {
  AuthErrorCode code = AuthErrorCode::missing_authentication;
  AuthMethod how = AuthMethod::anonymous;
  std::string got;       // the value refused, where there is one
  std::string expected;  // the value wanted, where it can be told
  std::string access_key_id;
  std::optional<Timestamp> request_time;
  std::optional<Timestamp> server_time;
  std::optional<Timestamp> expires_at;
  std::optional<SignatureEvidence> evidence;  // signature_mismatch only
};

inline std::unexpected<AuthError> refuse(AuthErrorCode code, AuthMethod how, std::string_view got = {}) {
  AuthError error;
  error.code = code;
  error.how = how;
  error.got = std::string(got);
  return std::unexpected(std::move(error));
}

}  // namespace aerolith::auth
