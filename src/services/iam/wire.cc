#include "services/iam/wire.h"

#include "services/iam/managed.h"
#include "services/iam/names.h"
#include "services/iam/principals.h"
#include "services/iam/tags.h"

namespace aerolith::iam {

User to_wire(const AccountId& account, const UserRecord& record, Detail detail) {
  User user{.path = record.path,
            .user_name = record.name,
            .user_id = record.id,
            .arn = make_arn(account, "user", record.path, record.name),
            .create_date = record.created_at};
  if (detail == Detail::listed) return user;
  if (record.boundary) user.permissions_boundary = boundary_to_wire(*record.boundary);
  user.tags = to_wire_or_none(record.tags);
  return user;
}

Group to_wire(const AccountId& account, const GroupRecord& record) {
  return {.path = record.path,
          .group_name = record.name,
          .group_id = record.id,
          .arn = make_arn(account, "group", record.path, record.name),
          .create_date = record.created_at};
}

Role to_wire(const AccountId& account, const RoleRecord& record, Detail detail) {
  Role role{.path = record.path,
            .role_name = record.name,
            .role_id = record.id,
            .arn = make_arn(account, "role", record.path, record.name),
            .create_date = record.created_at,
            .assume_role_policy_document = encode_document(record.trust_policy),
            .description = record.description,
            .max_session_duration = record.max_session_seconds};
  if (detail == Detail::listed) return role;
  if (record.boundary) role.permissions_boundary = boundary_to_wire(*record.boundary);
  role.tags = to_wire_or_none(record.tags);
  return role;
}

Result<Role> shown_role(metadata::ReadTransaction& txn, const AccountId& account, const RoleRecord& record,
                        Detail detail) {
  Role role = to_wire(account, record, detail);
  role.assume_role_policy_document = encode_document(TRY(shown_document(txn, record.trust_policy, record.trusted)));
  return role;
}

Result<InstanceProfile> to_wire(metadata::ReadTransaction& txn, const AccountId& account,
                                const InstanceProfileRecord& record, Detail detail) {
  InstanceProfile profile{.path = record.path,
                          .instance_profile_name = record.name,
                          .instance_profile_id = record.id,
                          .arn = make_arn(account, "instance-profile", record.path, record.name),
                          .create_date = record.created_at,
                          .roles = std::vector<Role>()};
  if (record.role) {
    const auto role = TRY(kRoles.get(txn, {account, *record.role}));
    if (role) profile.roles->push_back(TRY(shown_role(txn, account, *role, Detail::listed)));
  }
  if (detail == Detail::full) profile.tags = to_wire_or_none(record.tags);
  return profile;
}

}  // namespace aerolith::iam
