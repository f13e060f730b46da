// Records as the wire shows them.
#pragma once

#include <chrono>

#include "base/time.h"
#include "iam/model.h"
#include "services/iam/errors.h"
#include "services/iam/tables.h"

namespace aerolith::iam {

// IAM's times have no fractions.
inline Timestamp whole_seconds(Timestamp time) { return std::chrono::floor<std::chrono::seconds>(time); }

enum class Detail : uint8_t { full, listed };  // lists leave tags and the boundary out

User to_wire(const AccountId& account, const UserRecord& record, Detail detail);
Group to_wire(const AccountId& account, const GroupRecord& record);
Role to_wire(const AccountId& account, const RoleRecord& record, Detail detail);
// The same with the trust policy as it is to be seen now.
Result<Role> shown_role(metadata::ReadTransaction& txn, const AccountId& account, const RoleRecord& record,
                        Detail detail);
// With its role, if it has one.
Result<InstanceProfile> to_wire(metadata::ReadTransaction& txn, const AccountId& account,
                                const InstanceProfileRecord& record, Detail detail);

}  // namespace aerolith::iam
