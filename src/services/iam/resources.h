// What an operation of IAM acts on, as its ARN.
// https://docs.aws.amazon.com/service-authorization/latest/reference/list_awsidentityandaccessmanagementiam.html
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "gateway/call.h"
#include "metadata/store.h"
#include "services/iam/tables.h"

namespace aerolith::iam {

enum class Target : uint8_t {
  anything,
  user,
  group,
  role,
  policy,
  instance_profile,
  mfa_device,
  server_certificate,
  oidc_provider,
  saml_provider,
  source,  // whose policies are simulated or told: its ARN is given
};

// With the path that the entity has; "/" for one that isn't there. A store that can't be read answers "*", which no
// narrow policy allows: the handler tells the rest.
std::string stored_arn(metadata::Store& store, const AccountId& account, Target target, const std::string& name);
// Of what is about to be made.
std::string new_arn(const AccountId& account, Target target, const std::optional<std::string>& path,
                    const std::string& name);
// What the lists of entities are asked for, as AWS's denials tell it: "arn:aws:iam::123456789012:user/", with the
// path's prefix where one is given. A policy for "...:user/*" allows iam:ListUsers.
std::string list_arn(const AccountId& account, Target target, const std::optional<std::string>& path_prefix);
// Of identity providers; of one that is about to be made, too.
std::string oidc_provider_arn(const AccountId& account, const std::string& url);
std::string saml_provider_arn(const AccountId& account, const std::string& name);
// The key of the account's provider of that ARN; nullopt for others' and what is no such ARN.
std::optional<std::string> oidc_provider_of(const AccountId& account, std::string_view arn);
std::optional<std::string> saml_provider_of(const AccountId& account, std::string_view arn);
// Of a service-linked role that is about to be made.
std::string linked_role_arn(const AccountId& account, const std::string& service);

template <typename Input>
std::string resource_of(metadata::Store& store, Target target, const gateway::CallContext& context,
                        const Input& input) {
  const auto find = [&](const std::optional<std::string>& name) {
    const AccountId& account = context.principal().account;
    // Where the name is left out it is the caller's own.
    if (!name) return context.principal().arn.empty() ? std::string("*") : context.principal().arn;
    if constexpr (requires { input.path; }) return new_arn(account, target, input.path, *name);
    return stored_arn(store, account, target, *name);
  };
  switch (target) {
    case Target::anything:
      break;
    case Target::user:
      if constexpr (requires { input.user_name; }) return find(input.user_name);
      break;
    case Target::group:
      if constexpr (requires { input.group_name; }) return find(input.group_name);
      break;
    case Target::role:
      if constexpr (requires { input.role_name; }) return find(input.role_name);
      if constexpr (requires { input.aws_service_name; }) {
        return linked_role_arn(context.principal().account, input.aws_service_name.value_or(""));
      }
      break;
    case Target::policy:
      if constexpr (requires { input.policy_arn; }) return input.policy_arn.value_or("*");
      if constexpr (requires { input.policy_name; }) return find(input.policy_name);
      break;
    case Target::instance_profile:
      if constexpr (requires { input.instance_profile_name; }) return find(input.instance_profile_name);
      break;
    case Target::mfa_device:
      if constexpr (requires { input.virtual_mfa_device_name; }) return find(input.virtual_mfa_device_name);
      if constexpr (requires { input.serial_number; }) return input.serial_number.value_or("*");
      break;
    case Target::server_certificate:
      if constexpr (requires { input.server_certificate_name; }) return find(input.server_certificate_name);
      break;
    case Target::oidc_provider:
      if constexpr (requires { input.open_id_connect_provider_arn; }) {
        return input.open_id_connect_provider_arn.value_or("*");
      } else if constexpr (requires { input.url; }) {
        return oidc_provider_arn(context.principal().account, input.url.value_or(""));
      }
      break;
    case Target::saml_provider:
      if constexpr (requires { input.saml_provider_arn; }) {
        return input.saml_provider_arn.value_or("*");
      } else if constexpr (requires { input.saml_metadata_document; }) {
        return saml_provider_arn(context.principal().account, input.name.value_or(""));
      }
      break;
    case Target::source:
      if constexpr (requires { input.policy_source_arn; }) return input.policy_source_arn.value_or("*");
      if constexpr (requires { input.arn; }) return input.arn.value_or("*");
      break;
  }
  return "*";
}

}  // namespace aerolith::iam
