// The handlers of this service, one file each.
#pragma once

#include "services/sts/call.h"
#include "sts/model.h"

namespace aerolith::sts {

Result<AssumeRoleOutput> assume_role(Call& call, const AssumeRoleInput& input);
Result<AssumeRoleWithSAMLOutput> assume_role_with_saml(Call& call, const AssumeRoleWithSAMLInput& input);
Result<AssumeRoleWithWebIdentityOutput> assume_role_with_web_identity(Call& call,
                                                                      const AssumeRoleWithWebIdentityInput& input);
Result<DecodeAuthorizationMessageOutput> decode_authorization_message(Call& call,
                                                                      const DecodeAuthorizationMessageInput& input);
Result<GetAccessKeyInfoOutput> get_access_key_info(Call& call, const GetAccessKeyInfoInput& input);
Result<GetCallerIdentityOutput> get_caller_identity(Call& call, const GetCallerIdentityInput& input);
Result<GetFederationTokenOutput> get_federation_token(Call& call, const GetFederationTokenInput& input);
Result<GetSessionTokenOutput> get_session_token(Call& call, const GetSessionTokenInput& input);
Result<GetWebIdentityTokenOutput> get_web_identity_token(Call& call, const GetWebIdentityTokenInput& input);

}  // namespace aerolith::sts
