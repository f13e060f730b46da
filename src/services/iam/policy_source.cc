#include "services/iam/policy_source.h"

#include <fmt/format.h>

#include "services/iam/entities.h"
#include "services/iam/identity_loader.h"

namespace aerolith::iam {
namespace {

using metadata::Direction;

Result<> add_policies_of(metadata::ReadTransaction& txn, const AccountId& account, EntityKind kind,
                         const std::string& owner, std::vector<SourcePolicy>& policies) {
  const Name name = lower_name(owner);
  auto attached = kAttachments.scan(txn, Direction::forward, account, kind, name);
  while (TRY(attached.next())) {
    const PolicyArn& arn = std::get<3>(attached.key());
    auto found = TRY(load_policy(txn, account, arn));
    if (!found) continue;
    policies.push_back({.name = arn.substr(arn.rfind('/') + 1),
                        .arn = arn,
                        .owner_kind = kind,
                        .owner_name = owner,
                        .policy = std::move(found->policy)});
  }
  auto inlined = kInlinePolicies.scan(txn, Direction::forward, account, kind, name);
  while (TRY(inlined.next())) {
    auto parsed = policy::parse_policy(TRY(inlined.record()).document, policy::PolicyKind::identity);
    if (!parsed.has_value()) return errors::internal_error("a stored policy doesn't parse");
    policies.push_back({.name = std::get<3>(inlined.key()),
                        .owner_kind = kind,
                        .owner_name = owner,
                        .policy = std::make_shared<const policy::Policy>(*std::move(parsed))});
  }
  return {};
}

template <EntityKind kind>
Result<PolicySource> load_source(metadata::ReadTransaction& txn, const AccountId& account, const ArnParts& parts,
                                 const std::string& arn) {
  const auto entity = TRY(find_entity<kind>(txn, account, parts.name));
  if (make_arn(account, parts.type, entity.path, entity.name) != arn) return errors::no_such_entity(kind, parts.name);
  PolicySource source{.kind = kind, .name = entity.name, .path = entity.path, .id = entity.id};
  TRY(add_policies_of(txn, account, kind, entity.name, source.policies));
  if constexpr (requires { entity.boundary; }) source.boundary = entity.boundary;
  if constexpr (kind == EntityKind::user) {
    auto groups = kMemberships.scan(txn, Direction::forward, account, lower_name(entity.name));
    while (TRY(groups.next())) {
      const auto group = TRY(find_entity<EntityKind::group>(txn, account, std::get<2>(groups.key())));
      TRY(add_policies_of(txn, account, EntityKind::group, group.name, source.policies));
    }
  }
  return source;
}

std::unexpected<CallError> not_an_entity(const std::string& arn) {
  return errors::invalid_input(
      fmt::format("Invalid Entity Arn: {} does not clearly define entity type and name.", arn));
}

}  // namespace

Result<PolicySource> find_policy_source(metadata::ReadTransaction& txn, const AccountId& account,
                                        const std::string& arn) {
  const auto parts = split_arn(arn);
  if (!parts || parts->account != account.view()) {
    return not_an_entity(arn);
  }
  if (parts->type == "user") return load_source<EntityKind::user>(txn, account, *parts, arn);
  if (parts->type == "group") return load_source<EntityKind::group>(txn, account, *parts, arn);
  if (parts->type == "role") return load_source<EntityKind::role>(txn, account, *parts, arn);
  return not_an_entity(arn);
}

}  // namespace aerolith::iam
