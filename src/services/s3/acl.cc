#include "services/s3/acl.h"

#include <algorithm>
#include <array>

#include "base/encoding.h"

namespace aerolith::s3 {
namespace {

constexpr std::array<std::pair<AclPermission, std::string_view>, 5> kPermissions = {{
    {AclPermission::full_control, "FULL_CONTROL"},
    {AclPermission::read, "READ"},
    {AclPermission::write, "WRITE"},
    {AclPermission::read_acp, "READ_ACP"},
    {AclPermission::write_acp, "WRITE_ACP"},
}};

constexpr std::array<std::pair<GranteeKind, std::string_view>, 3> kGroups = {{
    {GranteeKind::all_users, "http://acs.amazonaws.com/groups/global/AllUsers"},
    {GranteeKind::authenticated_users, "http://acs.amazonaws.com/groups/global/AuthenticatedUsers"},
    {GranteeKind::log_delivery, "http://acs.amazonaws.com/groups/s3/LogDelivery"},
}};

AclGrant to_group(GranteeKind group, AclPermission permission) {
  return {.grantee = group, .id = {}, .permission = permission};
}

AclGrant to_account(std::string_view id, AclPermission permission) {
  return {.grantee = GranteeKind::account, .id = std::string(id), .permission = permission};
}

bool is_public_group(const AclGrant& grant) {
  return grant.grantee == GranteeKind::all_users || grant.grantee == GranteeKind::authenticated_users;
}

policy::PrincipalMatch match(const AclGrant& grant, const AclCaller& caller) {
  switch (grant.grantee) {
    case GranteeKind::account:
      return grant.id == caller.canonical_id ? policy::PrincipalMatch::account : policy::PrincipalMatch::none;
    case GranteeKind::all_users:
      return policy::PrincipalMatch::direct;
    case GranteeKind::authenticated_users:
      return caller.is_signed ? policy::PrincipalMatch::direct : policy::PrincipalMatch::none;
    case GranteeKind::log_delivery:
      break;  // no caller belongs to it: logs are delivered by AWS's own hand
  }
  return policy::PrincipalMatch::none;
}

struct MappedAction {
  std::string_view action;
  AclRequirement requirement;
};

constexpr AclRequirement on_bucket(AclPermission permission) { return {AclTarget::bucket, permission}; }
constexpr AclRequirement on_object(AclPermission permission) { return {AclTarget::object, permission}; }

constexpr MappedAction kMappedActions[] = {
    {"s3:ListBucket", on_bucket(AclPermission::read)},
    {"s3:ListBucketVersions", on_bucket(AclPermission::read)},
    {"s3:ListBucketMultipartUploads", on_bucket(AclPermission::read)},
    {"s3:PutObject", on_bucket(AclPermission::write)},
    {"s3:DeleteObject", on_bucket(AclPermission::write)},  // of the caller's own objects
    {"s3:GetBucketAcl", on_bucket(AclPermission::read_acp)},
    {"s3:PutBucketAcl", on_bucket(AclPermission::write_acp)},
    {"s3:GetObject", on_object(AclPermission::read)},
    {"s3:GetObjectVersion", on_object(AclPermission::read)},
    {"s3:GetObjectAcl", on_object(AclPermission::read_acp)},
    {"s3:GetObjectVersionAcl", on_object(AclPermission::read_acp)},
    {"s3:PutObjectAcl", on_object(AclPermission::write_acp)},
    {"s3:PutObjectVersionAcl", on_object(AclPermission::write_acp)},
};

// A token of RFC 9110, which the name of a grantee's type and an unquoted value are.
std::string_view take_until(std::string_view& rest, std::string_view ends) {
  const size_t size = std::min(rest.find_first_of(ends), rest.size());
  const std::string_view taken = rest.substr(0, size);
  rest.remove_prefix(size);
  return trim(taken);
}

// The value behind "type=": quoted or up to the next comma.
std::optional<std::string> take_value(std::string_view& rest) {
  rest = trim(rest);
  if (!rest.starts_with('"')) {
    const std::string_view bare = take_until(rest, ",");
    if (bare.empty() || bare.find('"') != std::string_view::npos) return std::nullopt;
    return std::string(bare);
  }
  rest.remove_prefix(1);
  const size_t end = rest.find('"');
  if (end == std::string_view::npos || end == 0) return std::nullopt;
  std::string value(rest.substr(0, end));
  rest.remove_prefix(end + 1);
  return value;
}

}  // namespace

std::string_view permission_name(AclPermission permission) {
  const auto found = std::ranges::find(kPermissions, permission, &decltype(kPermissions)::value_type::first);
  return found == kPermissions.end() ? std::string_view() : found->second;
}

std::optional<AclPermission> find_permission(std::string_view name) {
  const auto found = std::ranges::find(kPermissions, name, &decltype(kPermissions)::value_type::second);
  if (found == kPermissions.end()) return std::nullopt;
  return found->first;
}

std::string_view group_uri(GranteeKind group) {
  const auto found = std::ranges::find(kGroups, group, &decltype(kGroups)::value_type::first);
  return found == kGroups.end() ? std::string_view() : found->second;
}

std::optional<GranteeKind> find_group(std::string_view uri) {
  const auto found = std::ranges::find(kGroups, uri, &decltype(kGroups)::value_type::second);
  if (found == kGroups.end()) return std::nullopt;
  return found->first;
}

Acl owner_s_acl(const std::string& owner_id) { return {to_account(owner_id, AclPermission::full_control)}; }

std::optional<Acl> canned_acl(std::string_view name, AclTarget target, const AclParties& parties) {
  using enum AclPermission;
  Acl acl = owner_s_acl(parties.owner);
  const bool is_object = target == AclTarget::object;
  if (name == "private") return acl;
  if (name == "public-read" || name == "public-read-write") {
    acl.push_back(to_group(GranteeKind::all_users, read));
    if (name == "public-read-write") acl.push_back(to_group(GranteeKind::all_users, write));
    return acl;
  }
  if (name == "authenticated-read") {
    acl.push_back(to_group(GranteeKind::authenticated_users, read));
    return acl;
  }
  if (name == "aws-exec-read") {
    acl.push_back(to_account(kExecReader, read));
    return acl;
  }
  if (name == "log-delivery-write" && !is_object) {
    acl.push_back(to_group(GranteeKind::log_delivery, write));
    acl.push_back(to_group(GranteeKind::log_delivery, read_acp));
    return acl;
  }
  if (name == "bucket-owner-read" || name == "bucket-owner-full-control") {
    // Of a bucket S3 ignores both.
    const bool says_more = is_object && parties.bucket_owner != parties.owner;
    if (says_more) acl.push_back(to_account(parties.bucket_owner, name == "bucket-owner-read" ? read : full_control));
    return acl;
  }
  return std::nullopt;
}

bool is_public(const Acl& acl) { return std::ranges::any_of(acl, is_public_group); }

Acl without_public_grants(const Acl& acl) {
  Acl rest = acl;
  std::erase_if(rest, is_public_group);
  return rest;
}

policy::PrincipalMatch match(const Acl& acl, AclPermission wanted, const AclCaller& caller) {
  policy::PrincipalMatch best = policy::PrincipalMatch::none;
  for (const AclGrant& grant : acl) {
    if (grant.permission != wanted && grant.permission != AclPermission::full_control) continue;
    best = std::max(best, match(grant, caller));
  }
  return best;
}

std::optional<AclRequirement> acl_requirement(std::string_view action) {
  const auto* const found =
      std::ranges::find_if(kMappedActions, [&](const MappedAction& mapped) { return mapped.action == action; });
  if (found == std::end(kMappedActions)) return std::nullopt;
  return found->requirement;
}

std::optional<std::vector<NamedGrantee>> parse_grantees(std::string_view header) {
  std::vector<NamedGrantee> grantees;
  std::string_view rest = header;
  while (true) {
    NamedGrantee& grantee = grantees.emplace_back();
    grantee.type = take_until(rest, "=,\"");
    if (grantee.type.empty() || !rest.starts_with('=')) return std::nullopt;
    rest.remove_prefix(1);
    std::optional<std::string> value = take_value(rest);
    if (!value) return std::nullopt;
    grantee.value = *std::move(value);
    rest = trim(rest);
    if (rest.empty()) return grantees;
    if (!rest.starts_with(',')) return std::nullopt;
    rest.remove_prefix(1);
  }
}

}  // namespace aerolith::s3
