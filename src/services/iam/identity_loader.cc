#include "services/iam/identity_loader.h"

#include "services/iam/aws_policies.h"
#include "services/iam/managed.h"
#include "services/iam/mfa_seed.h"
#include "services/iam/names.h"
#include "services/iam/principals.h"

namespace aerolith::iam {
namespace {

using metadata::Direction;
using Loaded = metadata::Result<std::shared_ptr<const Identity>>;

// Everything in the store was parsed before it got there.
metadata::Result<AppliedPolicy> parse_stored(std::string name, std::string_view document, policy::PolicyKind kind) {
  auto parsed = policy::parse_policy(document, kind);
  if (!parsed.has_value()) {
    return fail(metadata::ErrorCode::corrupt, "the stored policy " + name + ": " + parsed.error().message);
  }
  return AppliedPolicy{std::move(name), std::make_shared<const policy::Policy>(*std::move(parsed))};
}

metadata::Result<AppliedPolicy> load_managed(metadata::ReadTransaction& txn, const AccountId& account,
                                             const PolicyArn& arn) {
  auto found = TRY(load_policy(txn, account, arn));
  if (!found) return fail(metadata::ErrorCode::corrupt, "the attached policy " + arn + " isn't there");
  return *std::move(found);
}

metadata::Result<> add_policies(metadata::ReadTransaction& txn, const AccountId& account, EntityKind kind,
                                const Name& name, std::vector<AppliedPolicy>& policies) {
  auto attached = kAttachments.scan(txn, Direction::forward, account, kind, name);
  while (TRY(attached.next())) policies.push_back(TRY(load_managed(txn, account, std::get<3>(attached.key()))));
  auto inlined = kInlinePolicies.scan(txn, Direction::forward, account, kind, name);
  while (TRY(inlined.next())) {
    const InlinePolicyRecord record = TRY(inlined.record());
    policies.push_back(TRY(parse_stored(std::get<3>(inlined.key()), record.document, policy::PolicyKind::identity)));
  }
  return {};
}

template <typename Record>
metadata::Result<> fill_common(metadata::ReadTransaction& txn, Identity& identity, const Record& record,
                               std::string_view type) {
  identity.name = record.name;
  identity.path = record.path;
  identity.unique_id = record.id;
  identity.arn = make_arn(identity.account, type, record.path, record.name);
  identity.created_at = record.created_at;
  for (const TagRecord& tag : record.tags) identity.tags.emplace_back(tag.key, tag.value);
  if (record.boundary) identity.boundary = TRY(load_managed(txn, identity.account, *record.boundary));
  return {};
}

Loaded load_user(metadata::ReadTransaction& txn, const AccountId& account, const Name& name) {
  const auto record = TRY(kUsers.get(txn, {account, name}));
  if (!record) return std::shared_ptr<const Identity>();
  auto user = std::make_shared<Identity>();
  user->kind = Identity::Kind::user;
  user->account = account;
  TRY(fill_common(txn, *user, *record, "user"));
  TRY(add_policies(txn, account, EntityKind::user, name, user->policies));
  auto groups = kMemberships.scan(txn, Direction::forward, account, name);
  while (TRY(groups.next())) {
    const Name& group = std::get<2>(groups.key());
    user->groups.push_back(group);
    TRY(add_policies(txn, account, EntityKind::group, group, user->policies));
  }
  auto devices = kUserMfaDevices.scan(txn, Direction::forward, account, name);
  while (TRY(devices.next())) {
    const auto device = TRY(kMfaDevices.get(txn, {account, std::get<2>(devices.key())}));
    if (device) user->mfa_serials.push_back(make_arn(account, "mfa", device->path, device->name));
  }
  return std::shared_ptr<const Identity>(std::move(user));
}

Loaded load_role(metadata::ReadTransaction& txn, const AccountId& account, const Name& name) {
  const auto record = TRY(kRoles.get(txn, {account, name}));
  if (!record) return std::shared_ptr<const Identity>();
  auto role = std::make_shared<Identity>();
  role->kind = Identity::Kind::role;
  role->account = account;
  TRY(fill_common(txn, *role, *record, "role"));
  TRY(add_policies(txn, account, EntityKind::role, name, role->policies));
  role->trust = TRY(parse_stored("trust policy of " + role->arn, bound_document(record->trust_policy, record->trusted),
                                 policy::PolicyKind::trust));
  role->max_session = std::chrono::seconds(record->max_session_seconds);
  role->linked_service = record->linked_service;
  return std::shared_ptr<const Identity>(std::move(role));
}

}  // namespace

Loaded load_identity(metadata::ReadTransaction& txn, Identity::Kind kind, const AccountId& account, const Name& name) {
  return kind == Identity::Kind::user ? load_user(txn, account, name) : load_role(txn, account, name);
}

metadata::Result<std::optional<AppliedPolicy>> load_policy(metadata::ReadTransaction& txn, const AccountId& account,
                                                           std::string_view arn) {
  if (const AwsPolicy* known = find_aws_policy(arn)) return std::optional(AppliedPolicy{known->arn, known->parsed});
  const std::optional<Name> name = policy_of(account, arn);
  const auto record = name ? TRY(kPolicies.get(txn, {account, *name})) : std::nullopt;
  if (!record) return std::optional<AppliedPolicy>();
  const auto version = TRY(kPolicyVersions.get(txn, {account, *name, record->default_version}));
  if (!version) {
    return fail(metadata::ErrorCode::corrupt, "the default version of " + std::string(arn) + " isn't there");
  }
  return std::optional(TRY(parse_stored(std::string(arn), version->document, policy::PolicyKind::managed)));
}

}  // namespace aerolith::iam
