// Access control lists of buckets and objects.
// https://docs.aws.amazon.com/AmazonS3/latest/API/API_PutBucketAcl.html
// https://docs.aws.amazon.com/AmazonS3/latest/API/API_PutObjectAcl.html
#include <utility>

#include "services/s3/acl_request.h"
#include "services/s3/checksums.h"
#include "services/s3/operations/operations.h"
#include "services/s3/requests.h"
#include "services/s3/versions.h"

namespace aerolith::s3 {
namespace {

template <typename Output>
Output write_acl(const Acl& acl, const std::string& owner) {
  Output output;
  output.owner.emplace().id = owner;
  auto& grants = output.grants.emplace();
  for (const AclGrant& entry : acl) {
    Grant& grant = grants.emplace_back();
    Grantee& grantee = grant.grantee.emplace();
    if (entry.grantee == GranteeKind::account) {
      grantee.type = "CanonicalUser";
      grantee.id = entry.id;
    } else {
      grantee.type = "Group";
      grantee.uri = std::string(group_uri(entry.grantee));
    }
    grant.permission = std::string(permission_name(entry.permission));
  }
  return output;
}

// What a request to put a list has: headers or a document, one of them.
struct Wanted {
  AclHeaders headers;
  std::optional<AccessControlPolicy> document;
};

template <typename Input>
Result<Wanted> read_wanted(const Call& call, const Input& input) {
  TRY(verify_whole_body(call.context.head->headers, call.context.whole_body));
  Wanted wanted{.headers = TRY(read_acl_headers(call, call.context.head->headers)),
                .document = input.access_control_policy};
  const bool has_body = !call.context.whole_body.empty() || wanted.document;
  if (!wanted.headers.is_empty() && has_body) return errors::unexpected_content();
  if (wanted.headers.is_empty() && !has_body) return errors::missing_acl();
  if (has_body && !wanted.document) return errors::malformed_acl();
  return wanted;
}

// What the list is of.
struct Owned {
  AclTarget target;
  AclParties parties;
  AclAction action;
};

// The list that is wanted; nullopt for the default one.
Result<std::optional<Acl>> resolve(const Call& call, metadata::ReadTransaction& txn, const BucketRecord& bucket,
                                   const Wanted& wanted, const Owned& owned) {
  // To put what is there already succeeds: s3cmd does that with each copy.
  if (!bucket.has_acls() && !wanted.document) return errors::acl_not_supported();
  const std::string& owner = owned.parties.owner;
  Acl acl;
  if (wanted.document) {
    acl = TRY(read_acl_document(call, *wanted.document, owner));
  } else {
    acl = TRY(to_acl(wanted.headers, owned.target, owned.parties));
  }
  const bool is_default = acl == owner_s_acl(owner);
  if (!bucket.has_acls() && !is_default) return errors::acl_not_supported();
  TRY(check_public_acl(call, txn, bucket, acl, owned.action));
  if (is_default) return std::optional<Acl>();
  return std::optional(std::move(acl));
}

}  // namespace

Result<GetBucketAclOutput> get_bucket_acl(Call& call, const GetBucketAclInput& input) {
  const BucketName name(input.bucket.value_or(""));
  const BucketRecord bucket = TRY(find_bucket(call, *call.metadata.begin_read(), name, input.expected_bucket_owner));
  const std::string owner = canonical_user_id(bucket.owner);
  const bool has_own = bucket.has_acls() && bucket.acl;
  return write_acl<GetBucketAclOutput>(has_own ? *bucket.acl : owner_s_acl(owner), owner);
}

Result<PutBucketAclOutput> put_bucket_acl(Call& call, const PutBucketAclInput& input) {
  const Wanted wanted = TRY(read_wanted(call, input));
  const BucketName name(input.bucket.value_or(""));
  TRY(metadata::run_transaction(call.metadata, [&](metadata::Transaction& txn) -> Result<> {
    BucketRecord bucket = TRY(find_bucket(call, txn, name, input.expected_bucket_owner));
    const std::string owner = canonical_user_id(bucket.owner);
    bucket.acl = TRY(resolve(call, txn, bucket, wanted,
                             {.target = AclTarget::bucket,
                              .parties = {.owner = owner, .bucket_owner = owner},
                              .action = {.action = "s3:PutBucketAcl", .arn = bucket_arn(name)}}));
    kBuckets.put(txn, {name}, bucket);
    return {};
  }));
  return PutBucketAclOutput{};
}

Result<GetObjectAclOutput> get_object_acl(Call& call, const GetObjectAclInput& input) {
  const ObjectKey key = TRY(read_key(input.key));
  const auto txn = call.metadata.begin_read();
  const BucketName name(input.bucket.value_or(""));
  const BucketRecord bucket = TRY(find_bucket(call, *txn, name, input.expected_bucket_owner));
  const std::optional<VersionId> version = TRY(read_version_id(bucket.versioning, input.version_id));
  const ObjectRecord object = TRY(find_wanted(call, *txn, bucket, key, version)).record;
  const std::string owner = owner_id(bucket, object);
  const bool has_own = bucket.has_acls() && object.acl;
  return write_acl<GetObjectAclOutput>(has_own ? *object.acl : owner_s_acl(owner), owner);
}

Result<PutObjectAclOutput> put_object_acl(Call& call, const PutObjectAclInput& input) {
  const Wanted wanted = TRY(read_wanted(call, input));
  const ObjectKey key = TRY(read_key(input.key));
  const BucketName name(input.bucket.value_or(""));
  TRY(metadata::run_transaction(call.metadata, [&](metadata::Transaction& txn) -> Result<> {
    const BucketRecord bucket = TRY(find_bucket(call, txn, name, input.expected_bucket_owner));
    const std::optional<VersionId> version = TRY(read_version_id(bucket.versioning, input.version_id));
    auto [object, row] = TRY(find_changeable(call, txn, bucket, key, version));
    const Owned owned{.target = AclTarget::object,
                      .parties = {.owner = owner_id(bucket, object), .bucket_owner = canonical_user_id(bucket.owner)},
                      .action = {.action = "s3:PutObjectAcl", .arn = object_arn(name, key)}};
    std::optional<Acl> acl = TRY(resolve(call, txn, bucket, wanted, owned));
    // What was given before ACLs were disabled comes back with them.
    if (!bucket.has_acls()) return {};
    object.acl = std::move(acl);
    kObjects.put(txn, row, object);
    return {};
  }));
  return PutObjectAclOutput{};
}

}  // namespace aerolith::s3
