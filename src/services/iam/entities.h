// Users, groups and roles as what policies are attached to: the same steps for all three kinds.
#pragma once

#include <string>
#include <utility>

#include "services/iam/call.h"
#include "services/iam/names.h"
#include "services/iam/tables.h"

namespace aerolith::iam {

// https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_iam-quotas.html
inline constexpr int32_t kMaxUsers = 5000;
inline constexpr int32_t kMaxGroups = 300;
inline constexpr int32_t kMaxRoles = 1000;
inline constexpr int32_t kMaxInstanceProfiles = 1000;
inline constexpr int32_t kMaxPolicies = 1500;
inline constexpr int32_t kMaxVersionsInUse = 10000;

template <EntityKind kind>
const auto& table_of() {
  if constexpr (kind == EntityKind::user) {
    return kUsers;
  } else if constexpr (kind == EntityKind::group) {
    return kGroups;
  } else {
    return kRoles;
  }
}

// The name in an input of an operation on such an entity.
template <EntityKind kind, typename Input>
const std::optional<std::string>& name_in(const Input& input) {
  if constexpr (kind == EntityKind::user) {
    return input.user_name;
  } else if constexpr (kind == EntityKind::group) {
    return input.group_name;
  } else {
    return input.role_name;
  }
}

// NoSuchEntity where there is none of that name.
template <EntityKind kind>
auto find_entity(metadata::ReadTransaction& txn, const AccountId& account, std::string_view name) -> Result<
    typename std::remove_cvref_t<decltype(table_of<kind>().get(txn, {account, Name()}))>::value_type::value_type> {
  auto record = TRY(table_of<kind>().get(txn, {account, lower_name(name)}));
  if (!record) return errors::no_such_entity(kind, name);
  return *std::move(record);
}

// UnmodifiableEntity for a service-linked role, which belongs to its service.
template <typename Record>
Result<> check_modifiable(const Record& record) {
  if constexpr (requires { record.linked_service; }) {
    if (!record.linked_service.empty()) {
      return errors::unmodifiable("Cannot perform the operation on the protected role '" + record.name +
                                  "' - this role is only modifiable by AWS");
    }
  }
  return {};
}

// The user that an operation is about: the one named, else the caller's own. ValidationError where the caller isn't a
// user (nor the root, for which the name is empty).
Result<std::string> user_or_caller(const Call& call, const std::optional<std::string>& name);
// The same where only a user will do.
Result<std::string> user_not_root(const Call& call, const std::optional<std::string>& name);

// Whether any row begins with these key parts.
template <typename Table, typename... Leading>
Result<bool> has_rows(metadata::ReadTransaction& txn, const Table& table, const Leading&... leading) {
  auto rows = table.scan(txn, metadata::Direction::forward, leading...);
  return TRY(rows.next());
}

// How many rows begin with these key parts.
template <typename Table, typename... Leading>
Result<int32_t> count_rows(metadata::ReadTransaction& txn, const Table& table, const Leading&... leading) {
  int32_t count = 0;
  auto rows = table.scan(txn, metadata::Direction::forward, leading...);
  while (TRY(rows.next())) ++count;
  return count;
}

// LimitExceeded where the account has no room for one more. Counts before the transaction that adds it, lest all that
// add conflict with each other: calls at the same instant may go a little beyond the quota.
template <typename Table>
Result<> check_room(const Call& call, const Table& table, std::string_view quota, int32_t limit) {
  if (TRY(count_rows(*call.metadata.begin_read(), table, call.account())) < limit) return {};
  return errors::quota_exceeded(quota, limit);
}

// DeleteConflict while managed policies are attached or inline ones are there; gives up its boundary's row.
template <EntityKind kind, typename Record>
Result<> check_has_no_policies(metadata::Transaction& txn, const AccountId& account, const Name& name,
                               const Record& record) {
  if (TRY(has_rows(txn, kAttachments, account, kind, name))) return errors::delete_conflict("detach all policies");
  if (TRY(has_rows(txn, kInlinePolicies, account, kind, name))) return errors::delete_conflict("delete policies");
  if constexpr (requires { record.boundary; }) {
    if (record.boundary) kBoundaryOf.erase(txn, {account, *record.boundary, kind, name});
  }
  return {};
}

// Rows that name the entity when it gets another name.
Result<> move_policies(metadata::Transaction& txn, const AccountId& account, EntityKind kind, const Name& from,
                       const Name& to);

}  // namespace aerolith::iam
