// Which account an access key belongs to.
// https://docs.aws.amazon.com/STS/latest/APIReference/API_GetAccessKeyInfo.html
#include "services/sts/operations/operations.h"
#include "services/sts/session_request.h"

namespace aerolith::sts {

Result<GetAccessKeyInfoOutput> get_access_key_info(Call& call, const GetAccessKeyInfoInput& input) {
  const auto account = call.account_of_key(input.access_key_id.value_or(""));
  if (!account) return errors::validation_error("Invalid Access Key Id.");
  return GetAccessKeyInfoOutput{.account = account->str()};
}

}  // namespace aerolith::sts
