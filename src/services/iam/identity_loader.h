// Reads a user or a role with every policy that applies to it.
#pragma once

#include <memory>

#include "services/iam/api.h"
#include "services/iam/tables.h"

namespace aerolith::iam {

// Null where there is none.
metadata::Result<std::shared_ptr<const Identity>> load_identity(metadata::ReadTransaction& txn, Identity::Kind kind,
                                                                const AccountId& account, const Name& name);

// A managed policy of the account or of AWS, by its default version; nullopt where there is none.
metadata::Result<std::optional<AppliedPolicy>> load_policy(metadata::ReadTransaction& txn, const AccountId& account,
                                                           std::string_view arn);

}  // namespace aerolith::iam
