#include "services/ec2/instance_profiles.h"

#include "ec2/model/instance.h"
#include "gateway/access_check.h"
#include "policy/context.h"
#include "services/ec2/resource_keys.h"
#include "services/ec2/tags.h"

namespace aerolith::ec2 {
namespace {

constexpr std::string_view kAssociationPrefix = "iip-assoc-";
constexpr std::string_view kInstancePrefix = "i-";

}  // namespace

std::optional<Profile> look_up_profile(const Cloud& cloud, const AccountId& account,
                                       const IamInstanceProfileSpecification& asked) {
  if (!cloud.find_profile) return std::nullopt;
  std::string name = asked.name.value_or("");
  if (asked.arn) name = asked.arn->substr(asked.arn->rfind('/') + 1);
  auto profile = cloud.find_profile(account, name);
  if (profile && asked.arn && *asked.arn != profile->arn) return std::nullopt;
  return profile;
}

Result<Profile> find_profile(const Call& call, const std::optional<IamInstanceProfileSpecification>& asked) {
  if (!asked) return Profile{};
  if (!call.cloud.find_profile) return errors::unsupported("Instance profiles are not wired here.");
  auto profile = look_up_profile(call.cloud, call.scope.account, *asked);
  if (!profile) {
    return errors::invalid_value(asked->arn ? "iamInstanceProfile.arn" : "iamInstanceProfile.name",
                                 asked->arn ? *asked->arn : asked->name.value_or(""),
                                 asked->arn ? "Invalid IAM Instance Profile ARN" : "Invalid IAM Instance Profile name");
  }
  if (!profile->role_arn.empty()) {
    // https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_iam-condition-keys.html#ck_PassedToService
    call.context.access->conditions().replace("iam:PassedToService", "ec2.amazonaws.com");
    auto allowed = call.context.access->require({.action = std::string(kPassRole),
                                                 .resource = profile->role_arn,
                                                 .instance = pack_tags(wire_tags(profile->role_tags))});
    if (!allowed.has_value()) return std::unexpected(CallError(std::move(allowed).error()));
  }
  return *std::move(profile);
}

void set_profile(metadata::Transaction& txn, const Scope& scope, const Profile& profile, InstanceRecord& record) {
  if (!record.profile_association.empty()) erase_part(txn, scope, record.profile_association);
  record.profile_arn = profile.arn;
  record.profile_id = profile.id;
  record.profile_association.clear();
  if (profile.arn.empty()) return;
  record.profile_association = make_part_id(kAssociationPrefix);
  put_part(txn, scope, record.profile_association, record.id);
}

// Before version 4 of the record the instance's own id named it.
std::string association_of(const InstanceRecord& record) {
  if (!record.profile_association.empty()) return record.profile_association;
  return std::string(kAssociationPrefix) + record.id.substr(kInstancePrefix.size());
}

Result<std::optional<std::string>> instance_of_association(metadata::ReadTransaction& txn, const Scope& scope,
                                                           const std::string& association) {
  if (!association.starts_with(kAssociationPrefix)) return std::optional<std::string>();
  if (auto owner = TRY(owner_of_part(txn, scope, association))) return owner;
  const std::string of_old = std::string(kInstancePrefix) + association.substr(kAssociationPrefix.size());
  const auto record = TRY(kInstances.find(txn, scope, of_old));
  if (!record || !record->profile_association.empty()) return std::optional<std::string>();
  return std::optional(of_old);
}

}  // namespace aerolith::ec2
