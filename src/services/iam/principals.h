// Whom a stored policy names: users and roles by what they are, not by what they are called.
// https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_principal.html#principal-users
//
// "If your Principal element in a role trust policy contains an ARN that points to a specific IAM user, then that ARN
// is transformed to the user's unique principal ID when the policy is saved. This helps mitigate the risk of someone
// escalating their privileges by removing and recreating the user." The same holds for other resource-based policies.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "metadata/store.h"

namespace aerolith::iam {

// A user or role that a policy names, as it is written there, and what it was when that was stored.
struct BoundPrincipal {
  std::string written;
  std::string id;
};
template <class Archive>
void fields(Archive& archive, BoundPrincipal& r) {
  archive(r.written, r.id);
}
using BoundPrincipals = std::vector<BoundPrincipal>;

struct PrincipalBinding {
  BoundPrincipals principals;
  std::string unknown;  // the first that isn't there: such a policy may not be stored
};

// The users and roles that a policy names, with their unique ids. Those of accounts that aren't here can't be looked
// up: they stay what they are called. `document` was parsed by policy/ before.
metadata::Result<PrincipalBinding> bind_principals(metadata::ReadTransaction& txn, const std::string& document);

// The policy as the evaluator wants it: unique ids in place of ARNs.
std::string bound_document(const std::string& document, const BoundPrincipals& principals);

// As it is shown: with the ARNs that those users and roles have now, and the ids of those that are gone.
metadata::Result<std::string> shown_document(metadata::ReadTransaction& txn, const std::string& document,
                                             const BoundPrincipals& principals);

}  // namespace aerolith::iam
