#include "services/sts/errors.h"

#include <utility>

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
std::unexpected<protocol::ApiError> malformed_policy(std::string message) {
  return refuse("MalformedPolicyDocument", 400, std::move(message));
}
std::unexpected<protocol::ApiError> packed_policy_too_large(std::string message) {
  return refuse("PackedPolicyTooLarge", 400, std::move(message));
}

}  // namespace aerolith::sts::errors
