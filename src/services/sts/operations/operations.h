// The handlers of this service, one file each.
#pragma once

#include "services/sts/call.h"
#include "sts/model.h"

namespace aerolith::sts {

Result<AssumeRoleOutput> assume_role(Call& call, const AssumeRoleInput& input);
Result<GetAccessKeyInfoOutput> get_access_key_info(Call& call, const GetAccessKeyInfoInput& input);
Result<GetCallerIdentityOutput> get_caller_identity(Call& call, const GetCallerIdentityInput& input);
Result<GetFederationTokenOutput> get_federation_token(Call& call, const GetFederationTokenInput& input);
Result<GetSessionTokenOutput> get_session_token(Call& call, const GetSessionTokenInput& input);

}  // namespace aerolith::sts
