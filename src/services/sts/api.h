// What other rooms need of STS: sessions of roles that AWS services assume by themselves, for what runs in them.
#pragma once

#include <chrono>
#include <string>
#include <string_view>

#include "auth/credentials.h"
#include "base/result.h"
#include "base/strong_string.h"
#include "base/time.h"
#include "services/sts/roles.h"
#include "services/sts/sessions.h"

namespace aerolith::sts {

// Views; what they show must outlive the call.
struct ServiceSession {
  std::string_view service;  // ec2.amazonaws.com
  const AccountId& account;
  std::string_view role_arn;
  std::string_view session_name;
  // Not limited by the role's own longest session, which is for people:
  // https://docs.aws.amazon.com/IAM/latest/UserGuide/id_roles_manage-assume.html
  std::chrono::seconds duration;
  Timestamp now;
  std::string_view external_id{};  // sts:ExternalId; empty: none
};

enum class ServiceSessionErrorCode {
  no_role,
  refused,  // the role's trust policy doesn't let the service in
};
using ServiceSessionError = Failure<ServiceSessionErrorCode>;

// As AssumeRole called by the service.
aerolith::Result<auth::AccessKey, ServiceSessionError> assume_role_for_service(const Sessions& sessions,
                                                                               const RoleSource& roles,
                                                                               const ServiceSession& wanted);

}  // namespace aerolith::sts
