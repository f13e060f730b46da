// When a key was used last.
#pragma once

#include <optional>

#include "services/iam/call.h"
#include "services/iam/tables.h"

namespace aerolith::iam {

// What is noted in memory, else what the store has; nullopt: never since this was recorded.
Result<std::optional<KeyUse>> last_use(const Call& call, metadata::ReadTransaction& txn, const AccountId& account,
                                       const AccessKeyId& key_id);

}  // namespace aerolith::iam
