#include "services/s3/acl_request.h"

#include <algorithm>
#include <array>

#include "base/encoding.h"
#include "services/s3/public_access.h"
#include "services/s3/requests.h"

namespace aerolith::s3 {
namespace {

constexpr std::string_view kCanned = "x-amz-acl";

constexpr std::array<std::pair<std::string_view, AclPermission>, 5> kGrantHeaders = {{
    {"x-amz-grant-full-control", AclPermission::full_control},
    {"x-amz-grant-read", AclPermission::read},
    {"x-amz-grant-read-acp", AclPermission::read_acp},
    {"x-amz-grant-write", AclPermission::write},
    {"x-amz-grant-write-acp", AclPermission::write_acp},
}};

// What a grantee is called where it is wrong: in a header or in a document.
struct GranteeNames {
  std::string_view id;
  std::string_view uri;
};
constexpr GranteeNames kInHeader{.id = "id", .uri = "uri"};
constexpr GranteeNames kInDocument{.id = "CanonicalUser/ID", .uri = "Group/URI"};

bool is_known_user(const Call& call, std::string_view id) {
  if (id == kExecReader || id == kAnonymousId || id == caller_id(call.context)) return true;
  return call.accounts != nullptr && *call.accounts &&
         std::ranges::any_of((*call.accounts)(),
                             [&](const AccountId& account) { return canonical_user_id(account) == id; });
}

Result<AclGrant> grant_to_user(const Call& call, const std::string& id, AclPermission permission,
                               const GranteeNames& names) {
  if (!is_known_user(call, id)) return errors::invalid_argument("Invalid id", names.id, id);
  return AclGrant{.grantee = GranteeKind::account, .id = id, .permission = permission};
}

Result<AclGrant> grant_to_group(const std::string& uri, AclPermission permission, const GranteeNames& names) {
  const std::optional<GranteeKind> group = find_group(uri);
  if (!group) return errors::invalid_argument("Invalid group uri", names.uri, uri);
  return AclGrant{.grantee = *group, .permission = permission};
}

Result<> read_grant_header(const Call& call, std::string_view name, std::string_view value, AclPermission permission,
                           Acl& acl) {
  const auto grantees = parse_grantees(value);
  if (!grantees) return errors::invalid_argument("Argument format not recognized", name, value);
  for (const NamedGrantee& grantee : *grantees) {
    if (equals_ignore_case(grantee.type, "id")) {
      acl.push_back(TRY(grant_to_user(call, grantee.value, permission, kInHeader)));
    } else if (equals_ignore_case(grantee.type, "uri")) {
      acl.push_back(TRY(grant_to_group(grantee.value, permission, kInHeader)));
    } else if (equals_ignore_case(grantee.type, "emailAddress")) {
      return errors::email_grantee(call.context.head->method);
    } else {
      return errors::invalid_argument("Argument format not recognized", name, value);
    }
  }
  return {};
}

Result<AclGrant> read_grant(const Call& call, const Grant& grant) {
  if (!grant.grantee || !grant.permission) return errors::malformed_acl();
  const Grantee& grantee = *grant.grantee;
  const std::optional<AclPermission> permission = find_permission(*grant.permission);
  if (!permission) return errors::malformed_acl();
  if (grantee.type == "CanonicalUser" && grantee.id) {
    return grant_to_user(call, *grantee.id, *permission, kInDocument);
  }
  if (grantee.type == "Group" && grantee.uri) return grant_to_group(*grantee.uri, *permission, kInDocument);
  if (grantee.type == "AmazonCustomerByEmail") return errors::email_grantee(call.context.head->method);
  return errors::malformed_acl();
}

}  // namespace

Result<AclHeaders> read_acl_headers(const Call& call, const http::Headers& headers) {
  AclHeaders wanted;
  if (const auto canned = headers.find(kCanned)) wanted.canned = std::string(trim(*canned));
  for (const auto& [name, permission] : kGrantHeaders) {
    const auto value = headers.find(name);
    if (!value) continue;
    if (wanted.canned) {
      return errors::invalid_request("Specifying both Canned ACLs and Header Grants is not allowed");
    }
    if (!wanted.grants) wanted.grants.emplace();
    TRY(read_grant_header(call, name, *value, permission, *wanted.grants));
  }
  if (wanted.grants && wanted.grants->size() > kMostGrants) return errors::malformed_acl();
  return wanted;
}

Result<Acl> to_acl(const AclHeaders& headers, AclTarget target, const AclParties& parties) {
  if (headers.grants) return *headers.grants;
  std::optional<Acl> acl = canned_acl(headers.canned.value_or(""), target, parties);
  if (!acl) return errors::invalid_argument("", kCanned, headers.canned.value_or(""));
  return *std::move(acl);
}

Result<Acl> read_acl_document(const Call& call, const AccessControlPolicy& document, const std::string& owner_id) {
  if (!document.owner || !document.owner->id || !document.grants) return errors::malformed_acl();
  if (*document.owner->id != owner_id) {
    if (is_known_user(call, *document.owner->id)) return errors::access_denied();
    return errors::invalid_argument("Invalid id", kInDocument.id, *document.owner->id);
  }
  if (document.grants->size() > kMostGrants) return errors::malformed_acl();
  Acl acl;
  for (const Grant& grant : *document.grants) acl.push_back(TRY(read_grant(call, grant)));
  return acl;
}

Result<> check_public_acl(const Call& call, metadata::ReadTransaction& txn, const BucketRecord& bucket, const Acl& acl,
                          const AclAction& action) {
  if (!is_public(acl) || !TRY(effective_block(txn, bucket)).block_public_acls) return {};
  return errors::public_acl_blocked(call.context.principal().arn, action.action, action.arn);
}

Result<ObjectAccess> access_of_new_object(const Call& call, metadata::ReadTransaction& txn, const BucketRecord& bucket,
                                          const AclHeaders& headers, const std::string& object_arn) {
  const std::string bucket_owner = canonical_user_id(bucket.owner);
  ObjectAccess access;
  if (!bucket.has_acls()) {
    // "private" comes to the same there; S3 takes it too.
    const bool is_harmless = headers.is_empty() || headers.canned == "private" ||
                             headers.canned == "bucket-owner-full-control" ||
                             headers.grants == owner_s_acl(bucket_owner);
    if (!is_harmless) return errors::acl_not_supported();
    return access;
  }
  const bool is_given_away =
      bucket.ownership == ObjectOwnership::owner_preferred && headers.canned == "bucket-owner-full-control";
  if (!is_given_away) access.owner = caller_account(call.context);
  if (access.owner == bucket.owner) access.owner = AccountId();
  if (headers.is_empty()) return access;
  const std::string owner = access.owner.empty() ? bucket_owner : canonical_user_id(access.owner);
  Acl acl = TRY(to_acl(headers, AclTarget::object, {.owner = owner, .bucket_owner = bucket_owner}));
  TRY(check_public_acl(call, txn, bucket, acl, {.action = "s3:PutObject", .arn = object_arn}));
  if (acl != owner_s_acl(owner)) access.acl = std::move(acl);
  return access;
}

}  // namespace aerolith::s3
