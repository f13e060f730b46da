#include "services/ec2/errors.h"

#include <fmt/format.h>

#include "base/log.h"

namespace aerolith::ec2 {
namespace {

using protocol::ApiError;

constexpr std::string_view kInternal = "An internal error has occurred";

ApiError map(const metadata::Error& error) {
  switch (error.code) {
    case metadata::ErrorCode::conflict:
      return {.code = "RequestLimitExceeded",
              .http_status = 503,
              .message = "Request limit exceeded: other calls change the same things. Try again."};
    case metadata::ErrorCode::no_space:
      return {.code = "InternalError",
              .http_status = 500,
              .message =
                  "The disk that holds the data folder is full. Free some space there (df -h shows it) and "
                  "try again."};
    case metadata::ErrorCode::io:
    case metadata::ErrorCode::corrupt:
    case metadata::ErrorCode::newer_format:
    case metadata::ErrorCode::busy:
    case metadata::ErrorCode::invalid:
      break;
  }
  log_error("ec2: the metadata store failed", {{"detail", error.detail}});
  return {.code = "InternalError", .http_status = 500, .message = std::string(kInternal)};
}

}  // namespace

CallError::CallError(const metadata::Error& error) : ApiError(map(error)) {}

namespace errors {

std::unexpected<CallError> of(std::string_view code, std::string message) {
  return std::unexpected(
      CallError(ApiError{.code = std::string(code), .http_status = 400, .message = std::move(message)}));
}

std::unexpected<CallError> not_found(Kind kind, std::string_view id) {
  return of(info(kind).not_found_code, fmt::format(fmt::runtime(info(kind).not_found_text), id));
}

std::unexpected<CallError> malformed_id(Kind kind, std::string_view id) {
  return of(info(kind).malformed_code, fmt::format("Invalid id: \"{}\" (expecting \"{}...\")", id, info(kind).prefix));
}

std::unexpected<CallError> invalid_parameter(std::string message) {
  return of("InvalidParameterValue", std::move(message));
}

std::unexpected<CallError> invalid_value(std::string_view parameter, std::string_view value, std::string_view why) {
  return invalid_parameter(fmt::format("Value ({}) for parameter {} is invalid. {}", value, parameter, why));
}

std::unexpected<CallError> invalid_combination(std::string message) {
  return of("InvalidParameterCombination", std::move(message));
}

std::unexpected<CallError> missing_parameter(std::string_view parameter) {
  return of("MissingParameter", fmt::format("The request must contain the parameter {}", parameter));
}

std::unexpected<CallError> unsupported(std::string message) { return of("UnsupportedOperation", std::move(message)); }

std::unexpected<CallError> not_permitted(std::string message) {
  return of("OperationNotPermitted", std::move(message));
}

std::unexpected<CallError> dependency(std::string message) { return of("DependencyViolation", std::move(message)); }

std::unexpected<CallError> dry_run() {
  return std::unexpected(CallError(ApiError{.code = "DryRunOperation",
                                            .http_status = 412,
                                            .message = "Request would have succeeded, but DryRun flag is set."}));
}

std::unexpected<CallError> internal_error(std::string_view detail) {
  log_error("ec2: a request failed", {{"detail", std::string(detail)}});
  return std::unexpected(
      CallError(ApiError{.code = "InternalError", .http_status = 500, .message = std::string(kInternal)}));
}

}  // namespace errors

}  // namespace aerolith::ec2
