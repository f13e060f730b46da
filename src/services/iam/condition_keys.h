// IAM's own context keys, for conditions: what hands over the administration of users without handing over the account.
// https://docs.aws.amazon.com/service-authorization/latest/reference/list_awsidentityandaccessmanagementiam.html#awsidentityandaccessmanagementiam-policy-keys
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "gateway/call.h"
#include "iam/model.h"
#include "metadata/store.h"
#include "policy/context.h"
#include "services/iam/resources.h"
#include "services/iam/tables.h"

namespace aerolith::iam {

// Views; for the length of the call.
struct AskedAction {
  std::string_view action;  // "iam:PutUserPolicy"
  Target target = Target::anything;
  const gateway::CallContext& context;
};

// Whether iam:PermissionsBoundary is the boundary that the user or role has, rather than the one that it is to get.
bool asks_for_stored_boundary(std::string_view action);
// Tags and boundary of what is there already. A store that can't be read adds nothing: the handler tells.
void add_stored_keys(metadata::Store& store, const AskedAction& asked, const std::string& name, policy::Context& keys);
void add_request_tags(const std::vector<Tag>& tags, policy::Context& keys);

template <typename Input>
std::optional<std::string> name_of_target(const AskedAction& asked, const Input& input) {
  const auth::Principal& caller = asked.context.principal();
  switch (asked.target) {
    case Target::user:
      if constexpr (requires { input.user_name; }) {
        if (input.user_name) return *input.user_name;
      }
      return caller.kind == auth::PrincipalKind::user ? std::optional(caller.entity_name) : std::nullopt;
    case Target::role:
      if constexpr (requires { input.role_name; }) return input.role_name;
      break;
    case Target::instance_profile:
      if constexpr (requires { input.instance_profile_name; }) return input.instance_profile_name;
      break;
    case Target::server_certificate:
      if constexpr (requires { input.server_certificate_name; }) return input.server_certificate_name;
      break;
    case Target::policy:
      if constexpr (requires { input.policy_arn; }) return input.policy_arn;
      break;
    case Target::mfa_device:
      if constexpr (requires { input.serial_number; }) return input.serial_number;
      break;
    case Target::oidc_provider:
      if constexpr (requires { input.open_id_connect_provider_arn; }) return input.open_id_connect_provider_arn;
      break;
    case Target::saml_provider:
      if constexpr (requires { input.saml_provider_arn; }) return input.saml_provider_arn;
      break;
    case Target::group:
    case Target::source:
    case Target::anything:
      break;
  }
  return std::nullopt;
}

template <typename Input>
void add_condition_keys(metadata::Store& store, const AskedAction& asked, const Input& input, policy::Context& keys) {
  if constexpr (requires { input.permissions_boundary->size(); }) {
    if (input.permissions_boundary) keys.set("iam:PermissionsBoundary", *input.permissions_boundary);
  }
  if constexpr (requires { input.policy_arn->size(); }) {
    const bool is_attachment = asked.target != Target::policy;
    if (is_attachment && input.policy_arn) keys.set("iam:PolicyARN", *input.policy_arn);
  }
  if constexpr (requires { input.aws_service_name; }) {
    if (input.aws_service_name) keys.set("iam:AWSServiceName", *input.aws_service_name);
  }
  if constexpr (requires { input.tags; }) {
    if (input.tags) add_request_tags(*input.tags, keys);
  }
  if constexpr (requires { input.tag_keys; }) {
    for (const std::string& key : input.tag_keys.value_or(std::vector<std::string>())) {
      keys.add_value("aws:TagKeys", key);
    }
  }
  if (const auto name = name_of_target(asked, input)) add_stored_keys(store, asked, *name, keys);
}

}  // namespace aerolith::iam
