#include "policy/evaluate.h"
#include "services/sts/api.h"
#include "services/sts/role_session.h"

namespace aerolith::sts {

aerolith::Result<auth::AccessKey, ServiceSessionError> assume_role_for_service(const Sessions& sessions,
                                                                               const RoleSource& roles,
                                                                               const ServiceSession& wanted) {
  const std::optional<Role> role = roles.find_role(wanted.account, wanted.role_arn);
  if (!role) return fail(ServiceSessionErrorCode::no_role, std::string(wanted.role_arn));
  auth::Session session{.token = {}, .expires_at = wanted.now + wanted.duration, .issued_at = wanted.now};

  const policy::Principal service{.type = policy::PrincipalType::service, .service = wanted.service};
  policy::Context context;
  add_role_conditions(*role, wanted.session_name, {}, session, context);
  context.set("aws:PrincipalIsAWSService", "true");
  context.set("aws:PrincipalServiceName", wanted.service);
  if (!wanted.external_id.empty()) context.set("sts:ExternalId", wanted.external_id);
  context.set("aws:CurrentTime", format_iso8601(wanted.now));
  context.set("aws:EpochTime", format_epoch_seconds(std::chrono::floor<std::chrono::seconds>(wanted.now)));
  const policy::NamedPolicy trust{.policy = role->trust.get(), .name = role->arn};
  policy::PolicySet policies;
  policies.resource = &trust;
  const policy::Decision decision = policy::evaluate({.principal = service,
                                                      .action = "sts:AssumeRole",
                                                      .resource = role->arn,
                                                      .resource_account = wanted.account.view(),
                                                      .context = context},
                                                     policies, policy::ResourceRule::trust);
  if (!decision.allowed()) return fail(ServiceSessionErrorCode::refused, role->arn);
  return sessions.issue(role_principal(wanted.account, *role, wanted.session_name), std::move(session));
}

}  // namespace aerolith::sts
