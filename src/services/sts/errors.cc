#include "services/sts/errors.h"

#include <utility>

#include "base/log.h"

namespace aerolith::sts::errors {
namespace {

std::unexpected<protocol::ApiError> refuse(std::string code, int status, std::string message) {
  return std::unexpected(
      protocol::ApiError{.code = std::move(code), .http_status = status, .message = std::move(message)});
}

}  // namespace

std::unexpected<protocol::ApiError> access_denied(std::string message) {
  return refuse("AccessDenied", 403, std::move(message));
}
std::unexpected<protocol::ApiError> validation_error(std::string message) {
  return refuse("ValidationError", 400, std::move(message));
}
std::unexpected<protocol::ApiError> invalid_parameter_value(std::string message) {
  return refuse("InvalidParameterValue", 400, std::move(message));
}
std::unexpected<protocol::ApiError> malformed_policy(const policy::PolicyError& error) {
  auto told = refuse("MalformedPolicyDocument", 400, error.message);
  if (!error.place.empty()) told.error().fields.emplace_back("Detail", error.place);
  return told;
}
std::unexpected<protocol::ApiError> packed_policy_too_large(std::string message) {
  return refuse("PackedPolicyTooLarge", 400, std::move(message));
}
std::unexpected<protocol::ApiError> invalid_authorization_message(std::string message) {
  return refuse("InvalidAuthorizationMessageException", 400, std::move(message));
}
std::unexpected<protocol::ApiError> invalid_identity_token(std::string message) {
  return refuse("InvalidIdentityToken", 400, std::move(message));
}
std::unexpected<protocol::ApiError> session_duration_escalation() {
  return refuse("SessionDurationEscalationException", 403,
                "Requested token expiry time must be before the original session's expiry time.");
}
std::unexpected<protocol::ApiError> outbound_federation_disabled() {
  return refuse("OutboundWebIdentityFederationDisabledException", 403, "OutboundWebIdentityFederation is disabled.");
}
std::unexpected<protocol::ApiError> jwt_payload_too_large() {
  return refuse("JWTPayloadSizeExceededException", 400, "JWT payload exceeds maximum allowed size");
}
std::unexpected<protocol::ApiError> not_on_global_endpoint() {
  return refuse("InvalidAction", 400, "Operation not supported on STS global endpoint");
}
std::unexpected<protocol::ApiError> internal_failure(std::string_view detail) {
  log_error("sts: a request failed", {{"detail", std::string(detail)}});
  return refuse("InternalFailure", 500,
                "The request processing has failed because of an unknown error, exception or failure.");
}
std::unexpected<protocol::ApiError> not_implemented(std::string message) {
  return refuse("NotImplemented", 501, std::move(message));
}
std::unexpected<protocol::ApiError> token_refused(const federation::TokenError& error) {
  switch (error.code) {
    case federation::TokenErrorCode::invalid:
      return invalid_identity_token(error.detail);
    case federation::TokenErrorCode::expired:
      return refuse("ExpiredTokenException", 400, error.detail);
    case federation::TokenErrorCode::unreachable:
      return refuse("IDPCommunicationError", 400, error.detail);
  }
  std::unreachable();
}

}  // namespace aerolith::sts::errors
