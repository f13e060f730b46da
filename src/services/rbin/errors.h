// This service's errors, each made by a named factory.
// https://docs.aws.amazon.com/recyclebin/latest/APIReference/CommonErrors.html
#pragma once

#include <string>
#include <string_view>
#include <utility>

#include "base/result.h"
#include "metadata/store.h"
#include "protocol/service_model.h"

namespace aerolith::rbin {

// An error on its way to the wire. Made also from the metadata room's, so that TRY passes those on: what the machine
// did wrong is logged here.
struct CallError : protocol::ApiError {
  explicit CallError(protocol::ApiError error) : ApiError(std::move(error)) {}
  CallError(const metadata::Error& error);
};

template <typename T = void>
using Result = aerolith::Result<T, CallError>;

namespace errors {

std::unexpected<CallError> invalid_parameter(std::string message);  // ValidationException
std::unexpected<CallError> invalid_page_token();
std::unexpected<CallError> rule_not_found(std::string_view id_or_arn);
std::unexpected<CallError> invalid_rule_state(std::string message);  // ConflictException
std::unexpected<CallError> quota_exceeded(std::string message);

}  // namespace errors

}  // namespace aerolith::rbin
