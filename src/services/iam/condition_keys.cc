#include "services/iam/condition_keys.h"

#include <algorithm>

#include "services/iam/managed.h"
#include "services/iam/mfa_seed.h"
#include "services/iam/names.h"

namespace aerolith::iam {
namespace {

// "ResourceTag" of users and roles is also IAM's own key.
enum class TagKeys : uint8_t { global, global_and_iam };

void add_tags(const Tags& tags, TagKeys which, policy::Context& keys) {
  for (const TagRecord& tag : tags) {
    keys.set("aws:ResourceTag/" + tag.key, tag.value);
    if (which == TagKeys::global_and_iam) keys.set("iam:ResourceTag/" + tag.key, tag.value);
  }
}

template <typename Table>
auto find_stored(metadata::Store& store, const Table& table, const AccountId& account, const Name& name) {
  const auto found = table.newest(store, {account, name});
  using Record = std::remove_cvref_t<decltype(**found)>;
  return found.has_value() ? *found : std::optional<Record>();
}

template <typename Table>
void add_of_entity(metadata::Store& store, const Table& table, const AskedAction& asked, const std::string& name,
                   policy::Context& keys) {
  const auto record = find_stored(store, table, asked.context.principal().account, lower_name(name));
  if (!record) return;
  add_tags(record->tags, TagKeys::global_and_iam, keys);
  if (record->boundary && asks_for_stored_boundary(asked.action)) {
    keys.set("iam:PermissionsBoundary", *record->boundary);
  }
}

template <typename Table>
void add_of_thing(metadata::Store& store, const Table& table, const AskedAction& asked, const std::optional<Name>& name,
                  policy::Context& keys) {
  if (!name) return;
  const auto record = find_stored(store, table, asked.context.principal().account, *name);
  if (record) add_tags(record->tags, TagKeys::global, keys);
}

}  // namespace

bool asks_for_stored_boundary(std::string_view action) {
  constexpr std::string_view kActions[] = {
      "iam:AttachRolePolicy",
      "iam:AttachUserPolicy",
      "iam:DeleteRolePermissionsBoundary",
      "iam:DeleteRolePolicy",
      "iam:DeleteUserPermissionsBoundary",
      "iam:DeleteUserPolicy",
      "iam:DetachRolePolicy",
      "iam:DetachUserPolicy",
      "iam:PutRolePolicy",
      "iam:PutUserPolicy",
  };
  return std::ranges::find(kActions, action) != std::end(kActions);
}

void add_stored_keys(metadata::Store& store, const AskedAction& asked, const std::string& name, policy::Context& keys) {
  const AccountId& account = asked.context.principal().account;
  switch (asked.target) {
    case Target::user:
      return add_of_entity(store, kUsers, asked, name, keys);
    case Target::role:
      return add_of_entity(store, kRoles, asked, name, keys);
    case Target::policy:
      return add_of_thing(store, kPolicies, asked, policy_of(account, name), keys);
    case Target::instance_profile:
      return add_of_thing(store, kInstanceProfiles, asked, lower_name(name), keys);
    case Target::mfa_device:
      return add_of_thing(store, kMfaDevices, asked, mfa_device_of(account, name), keys);
    case Target::server_certificate:
      return add_of_thing(store, kServerCertificates, asked, lower_name(name), keys);
    case Target::oidc_provider:
      return add_of_thing(store, kOidcProviders, asked, oidc_provider_of(account, name), keys);
    case Target::saml_provider:
      return add_of_thing(store, kSamlProviders, asked, saml_provider_of(account, name), keys);
    case Target::group:
    case Target::source:
    case Target::anything:
      break;
  }
}

void add_request_tags(const std::vector<Tag>& tags, policy::Context& keys) {
  for (const Tag& tag : tags) {
    keys.set("aws:RequestTag/" + tag.key.value_or(""), tag.value.value_or(""));
    keys.add_value("aws:TagKeys", tag.key.value_or(""));
  }
}

}  // namespace aerolith::iam
