#include "auth/error_code.h"

#include <fmt/format.h>

#include <utility>

#include "auth/error_code_s3.h"

namespace aerolith::auth {
namespace {

using enum AuthErrorCode;

// Services other than S3 tell fewer things apart.
enum class Kind : uint8_t {
  missing_token,
  incomplete,
  mismatch,
  expired_request,
  unknown_client,
  expired_token,
  our_fault,
};

Kind kind_of(AuthErrorCode code) {
  switch (code) {
    case missing_authentication:
    case unsupported_scheme:
    case legacy_signature:
    case incomplete_legacy_link:
      return Kind::missing_token;
    case multiple_mechanisms:
    case unsupported_algorithm:
    case malformed_authorization:
    case missing_component:
    case malformed_credential:
    case missing_region_set:
    case missing_date:
    case malformed_date:
    case expires_not_a_number:
    case expires_negative:
    case expires_too_large:
    case missing_content_sha256:
    case invalid_content_sha256:
    case missing_decoded_length:
    case invalid_decoded_length:
    case missing_form_field:
    case malformed_legacy_expires:
      return Kind::incomplete;
    case wrong_terminator:
    case malformed_scope_date:
    case wrong_scope_date:
    case wrong_region:
    case wrong_service:
    case request_skewed:
    case presign_not_yet_valid:
    case host_not_signed:
    case headers_not_signed:
    case signature_mismatch:
      return Kind::mismatch;
    case presign_expired:
      return Kind::expired_request;
    case unknown_access_key:
    case disabled_access_key:
    case missing_session_token:
    case invalid_session_token:
      return Kind::unknown_client;
    case expired_session_token:
      return Kind::expired_token;
    case credentials_unavailable:
      return Kind::our_fault;
  }
  std::unreachable();
}

struct Row {
  std::string_view code;
  int status;
};

Row query_row(Kind kind) {
  switch (kind) {
    case Kind::missing_token:
      return {"MissingAuthenticationToken", 403};
    case Kind::incomplete:
      return {"IncompleteSignature", 400};
    case Kind::mismatch:
    case Kind::expired_request:
      return {"SignatureDoesNotMatch", 403};
    case Kind::unknown_client:
      return {"InvalidClientTokenId", 403};
    case Kind::expired_token:
      return {"ExpiredToken", 403};
    case Kind::our_fault:
      return {"InternalFailure", 500};
  }
  std::unreachable();
}

Row ec2_row(Kind kind) {
  switch (kind) {
    case Kind::missing_token:
      return {"MissingAuthenticationToken", 403};
    case Kind::incomplete:
      return {"IncompleteSignature", 400};
    case Kind::mismatch:
    case Kind::unknown_client:
      return {"AuthFailure", 401};
    case Kind::expired_request:
    case Kind::expired_token:
      return {"RequestExpired", 400};
    case Kind::our_fault:
      return {"InternalError", 500};
  }
  std::unreachable();
}

Row json_row(Kind kind, int refused) {
  switch (kind) {
    case Kind::missing_token:
      return {"MissingAuthenticationTokenException", refused};
    case Kind::incomplete:
      return {"IncompleteSignatureException", refused};
    case Kind::mismatch:
    case Kind::expired_request:
      return {"InvalidSignatureException", refused};
    case Kind::unknown_client:
      return {"UnrecognizedClientException", refused};
    case Kind::expired_token:
      return {"ExpiredTokenException", refused};
    case Kind::our_fault:
      return {"InternalFailure", 500};
  }
  std::unreachable();
}

// "Signature expired: X is now earlier than Y (Z - 15 min.)": the sentence that tells a user about the clock.
std::string skew_message(const AuthError& error) {
  if (!error.request_time || !error.server_time) return "Signature expired";
  constexpr std::chrono::minutes kSkew{15};
  const auto text = [](Timestamp t) { return format_iso8601_basic(t); };
  if (error.code == presign_expired && error.expires_at) {
    return fmt::format("Signature expired: {} is now earlier than {}", text(*error.expires_at),
                       text(*error.server_time));
  }
  if (*error.request_time > *error.server_time) {
    return fmt::format("Signature not yet current: {} is still later than {} ({} + 15 min.)", text(*error.request_time),
                       text(*error.server_time + kSkew), text(*error.server_time));
  }
  return fmt::format("Signature expired: {} is now earlier than {} ({} - 15 min.)", text(*error.request_time),
                     text(*error.server_time - kSkew), text(*error.server_time));
}

std::string claim_message(const AuthError& error) {
  switch (error.code) {
    case unsupported_algorithm:
      return fmt::format("Unsupported AWS 'algorithm': '{}'.", error.got);
    case malformed_credential:
      return fmt::format(
          "Credential must have exactly 5 slash-delimited elements, e.g. keyid/date/region/service/term, got '{}'",
          error.got);
    case missing_component:
      return error.how == AuthMethod::query ? fmt::format("AWS query-string parameters must include '{}'.", error.got)
                                            : fmt::format("Authorization header requires '{}' parameter.", error.got);
    case malformed_authorization:
      return fmt::format("'{}' not a valid key=value pair (missing equal-sign) in Authorization header.", error.got);
    case missing_date:
      return "Authorization header requires existence of either a 'X-Amz-Date' or a 'Date' header.";
    case malformed_date:
      return fmt::format("Date must be in ISO-8601 'basic format'. Got '{}'.", error.got);
    case wrong_terminator:
      return fmt::format("Credential should be scoped with a valid terminator: 'aws4_request', not '{}'.", error.got);
    case malformed_scope_date:
    case wrong_scope_date:
      return fmt::format(
          "Date in Credential scope does not match YYYYMMDD from ISO-8601 version of date from HTTP: '{}' != '{}'.",
          error.got, error.expected);
    case wrong_region:
      return fmt::format("Credential should be scoped to a valid region, not '{}'. ", error.got);
    case wrong_service:
      return error.expected.empty()
                 ? fmt::format("Credential should be scoped to correct service, not '{}'. ", error.got)
                 : fmt::format("Credential should be scoped to correct service: '{}'. ", error.expected);
    default:
      return {};
  }
}

std::string message_of(const AuthError& error, ServiceErrorStyle style) {
  if (std::string message = claim_message(error); !message.empty()) return message;
  switch (error.code) {
    case request_skewed:
    case presign_not_yet_valid:
    case presign_expired:
      if (style == ServiceErrorStyle::ec2 && error.code == presign_expired) return "Request has expired.";
      return skew_message(error);
    case host_not_signed:
      return "'Host' or ':authority' must be a 'SignedHeader' in the AWS Authorization.";
    case headers_not_signed:
      return fmt::format("Headers must be signed in the AWS Authorization: {}.", error.got);
    case expired_session_token:
      return style == ServiceErrorStyle::ec2 ? "Request has expired."
                                             : "The security token included in the request is expired";
    case multiple_mechanisms:
    case missing_region_set:
    case expires_not_a_number:
    case expires_negative:
    case expires_too_large:
    case missing_content_sha256:
    case invalid_content_sha256:
    case missing_decoded_length:
    case invalid_decoded_length:
    case missing_form_field:
      return s3_answer(error).message;
    default:
      break;
  }
  switch (kind_of(error.code)) {
    case Kind::missing_token:
      return style == ServiceErrorStyle::json || style == ServiceErrorStyle::rest_json
                 ? "Missing Authentication Token"
                 : "Request is missing Authentication Token";
    case Kind::unknown_client:
      return style == ServiceErrorStyle::ec2 ? "AWS was not able to validate the provided access credentials"
                                             : "The security token included in the request is invalid.";
    case Kind::our_fault:
      return "The request processing has failed because of an unknown error, exception or failure.";
    case Kind::incomplete:
    case Kind::mismatch:
    case Kind::expired_request:
    case Kind::expired_token:
      break;
  }
  return style == ServiceErrorStyle::ec2
             ? "AWS was not able to validate the provided access credentials"
             : "The request signature we calculated does not match the signature you provided. Check your AWS Secret "
               "Access Key and signing method. Consult the service documentation for details.";
}

Row row_of(AuthErrorCode code, ServiceErrorStyle style) {
  switch (style) {
    case ServiceErrorStyle::json:
      return json_row(kind_of(code), 400);
    case ServiceErrorStyle::rest_json:
      return json_row(kind_of(code), 403);
    case ServiceErrorStyle::query:
      return query_row(kind_of(code));
    case ServiceErrorStyle::ec2:
      return ec2_row(kind_of(code));
    case ServiceErrorStyle::s3:
      break;
  }
  std::unreachable();
}

struct PayloadRow {
  std::string_view code;
  int status;
  std::string_view message;
};

PayloadRow s3_payload_row(PayloadErrorCode code) {
  switch (code) {
    case PayloadErrorCode::hash_mismatch:
      return {"XAmzContentSHA256Mismatch", 400,
              "The provided 'x-amz-content-sha256' header does not match what was computed."};
    case PayloadErrorCode::chunk_signature_mismatch:
    case PayloadErrorCode::trailer_signature_mismatch:
      return {"SignatureDoesNotMatch", 403,
              "The request signature we calculated does not match the signature you provided. Check your key and "
              "signing method."};
    case PayloadErrorCode::malformed_chunk_header:
    case PayloadErrorCode::chunk_header_too_long:
    case PayloadErrorCode::missing_chunk_end:
    case PayloadErrorCode::extra_bytes:
      return {"InvalidRequest", 400, "The chunked request body is malformed"};
    case PayloadErrorCode::chunk_too_large:
      return {"EntityTooLarge", 400, "Your proposed upload exceeds the maximum allowed size"};
    case PayloadErrorCode::truncated:
    case PayloadErrorCode::length_mismatch:
      return {"IncompleteBody", 400,
              "You did not provide the number of bytes specified by the Content-Length HTTP header"};
    case PayloadErrorCode::malformed_trailer:
    case PayloadErrorCode::trailer_too_large:
    case PayloadErrorCode::trailer_not_declared:
    case PayloadErrorCode::trailer_missing:
      return {"MalformedTrailerError", 400,
              "The request contained trailing data that was not well-formed or did not conform to our published "
              "schema."};
  }
  std::unreachable();
}

}  // namespace

AuthErrorAnswer answer_for(const AuthError& error, ServiceErrorStyle style) {
  if (style == ServiceErrorStyle::s3) return s3_answer(error);
  const Row row = row_of(error.code, style);
  return {row.code, row.status, message_of(error, style), {}};
}

AuthErrorAnswer answer_for(const PayloadError& error, ServiceErrorStyle style) {
  if (style == ServiceErrorStyle::s3) {
    const PayloadRow row = s3_payload_row(error.code);
    std::string message(row.message);
    // S3 says no more than that the request is bad; say what.
    if (row.code == "InvalidRequest") message += ": " + error.detail;
    return {row.code, row.status, std::move(message), {}};
  }
  // Elsewhere the body's hash is part of the signature: a wrong body is a wrong signature.
  AuthError mismatch;
  mismatch.code = signature_mismatch;
  return answer_for(mismatch, style);
}

AuthErrorAnswer answer_for(const PostPolicyError& error) {
  const auto by_policy = [&](const std::string& what) {
    return AuthErrorAnswer{"AccessDenied", 403, "Invalid according to Policy: " + what, {}};
  };
  switch (error.code) {
    case PostPolicyErrorCode::invalid_base64:
      return {"InvalidPolicyDocument", 400, "Invalid Policy: invalid Base64 encoding.", {}};
    case PostPolicyErrorCode::malformed_document:
      return {"InvalidPolicyDocument", 400, "Invalid Policy: " + error.detail, {}};
    case PostPolicyErrorCode::expired:
      return by_policy("Policy expired.");
    case PostPolicyErrorCode::condition_failed:
      return by_policy("Policy Condition failed: " + error.detail);
    case PostPolicyErrorCode::extra_field:
      return by_policy("Extra input fields: " + error.detail);
  }
  std::unreachable();
}

}  // namespace aerolith::auth
