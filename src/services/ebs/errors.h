// Errors of this service: what EC2 says of a snapshot, and breaches of the requests, as exceptions of the model with
// their reasons. https://docs.aws.amazon.com/ebs/latest/APIReference/CommonErrors.html
#pragma once

#include <expected>
#include <string>
#include <string_view>

#include "base/result.h"
#include "protocol/service_model.h"
#include "services/ec2/api.h"

namespace aerolith::ebs {

// On its way to the wire.
struct CallError : protocol::ApiError {
  explicit CallError(protocol::ApiError error) : ApiError(std::move(error)) {}
  CallError(const ec2::DirectError& error);
};
template <typename T = void>
using Result = aerolith::Result<T, CallError>;

namespace errors {

// ValidationException. `reason`: of the model's ValidationExceptionReason.
std::unexpected<CallError> invalid(std::string_view reason, std::string message);
std::unexpected<CallError> invalid_parameter(std::string message);  // INVALID_PARAMETER_VALUE

}  // namespace errors

}  // namespace aerolith::ebs
