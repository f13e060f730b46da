// Who signed this request. Nobody needs a permission for it, and no policy can refuse it.
// https://docs.aws.amazon.com/STS/latest/APIReference/API_GetCallerIdentity.html
#include "services/sts/operations/operations.h"

namespace aerolith::sts {

Result<GetCallerIdentityOutput> get_caller_identity(Call& call, const GetCallerIdentityInput&) {
  const auth::Principal& caller = call.context.principal();
  return GetCallerIdentityOutput{.user_id = caller.user_id, .account = caller.account.str(), .arn = caller.arn};
}

}  // namespace aerolith::sts
