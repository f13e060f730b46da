// IAM's errors, each made by a named factory: code, status and message as IAM writes them.
// https://docs.aws.amazon.com/IAM/latest/APIReference/CommonErrors.html
#pragma once

#include <string>
#include <string_view>

#include "base/result.h"
#include "metadata/store.h"
#include "policy/document.h"
#include "protocol/service_model.h"
#include "services/iam/tables.h"

namespace aerolith::iam {

// An error on its way to the wire. Made also from the metadata room's, so that TRY passes those on: what the machine
// did wrong is logged here.
struct CallError : protocol::ApiError {
  explicit CallError(protocol::ApiError error) : ApiError(std::move(error)) {}
  CallError(const metadata::Error& error);
};

template <typename T = void>
using Result = aerolith::Result<T, CallError>;

namespace errors {

// "user", "group", "role".
std::string_view noun(EntityKind kind);

std::unexpected<CallError> no_such_entity(EntityKind kind, std::string_view name);
std::unexpected<CallError> entity_exists(EntityKind kind, std::string_view name);
std::unexpected<CallError> no_such(std::string message);
std::unexpected<CallError> already_exists(std::string message);
// "Cannot delete entity, must delete access keys first."
std::unexpected<CallError> delete_conflict(std::string_view what_first);
std::unexpected<CallError> delete_refused(std::string message);
// "Cannot exceed quota for AccessKeysPerUser: 2"
std::unexpected<CallError> quota_exceeded(std::string_view quota, int64_t limit);
std::unexpected<CallError> limit_exceeded(std::string message);
std::unexpected<CallError> invalid_input(std::string message);
std::unexpected<CallError> validation_error(std::string message);
std::unexpected<CallError> malformed_policy(const policy::PolicyError& error);
std::unexpected<CallError> unmodifiable(std::string message);
std::unexpected<CallError> access_denied(std::string message);
std::unexpected<CallError> invalid_client_token();
std::unexpected<CallError> password_violation(std::string message);
std::unexpected<CallError> temporarily_unmodifiable(std::string message);
std::unexpected<CallError> invalid_user_type();
std::unexpected<CallError> invalid_authentication_code();
std::unexpected<CallError> report_not_present();
std::unexpected<CallError> report_expired();
std::unexpected<CallError> malformed_certificate(std::string message);
std::unexpected<CallError> key_pair_mismatch(std::string message);
std::unexpected<CallError> duplicate_certificate(std::string message);
std::unexpected<CallError> duplicate_ssh_key(std::string message);
std::unexpected<CallError> invalid_public_key(std::string message);
std::unexpected<CallError> unrecognized_encoding(std::string message);
std::unexpected<CallError> internal_error(std::string_view detail);
std::unexpected<CallError> of(protocol::ApiError error);

}  // namespace errors

}  // namespace aerolith::iam
