// Temporary credentials for somebody whom the caller vouches for, with no more than the caller's own rights.
// https://docs.aws.amazon.com/STS/latest/APIReference/API_GetFederationToken.html
#include <chrono>

#include "services/sts/operations/operations.h"
#include "services/sts/session_request.h"

namespace aerolith::sts {
namespace {

using std::chrono::seconds;

constexpr seconds kFederationDefault = std::chrono::hours(12);
constexpr seconds kFederationOfRoot = std::chrono::hours(1);

}  // namespace

Result<GetFederationTokenOutput> get_federation_token(Call& call, const GetFederationTokenInput& input) {
  TRY(check_supported(input));
  const auth::AccessKey& key = *call.context.key;
  if (key.session) return errors::access_denied("Cannot call GetFederationToken with session credentials");
  seconds duration = input.duration_seconds ? seconds(*input.duration_seconds) : kFederationDefault;
  if (key.principal.is_root()) duration = std::min(duration, kFederationOfRoot);
  const Timestamp now = call.context.now;
  auth::Session session{.token = {}, .expires_at = now + duration, .issued_at = now};
  TRY(add_policies(input.policy, input.policy_arns, session));
  TRY(add_tags(input.tags, session));
  TRY(check_packed_size(session));
  const int32_t percent = packed_percent(session);

  const std::string account = key.principal.account.str();
  const std::string name = input.name.value_or("");
  auth::Principal federated{.account = key.principal.account,
                            .arn = "arn:aws:sts::" + account + ":federated-user/" + name,
                            .user_id = account + ":" + name,
                            .kind = auth::PrincipalKind::federated_user,
                            .entity_arn = key.principal.entity_arn,
                            .entity_name = key.principal.entity_name,
                            .entity_id = key.principal.entity_id};
  GetFederationTokenOutput output;
  output.federated_user = FederatedUser{.federated_user_id = federated.user_id, .arn = federated.arn};
  output.credentials = to_credentials(call.sessions.issue(std::move(federated), std::move(session)));
  output.packed_policy_size = percent;
  return output;
}

}  // namespace aerolith::sts
