#include "services/iam/resources.h"

#include "services/iam/names.h"

namespace aerolith::iam {
namespace {

std::string_view type_of(Target target) {
  switch (target) {
    case Target::user:
      return "user";
    case Target::group:
      return "group";
    case Target::role:
      return "role";
    case Target::policy:
      return "policy";
    case Target::instance_profile:
      return "instance-profile";
    case Target::mfa_device:
      return "mfa";
    case Target::server_certificate:
      return "server-certificate";
    case Target::oidc_provider:
    case Target::saml_provider:
    case Target::source:
    case Target::anything:
      break;
  }
  return "*";
}

template <typename Table>
std::string arn_from(metadata::Store& store, const Table& table, const AccountId& account, Target target,
                     const std::string& name) {
  const auto record = table.get(*store.begin_read(), {account, lower_name(name)});
  if (!record.has_value()) return "*";
  if (!*record) return make_arn(account, type_of(target), "/", name);
  return make_arn(account, type_of(target), (*record)->path, (*record)->name);
}

std::optional<std::string> rest_of(std::string_view arn, std::string_view prefix) {
  if (!arn.starts_with(prefix) || arn.size() == prefix.size()) return std::nullopt;
  return std::string(arn.substr(prefix.size()));
}

}  // namespace

std::string stored_arn(metadata::Store& store, const AccountId& account, Target target, const std::string& name) {
  switch (target) {
    case Target::user:
      return arn_from(store, kUsers, account, target, name);
    case Target::group:
      return arn_from(store, kGroups, account, target, name);
    case Target::role:
      return arn_from(store, kRoles, account, target, name);
    case Target::policy:
      return arn_from(store, kPolicies, account, target, name);
    case Target::instance_profile:
      return arn_from(store, kInstanceProfiles, account, target, name);
    case Target::mfa_device:
      return arn_from(store, kMfaDevices, account, target, name);
    case Target::server_certificate:
      return arn_from(store, kServerCertificates, account, target, name);
    case Target::oidc_provider:
    case Target::saml_provider:
    case Target::source:
    case Target::anything:
      break;
  }
  return "*";
}

std::string new_arn(const AccountId& account, Target target, const std::optional<std::string>& path,
                    const std::string& name) {
  return make_arn(account, type_of(target), path.value_or("/"), name);
}

std::string list_arn(const AccountId& account, Target target, const std::optional<std::string>& path_prefix) {
  if (target == Target::oidc_provider) return oidc_provider_arn(account, "*");
  return make_arn(account, type_of(target), path_prefix.value_or("/"), "");
}

std::string oidc_provider_arn(const AccountId& account, const std::string& url) {
  constexpr std::string_view kHttps = "https://";
  return make_arn(account, "oidc-provider", "/", url.starts_with(kHttps) ? url.substr(kHttps.size()) : url);
}

std::string saml_provider_arn(const AccountId& account, const std::string& name) {
  return make_arn(account, "saml-provider", "/", name);
}

std::optional<std::string> oidc_provider_of(const AccountId& account, std::string_view arn) {
  return rest_of(arn, oidc_provider_arn(account, ""));
}

std::optional<std::string> saml_provider_of(const AccountId& account, std::string_view arn) {
  return rest_of(arn, saml_provider_arn(account, ""));
}

std::string linked_role_arn(const AccountId& account, const std::string& service) {
  return make_arn(account, "role", "/aws-service-role/" + service + "/", "*");
}

}  // namespace aerolith::iam
