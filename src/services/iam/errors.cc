#include "services/iam/errors.h"

#include <fmt/format.h>

#include <utility>

#include "base/log.h"
#include "iam/errors.h"

namespace aerolith::iam {
namespace {

using protocol::ApiError;

ApiError map(const metadata::Error& error) {
  switch (error.code) {
    case metadata::ErrorCode::conflict:
      return {.code = "ConcurrentModification",
              .http_status = 409,
              .message =
                  "The request was rejected because multiple requests to change this object were submitted "
                  "simultaneously. Wait a few minutes and submit your request again."};
    case metadata::ErrorCode::no_space:
      return {.code = "ServiceFailure",
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
  log_error("iam: the metadata store failed", {{"detail", error.detail}});
  return {.code = "ServiceFailure",
          .http_status = 500,
          .message = "The request processing has failed because of an unknown error, exception or failure."};
}

std::string capitalized(std::string_view text) {
  std::string result(text);
  result[0] = static_cast<char>(result[0] - 'a' + 'A');
  return result;
}

}  // namespace

CallError::CallError(const metadata::Error& error) : ApiError(map(error)) {}

namespace errors {

std::string_view noun(EntityKind kind) {
  switch (kind) {
    case EntityKind::user:
      return "user";
    case EntityKind::group:
      return "group";
    case EntityKind::role:
      return "role";
  }
  std::unreachable();
}

std::unexpected<CallError> of(ApiError error) { return std::unexpected(CallError(std::move(error))); }

std::unexpected<CallError> no_such(std::string message) { return of(no_such_entity_exception(std::move(message))); }

std::unexpected<CallError> no_such_entity(EntityKind kind, std::string_view name) {
  return no_such(fmt::format("The {} with name {} cannot be found.", noun(kind), name));
}

std::unexpected<CallError> already_exists(std::string message) {
  return of(entity_already_exists_exception(std::move(message)));
}

std::unexpected<CallError> entity_exists(EntityKind kind, std::string_view name) {
  return already_exists(fmt::format("{} with name {} already exists.", capitalized(noun(kind)), name));
}

std::unexpected<CallError> delete_refused(std::string message) {
  return of(delete_conflict_exception(std::move(message)));
}

std::unexpected<CallError> delete_conflict(std::string_view what_first) {
  return delete_refused(fmt::format("Cannot delete entity, must {} first.", what_first));
}

std::unexpected<CallError> limit_exceeded(std::string message) {
  return of(limit_exceeded_exception(std::move(message)));
}

std::unexpected<CallError> quota_exceeded(std::string_view quota, int64_t limit) {
  return limit_exceeded(fmt::format("Cannot exceed quota for {}: {}", quota, limit));
}

std::unexpected<CallError> invalid_input(std::string message) {
  return of(invalid_input_exception(std::move(message)));
}

std::unexpected<CallError> validation_error(std::string message) {
  return of({.code = "ValidationError", .http_status = 400, .message = std::move(message)});
}

std::unexpected<CallError> malformed_policy(const policy::PolicyError& error) {
  ApiError told = malformed_policy_document_exception(error.message);
  if (!error.place.empty()) told.fields.emplace_back("Detail", error.place);
  return of(std::move(told));
}

std::unexpected<CallError> unmodifiable(std::string message) {
  return of(unmodifiable_entity_exception(std::move(message)));
}

std::unexpected<CallError> access_denied(std::string message) {
  return of({.code = "AccessDenied", .http_status = 403, .message = std::move(message)});
}

std::unexpected<CallError> invalid_client_token() {
  return of({.code = "InvalidClientTokenId",
             .http_status = 403,
             .message = "The security token included in the request is invalid"});
}

std::unexpected<CallError> password_violation(std::string message) {
  return of(password_policy_violation_exception(std::move(message)));
}

std::unexpected<CallError> temporarily_unmodifiable(std::string message) {
  return of(entity_temporarily_unmodifiable_exception(std::move(message)));
}

std::unexpected<CallError> invalid_user_type() {
  return of(invalid_user_type_exception("Only IAM Users can change their own password"));
}

std::unexpected<CallError> invalid_authentication_code() {
  return of(invalid_authentication_code_exception("Authentication code for device is not valid"));
}

std::unexpected<CallError> report_not_present() {
  return of(credential_report_not_present_exception("No report exists. Generate one with GenerateCredentialReport."));
}

std::unexpected<CallError> report_expired() {
  return of(credential_report_expired_exception("The report is older than four hours. Generate a new one."));
}

std::unexpected<CallError> malformed_certificate(std::string message) {
  return of(malformed_certificate_exception(std::move(message)));
}

std::unexpected<CallError> key_pair_mismatch(std::string message) {
  return of(key_pair_mismatch_exception(std::move(message)));
}

std::unexpected<CallError> duplicate_certificate(std::string message) {
  return of(duplicate_certificate_exception(std::move(message)));
}

std::unexpected<CallError> duplicate_ssh_key(std::string message) {
  return of(duplicate_ssh_public_key_exception(std::move(message)));
}

std::unexpected<CallError> invalid_public_key(std::string message) {
  return of(invalid_public_key_exception(std::move(message)));
}

std::unexpected<CallError> unrecognized_encoding(std::string message) {
  return of(unrecognized_public_key_encoding_exception(std::move(message)));
}

std::unexpected<CallError> internal_error(std::string_view detail) {
  log_error("iam: a request failed", {{"detail", std::string(detail)}});
  return of({.code = "ServiceFailure",
             .http_status = 500,
             .message = "The request processing has failed because of an unknown error, exception or failure."});
}

}  // namespace errors

}  // namespace aerolith::iam
