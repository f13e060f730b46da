// Reports of what users and roles could use of the services, and did.
// https://docs.aws.amazon.com/IAM/latest/UserGuide/access_policies_last-accessed.html
#pragma once

#include <span>
#include <string>

#include "services/iam/call.h"
#include "services/iam/tables.h"

namespace aerolith::iam {

// What the policies of a user, group or role, or a managed policy by itself, let somebody use at this moment, and what
// was used: by the user or role, by the group's users, by all that the policy is attached to. `known_actions`: those
// that this server has. InvalidInput and NoSuchEntity as AWS.
Result<AccessReportRecord> make_access_report(const Call& call, const std::string& arn,
                                              std::span<const std::string> known_actions);

std::string entity_arn(const AccountId& account, const ReportedEntityRecord& entity);
// When the entity last tried any action of the service; null: never.
const ActionUseRecord* last_use_of_service(const ReportedEntityRecord& entity, std::string_view name_space);
const ActionUseRecord* last_use_of_action(const ReportedEntityRecord& entity, std::string_view action);

}  // namespace aerolith::iam
