#include "services/ebs/errors.h"

#include <utility>

#include "ebs/errors.h"

namespace aerolith::ebs {
namespace {

protocol::ApiError with_reason(std::string message, std::string_view reason) {
  return validation_exception(std::move(message), {.reason = std::string(reason)});
}

protocol::ApiError to_api_error(const ec2::DirectError& error) {
  using enum ec2::DirectFault;
  switch (error.code) {
    case not_found:
      return resource_not_found_exception(error.detail, {.reason = "SNAPSHOT_NOT_FOUND"});
    case not_permitted:
      return access_denied_exception(error.detail, {.reason = "UNAUTHORIZED_ACCOUNT"});
    case wrong_state:
      return with_reason(error.detail, "INVALID_SNAPSHOT_ID");
    case bad_volume_size:
      return with_reason(error.detail, "INVALID_VOLUME_SIZE");
    case bad_key:
      return with_reason(error.detail, "INVALID_CUSTOMER_KEY");
    case bad_index:
      return with_reason(error.detail, "INVALID_BLOCK");
    case bad_count:
    case bad_checksum:
    case bad_parent:
      return with_reason(error.detail, "INVALID_PARAMETER_VALUE");
    case token_reused:
      return conflict_exception(error.detail);
    case unavailable:
      return {.code = "NotImplemented", .http_status = 501, .message = error.detail};
    case busy:
      return request_throttled_exception(error.detail, {.reason = "RESOURCE_LEVEL_THROTTLE"});
    case no_space:
    case failed:
      return internal_server_exception(error.detail);
  }
  std::unreachable();
}

}  // namespace

CallError::CallError(const ec2::DirectError& error) : ApiError(to_api_error(error)) {}

namespace errors {

std::unexpected<CallError> invalid(std::string_view reason, std::string message) {
  return std::unexpected(CallError(with_reason(std::move(message), reason)));
}

std::unexpected<CallError> invalid_parameter(std::string message) {
  return invalid("INVALID_PARAMETER_VALUE", std::move(message));
}

}  // namespace errors

}  // namespace aerolith::ebs
