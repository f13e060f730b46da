// Temporary credentials for the caller itself.
// https://docs.aws.amazon.com/STS/latest/APIReference/API_GetSessionToken.html
#include <chrono>

#include "services/sts/operations/operations.h"
#include "services/sts/session_request.h"

namespace aerolith::sts {
namespace {

using std::chrono::seconds;

constexpr seconds kSessionDefault = std::chrono::hours(12);
constexpr seconds kSessionOfRoot = std::chrono::hours(1);  // also its default

}  // namespace

Result<GetSessionTokenOutput> get_session_token(Call& call, const GetSessionTokenInput& input) {
  TRY(check_supported(input));
  const auth::AccessKey& key = *call.context.key;
  if (key.session) return errors::access_denied("Cannot call GetSessionToken with session credentials");
  const Timestamp now = call.context.now;
  auth::Session session{.token = {}, .expires_at = now, .issued_at = now};
  if (input.serial_number || input.token_code) {
    if (!call.roles.verify_mfa(key.principal, input.serial_number.value_or(""), input.token_code.value_or(""))) {
      return errors::access_denied("MultiFactorAuthentication failed with invalid MFA one time pass code.");
    }
    session.mfa_at = now;
  }
  seconds duration = input.duration_seconds ? seconds(*input.duration_seconds) : kSessionDefault;
  if (key.principal.is_root()) duration = std::min(duration, kSessionOfRoot);
  session.expires_at = now + duration;
  return GetSessionTokenOutput{.credentials = to_credentials(call.sessions.issue(key.principal, std::move(session)))};
}

}  // namespace aerolith::sts
