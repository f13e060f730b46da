#include "auth/error_code_s3.h"

#include <fmt/format.h>

#include <utility>

#include "base/encoding.h"

namespace aerolith::auth {
namespace {

using enum AuthErrorCode;

struct S3Row {
  std::string_view code;
  int status;
};

// Where a malformed claim is reported depends on where it stood.
S3Row malformed_row(AuthMethod how) {
  switch (how) {
    case AuthMethod::query:
      return {"AuthorizationQueryParametersError", 400};
    case AuthMethod::post_policy:
      return {"InvalidArgument", 400};
    case AuthMethod::header:
    case AuthMethod::anonymous:
      return {"AuthorizationHeaderMalformed", 400};
  }
  std::unreachable();
}

S3Row row_of(const AuthError& error) {
  switch (error.code) {
    case malformed_authorization:
    case missing_component:
    case malformed_credential:
    case wrong_terminator:
    case malformed_scope_date:
    case wrong_scope_date:
    case wrong_region:
    case wrong_service:
    case missing_region_set:
    case expires_not_a_number:
    case expires_negative:
    case expires_too_large:
      return malformed_row(error.how);
    case malformed_date:
      return error.how == AuthMethod::header ? S3Row{"AccessDenied", 403} : malformed_row(error.how);
    case missing_authentication:
    case missing_date:
    case presign_expired:
    case presign_not_yet_valid:
    case incomplete_legacy_link:
    case malformed_legacy_expires:
    case host_not_signed:
    case headers_not_signed:
      return {"AccessDenied", 403};
    case multiple_mechanisms:
    case unsupported_scheme:
    case invalid_content_sha256:
    case invalid_decoded_length:
    case missing_form_field:
      return {"InvalidArgument", 400};
    case unsupported_algorithm:
      return error.how == AuthMethod::header ? S3Row{"InvalidArgument", 400} : malformed_row(error.how);
    case legacy_signature:
    case missing_content_sha256:
      return {"InvalidRequest", 400};
    case request_skewed:
      return {"RequestTimeTooSkewed", 403};
    case unknown_access_key:
    case disabled_access_key:
    case missing_session_token:
      return {"InvalidAccessKeyId", 403};
    case invalid_session_token:
      return {"InvalidToken", 400};
    case expired_session_token:
      return {"ExpiredToken", 400};
    case missing_decoded_length:
      return {"MissingContentLength", 411};
    case signature_mismatch:
      return {"SignatureDoesNotMatch", 403};
    case credentials_unavailable:
      return {"InternalError", 500};
  }
  std::unreachable();
}

constexpr std::string_view kContentSha256Values =
    "x-amz-content-sha256 must be UNSIGNED-PAYLOAD, STREAMING-UNSIGNED-PAYLOAD-TRAILER, "
    "STREAMING-AWS4-HMAC-SHA256-PAYLOAD, STREAMING-AWS4-HMAC-SHA256-PAYLOAD-TRAILER, "
    "STREAMING-AWS4-ECDSA-P256-SHA256-PAYLOAD, STREAMING-AWS4-ECDSA-P256-SHA256-PAYLOAD-TRAILER or a valid sha256 "
    "value.";

// Begins the sentences about a malformed claim.
std::string_view claim_prefix(AuthMethod how) {
  if (how == AuthMethod::query) return "Error parsing the X-Amz-Credential parameter; ";
  return how == AuthMethod::header ? "The authorization header is malformed; " : "";
}

std::string s3_claim_message(const AuthError& error) {
  const std::string_view prefix = claim_prefix(error.how);
  switch (error.code) {
    case malformed_authorization:
      if (error.how == AuthMethod::query) return "X-Amz-SignedHeaders is malformed.";
      return fmt::format("{}the authorization component \"{}\" is malformed.", prefix, error.got);
    case missing_component:
      if (error.how == AuthMethod::query) {
        return "Query-string authentication version 4 requires the X-Amz-Algorithm, X-Amz-Credential, "
               "X-Amz-Signature, X-Amz-Date, X-Amz-SignedHeaders, and X-Amz-Expires parameters.";
      }
      return fmt::format("{}missing {}.", prefix, error.got);
    case malformed_credential:
      return fmt::format(
          "{}the Credential is mal-formed; expecting \"<YOUR-AKID>/YYYYMMDD/REGION/SERVICE/aws4_request\".", prefix);
    case wrong_terminator:
      return fmt::format("{}incorrect terminal \"{}\". This endpoint uses \"aws4_request\".", prefix, error.got);
    case malformed_scope_date:
      return fmt::format(
          "{}incorrect date format \"{}\". This date in the credential must be in the format \"yyyyMMdd\".", prefix,
          error.got);
    case wrong_scope_date:
      return fmt::format("Invalid credential date \"{}\". This date is not the same as X-Amz-Date: \"{}\".", error.got,
                         error.expected);
    case wrong_region:
      return fmt::format("{}the region '{}' is wrong; expecting '{}'", prefix, error.got, error.expected);
    case wrong_service:
      return fmt::format("{}incorrect service \"{}\". This endpoint belongs to \"{}\".", prefix, error.got,
                         error.expected.empty() ? "s3" : error.expected);
    default:
      return "X-Amz-Region-Set is required with AWS4-ECDSA-P256-SHA256.";
  }
}

std::string key_message(AuthErrorCode code) {
  if (code == invalid_session_token) return "The provided token is malformed or otherwise invalid.";
  if (code == expired_session_token) return "The provided token has expired.";
  return "The AWS Access Key Id you provided does not exist in our records.";
}

std::string message_of(const AuthError& error) {
  switch (error.code) {
    case malformed_authorization:
    case missing_component:
    case malformed_credential:
    case wrong_terminator:
    case malformed_scope_date:
    case wrong_scope_date:
    case wrong_region:
    case wrong_service:
    case missing_region_set:
      return s3_claim_message(error);
    case unknown_access_key:
    case disabled_access_key:
    case missing_session_token:
    case invalid_session_token:
    case expired_session_token:
      return key_message(error.code);
    case expires_not_a_number:
      return "X-Amz-Expires should be a number";
    case expires_negative:
      return "X-Amz-Expires must be non-negative";
    case expires_too_large:
      return "X-Amz-Expires must be less than a week (in seconds); that is, the given X-Amz-Expires must be less than "
             "604800 seconds";
    case malformed_date:
    case missing_date:
      if (error.how == AuthMethod::header) {
        return "AWS authentication requires a valid Date or x-amz-date header";
      }
      return "X-Amz-Date must be in the ISO8601 Long Format \"yyyyMMdd'T'HHmmss'Z'\"";
    case missing_authentication:
      return "Access Denied";
    case presign_expired:
      return "Request has expired";
    case presign_not_yet_valid:
      return "Request is not yet valid";
    case incomplete_legacy_link:
      return "Query-string authentication requires the Signature, Expires and AWSAccessKeyId parameters";
    case malformed_legacy_expires:
      return fmt::format("Invalid date (should be seconds since epoch): {}", error.got);
    case host_not_signed:
    case headers_not_signed:
      return "There were headers present in the request which were not signed";
    case multiple_mechanisms:
      return "Only one auth mechanism allowed; only the X-Amz-Algorithm query parameter, Signature query string "
             "parameter or the Authorization header should be specified";
    case unsupported_scheme:
      return "Unsupported Authorization Type";
    case unsupported_algorithm:
      if (error.how == AuthMethod::post_policy) return "Only AWS4-HMAC-SHA256 is supported";
      return "X-Amz-Algorithm only supports \"AWS4-HMAC-SHA256 and AWS4-ECDSA-P256-SHA256\"";
    case legacy_signature:
      return "The authorization mechanism you have provided is not supported. Please use AWS4-HMAC-SHA256.";
    case invalid_content_sha256:
      return std::string(kContentSha256Values);
    case missing_content_sha256:
      return "Missing required header for this request: x-amz-content-sha256";
    case missing_decoded_length:
      return "You must provide the Content-Length HTTP header.";
    case invalid_decoded_length:
      return "The value of x-amz-decoded-content-length is not a valid length.";
    case missing_form_field:
      return fmt::format(
          "Bucket POST must contain a field named '{}'.  If it is specified, please check the order of the fields.",
          error.got);
    case request_skewed:
      return "The difference between the request time and the current time is too large.";
    case signature_mismatch:
      return "The request signature we calculated does not match the signature you provided. Check your key and "
             "signing method.";
    case credentials_unavailable:
      return "We encountered an internal error. Please try again.";
  }
  std::unreachable();
}

std::string spaced_hex(std::string_view bytes) {
  const std::string digits = hex_encode(bytes);
  std::string out;
  out.reserve(bytes.size() * 3);
  for (size_t i = 0; i < digits.size(); i += 2) {
    if (i > 0) out += ' ';
    out.append(digits, i, 2);
  }
  return out;
}

// Shown once as it is and once in hex: a request of the longest head would make an answer of megabytes.
constexpr size_t kShownRequestLimitBytes = 64 * 1024;

std::string to_the_second(Timestamp time) { return format_iso8601(std::chrono::floor<std::chrono::seconds>(time)); }

using Details = std::vector<std::pair<std::string_view, std::string>>;

void add_evidence(Details& details, const SignatureEvidence& evidence) {
  details.emplace_back("AWSAccessKeyId", evidence.access_key_id);
  details.emplace_back("StringToSign", evidence.string_to_sign);
  details.emplace_back("SignatureProvided", evidence.signature_provided);
  details.emplace_back("StringToSignBytes", spaced_hex(evidence.string_to_sign));
  if (evidence.canonical_request.empty() || evidence.canonical_request.size() > kShownRequestLimitBytes) return;
  details.emplace_back("CanonicalRequest", evidence.canonical_request);
  details.emplace_back("CanonicalRequestBytes", spaced_hex(evidence.canonical_request));
}

// A link from the future is told its date in milliseconds since 1970 (minio/minio issue 2638 shows S3's answer); one of
// Version 2 has no date.
void add_lifetime(Details& details, const AuthError& error) {
  if (error.request_time && error.code == presign_not_yet_valid) {
    details.emplace_back("X-Amz-Date", std::to_string(error.request_time->time_since_epoch().count()));
  } else if (error.request_time && error.expires_at) {
    const auto lifetime = std::chrono::floor<std::chrono::seconds>(*error.expires_at - *error.request_time);
    details.emplace_back("X-Amz-Expires", std::to_string(lifetime.count()));
  }
  if (error.expires_at) details.emplace_back("Expires", to_the_second(*error.expires_at));
  if (error.server_time) details.emplace_back("ServerTime", to_the_second(*error.server_time));
}

Details details_of(const AuthError& error) {
  Details details;
  if (error.evidence) add_evidence(details, *error.evidence);
  if (error.code == unknown_access_key || error.code == disabled_access_key || error.code == missing_session_token) {
    details.emplace_back("AWSAccessKeyId", error.access_key_id);
  }
  if (error.code == wrong_region) details.emplace_back("Region", error.expected);
  if (error.code == headers_not_signed || error.code == host_not_signed) {
    details.emplace_back("HeadersNotSigned", error.got);
  }
  if (error.code == request_skewed) {
    if (error.request_time) details.emplace_back("RequestTime", format_iso8601_basic(*error.request_time));
    if (error.server_time) details.emplace_back("ServerTime", to_the_second(*error.server_time));
    details.emplace_back("MaxAllowedSkewMilliseconds", "900000");
  }
  if (error.code == presign_expired || error.code == presign_not_yet_valid) add_lifetime(details, error);
  if (error.code == invalid_content_sha256) {
    details.emplace_back("ArgumentName", "x-amz-content-sha256");
    details.emplace_back("ArgumentValue", error.got);
  }
  return details;
}

}  // namespace

AuthErrorAnswer s3_answer(const AuthError& error) {
  const S3Row row = row_of(error);
  return {row.code, row.status, message_of(error), details_of(error)};
}

}  // namespace aerolith::auth
