#include "services/rbin/errors.h"

#include <fmt/format.h>

#include "base/log.h"
#include "rbin/errors.h"

namespace aerolith::rbin {
namespace {

protocol::ApiError map(const metadata::Error& error) {
  if (error.code == metadata::ErrorCode::conflict) {
    return {
        .code = "ThrottlingException", .http_status = 429, .message = "Other calls change the same rules. Try again."};
  }
  log_error("rbin: the metadata store failed", {{"detail", error.detail}});
  return internal_server_exception("An internal error has occurred");
}

}  // namespace

CallError::CallError(const metadata::Error& error) : ApiError(map(error)) {}

namespace errors {

std::unexpected<CallError> invalid_parameter(std::string message) {
  return std::unexpected(CallError(validation_exception(std::move(message), {.reason = "INVALID_PARAMETER_VALUE"})));
}

std::unexpected<CallError> invalid_page_token() {
  return std::unexpected(
      CallError(validation_exception("The page token is not valid.", {.reason = "INVALID_PAGE_TOKEN"})));
}

std::unexpected<CallError> rule_not_found(std::string_view id_or_arn) {
  return std::unexpected(CallError(resource_not_found_exception(
      fmt::format("The retention rule {} does not exist.", id_or_arn), {.reason = "RULE_NOT_FOUND"})));
}

std::unexpected<CallError> invalid_rule_state(std::string message) {
  return std::unexpected(CallError(conflict_exception(std::move(message), {.reason = "INVALID_RULE_STATE"})));
}

std::unexpected<CallError> quota_exceeded(std::string message) {
  return std::unexpected(
      CallError(service_quota_exceeded_exception(std::move(message), {.reason = "SERVICE_QUOTA_EXCEEDED"})));
}

}  // namespace errors

}  // namespace aerolith::rbin
