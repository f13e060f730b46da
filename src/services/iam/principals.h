// Whom a role's trust policy names: users and roles by what they are, not by what they are called.
// https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_principal.html#principal-users
//
// "If your Principal element in a role trust policy contains an ARN that points to a specific IAM user, then that ARN
// is transformed to the user's unique principal ID when the policy is saved. This helps mitigate the risk of someone
// escalating their privileges by removing and recreating the user."
#pragma once

#include <string>
#include <string_view>

#include "metadata/store.h"
#include "services/iam/errors.h"
#include "services/iam/tables.h"

namespace aerolith::iam {

// The users and roles that a trust policy names, with their unique ids. MalformedPolicyDocument for one that isn't
// there. Those of accounts that aren't here can't be looked up: they stay what they are called.
Result<BoundPrincipals> bind_principals(metadata::ReadTransaction& txn, const std::string& trust_policy);

// The trust policy as the evaluator wants it: unique ids in place of ARNs.
std::string bound_trust(const RoleRecord& role);

// As it is shown: with the ARNs that those users and roles have now, and the ids of those that are gone.
Result<std::string> shown_trust(metadata::ReadTransaction& txn, const RoleRecord& role);

}  // namespace aerolith::iam
