#include "services/iam/entities.h"

#include <vector>

namespace aerolith::iam {

using metadata::Direction;

Result<std::string> user_or_caller(const Call& call, const std::optional<std::string>& name) {
  if (name) return *name;
  const auth::Principal& caller = call.context.principal();
  if (caller.is_root()) return std::string();
  const auto parts = split_arn(caller.arn);
  if (parts && parts->type == "user") return std::string(parts->name);
  return errors::validation_error("Must specify userName when calling with non-User credentials");
}

Result<std::string> user_not_root(const Call& call, const std::optional<std::string>& name) {
  std::string user = TRY(user_or_caller(call, name));
  if (!user.empty()) return user;
  return errors::validation_error("Must specify userName when calling with non-User credentials");
}

Result<> move_policies(metadata::Transaction& txn, const AccountId& account, EntityKind kind, const Name& from,
                       const Name& to) {
  auto attached = kAttachments.scan(txn, Direction::forward, account, kind, from);
  std::vector<PolicyArn> arns;
  while (TRY(attached.next())) arns.push_back(std::get<3>(attached.key()));
  for (const PolicyArn& arn : arns) {
    kAttachments.erase(txn, {account, kind, from, arn});
    kAttachedTo.erase(txn, {account, arn, kind, from});
    kAttachments.put(txn, {account, kind, to, arn}, {});
    kAttachedTo.put(txn, {account, arn, kind, to}, {});
  }
  auto inlined = kInlinePolicies.scan(txn, Direction::forward, account, kind, from);
  std::vector<std::pair<std::string, InlinePolicyRecord>> policies;
  while (TRY(inlined.next())) policies.emplace_back(std::get<3>(inlined.key()), TRY(inlined.record()));
  for (const auto& [name, record] : policies) {
    kInlinePolicies.erase(txn, {account, kind, from, name});
    kInlinePolicies.put(txn, {account, kind, to, name}, record);
  }
  return {};
}

}  // namespace aerolith::iam
