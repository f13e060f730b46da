// The policies of a user, group or role one by one, and where each comes from: for the simulator and reports.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "policy/document.h"
#include "services/iam/errors.h"
#include "services/iam/names.h"
#include "services/iam/tables.h"

namespace aerolith::iam {

struct SourcePolicy {
  std::string name;
  PolicyArn arn;  // empty: an inline one
  EntityKind owner_kind = EntityKind::user;
  std::string owner_name;  // of the user, group or role that it is on
  std::shared_ptr<const policy::Policy> policy;
};

struct PolicySource {
  EntityKind kind = EntityKind::user;
  std::string name;
  std::string path;
  std::string id;
  std::optional<PolicyArn> boundary;
  std::vector<SourcePolicy> policies;  // a user's also of its groups
};

// InvalidInput for what isn't the ARN of a user, group or role of the account; NoSuchEntity where there is none.
Result<PolicySource> find_policy_source(metadata::ReadTransaction& txn, const AccountId& account,
                                        const std::string& arn);

}  // namespace aerolith::iam
