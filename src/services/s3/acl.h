// Access control lists: their grants, canned ones, and what a grant allows. Pure; reading them from requests is
// acl_request.h's.
// https://docs.aws.amazon.com/AmazonS3/latest/userguide/acl-overview.html
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "policy/principal.h"

namespace aerolith::s3 {

// Values are in records: they never change.
enum class GranteeKind : uint8_t { account = 0, all_users = 1, authenticated_users = 2, log_delivery = 3 };
enum class AclPermission : uint8_t { full_control = 0, read = 1, write = 2, read_acp = 3, write_acp = 4 };

struct AclGrant {
  GranteeKind grantee = GranteeKind::account;
  std::string id{};  // canonical user id of an account; empty for a group
  AclPermission permission = AclPermission::full_control;
  bool operator==(const AclGrant&) const = default;
};

template <class Archive>
void fields(Archive& archive, AclGrant& g) {
  archive(g.grantee, g.id, g.permission);
}

using Acl = std::vector<AclGrant>;

inline constexpr size_t kMostGrants = 100;

// As S3 spells them. nullopt for what it hasn't.
std::string_view permission_name(AclPermission permission);
std::optional<AclPermission> find_permission(std::string_view name);
// Empty for an account.
std::string_view group_uri(GranteeKind group);
std::optional<GranteeKind> find_group(std::string_view uri);

// What an ACL is where nobody said anything.
Acl owner_s_acl(const std::string& owner_id);

enum class AclTarget : uint8_t { bucket, object };

// Canonical user ids.
struct AclParties {
  std::string owner;
  std::string bucket_owner;  // of an object's bucket
};
// nullopt for a name that means nothing there.
// https://docs.aws.amazon.com/AmazonS3/latest/userguide/acl-overview.html#canned-acl
std::optional<Acl> canned_acl(std::string_view name, AclTarget target, const AclParties& parties);

// The account to which aws-exec-read gives machine images.
inline constexpr std::string_view kExecReader = "6aa5a366c34c1cbe25dc49211496e913e0351eb0e8c37aa3477e40942ec6b97c";
// Who has no signature owns what he writes under this id.
inline constexpr std::string_view kAnonymousId = "65a011a29cdf8ec533ec3d1ccaae921c";

// It grants something to all users, or to all that are authenticated: what Block Public Access means by public.
bool is_public(const Acl& acl);
Acl without_public_grants(const Acl& acl);

struct AclCaller {
  std::string_view canonical_id;
  bool is_signed = false;
};
// How the grants name the caller, for that permission: groups name him as "*" in a policy does, an account as a
// policy does that names the account.
policy::PrincipalMatch match(const Acl& acl, AclPermission wanted, const AclCaller& caller);

// What an action needs, of a bucket's list or of an object's.
// https://docs.aws.amazon.com/AmazonS3/latest/userguide/acl-overview.html#acl-access-policy-permission-mapping
struct AclRequirement {
  AclTarget target;
  AclPermission permission;
};
// nullopt for actions that no list can allow.
std::optional<AclRequirement> acl_requirement(std::string_view action);

// The value of an x-amz-grant-... header: id="...", uri=..., emailAddress="...", in any order.
struct NamedGrantee {
  std::string type;  // as it came
  std::string value;
};
// nullopt for what has another form.
std::optional<std::vector<NamedGrantee>> parse_grantees(std::string_view header);

}  // namespace aerolith::s3
