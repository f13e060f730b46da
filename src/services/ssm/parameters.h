// The operations on parameters.
#pragma once

#include "base/result.h"
#include "gateway/call.h"
#include "protocol/service_model.h"
#include "services/ssm/service.h"
#include "ssm/model.h"

namespace aerolith::ssm {

template <typename T>
using Result = aerolith::Result<T, protocol::ApiError>;

struct Call {
  gateway::CallContext& context;
  const Parts& parts;
};

Result<GetParameterOutput> get_parameter(Call& call, const GetParameterInput& input);
Result<GetParametersOutput> get_parameters(Call& call, const GetParametersInput& input);
Result<GetParametersByPathOutput> get_parameters_by_path(Call& call, const GetParametersByPathInput& input);

// arn:aws:ssm:us-east-1::parameter/aws/service/…: of no account where it is public.
std::string parameter_arn(const Parts& parts, const AccountId& account, std::string_view name);

}  // namespace aerolith::ssm
