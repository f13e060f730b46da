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

std::string linked_role_arn(const AccountId& account, const std::string& service) {
  return make_arn(account, "role", "/aws-service-role/" + service + "/", "*");
}

}  // namespace aerolith::iam
