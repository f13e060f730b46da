// EC2's errors, each made by a named factory: code, status and message as EC2 writes them.
// https://docs.aws.amazon.com/AWSEC2/latest/APIReference/errors-overview.html
#pragma once

#include <string>
#include <string_view>

#include "base/result.h"
#include "metadata/store.h"
#include "protocol/service_model.h"
#include "services/ec2/kinds.h"

namespace aerolith::ec2 {

// An error on its way to the wire. Made also from the metadata room's, so that TRY passes those on: what the machine
// did wrong is logged here.
struct CallError : protocol::ApiError {
  explicit CallError(protocol::ApiError error) : ApiError(std::move(error)) {}
  CallError(const metadata::Error& error);
};

template <typename T = void>
using Result = aerolith::Result<T, CallError>;

namespace errors {

// Any of EC2's client errors.
std::unexpected<CallError> of(std::string_view code, std::string message);
std::unexpected<CallError> not_found(Kind kind, std::string_view id);
std::unexpected<CallError> malformed_id(Kind kind, std::string_view id);
// "Value (x) for parameter y is invalid. " and why.
std::unexpected<CallError> invalid_value(std::string_view parameter, std::string_view value, std::string_view why);
std::unexpected<CallError> invalid_parameter(std::string message);    // InvalidParameterValue
std::unexpected<CallError> invalid_combination(std::string message);  // InvalidParameterCombination
std::unexpected<CallError> missing_parameter(std::string_view parameter);
std::unexpected<CallError> unsupported(std::string message);    // UnsupportedOperation
std::unexpected<CallError> not_permitted(std::string message);  // OperationNotPermitted
// "The vpc 'vpc-1' has dependencies and cannot be deleted."
std::unexpected<CallError> dependency(std::string message);
std::unexpected<CallError> dry_run();
std::unexpected<CallError> internal_error(std::string_view detail);

}  // namespace errors

}  // namespace aerolith::ec2
