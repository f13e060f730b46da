#include "services/s3/resource_access.h"

#include <algorithm>
#include <string>

#include "policy/public_access.h"
#include "services/s3/access.h"
#include "services/s3/public_access.h"
#include "services/s3/requests.h"
#include "services/s3/versions.h"

namespace aerolith::s3 {
namespace {

constexpr std::string_view kArnPrefix = "arn:aws:s3:::";
constexpr std::string_view kPutAcl = "s3:PutObjectAcl";
constexpr std::string_view kDelete = "s3:DeleteObject";
constexpr std::string_view kPut = "s3:PutObject";

struct Place {
  BucketName bucket;
  std::optional<ObjectKey> key;
};

std::optional<Place> read_arn(std::string_view arn) {
  if (!arn.starts_with(kArnPrefix)) return std::nullopt;
  arn.remove_prefix(kArnPrefix.size());
  const size_t slash = std::min(arn.find('/'), arn.size());
  Place place{.bucket = BucketName(std::string(arn.substr(0, slash))), .key = std::nullopt};
  if (slash < arn.size()) place.key = ObjectKey(std::string(arn.substr(slash + 1)));
  return place;
}

BucketName bucket_of_path(std::string_view path) {
  if (path.starts_with('/')) path.remove_prefix(1);
  return BucketName(std::string(path.substr(0, path.find('/'))));
}

// What acts on an object as it is, which is its owner's affair; to write, to delete and to restore is the bucket's.
bool is_of_object(std::string_view action) {
  constexpr std::string_view kStarts[] = {"s3:GetObject",
                                          "s3:PutObjectAcl",
                                          "s3:PutObjectVersionAcl",
                                          "s3:PutObjectTagging",
                                          "s3:PutObjectVersionTagging",
                                          "s3:DeleteObjectTagging",
                                          "s3:DeleteObjectVersionTagging"};
  return std::ranges::any_of(kStarts, [&](std::string_view start) { return action.starts_with(start); });
}

bool is_of_upload(std::string_view action) {
  return action == "s3:AbortMultipartUpload" || action == "s3:ListMultipartUploadParts";
}

}  // namespace

struct ResourceAccess::Question {
  const gateway::CallContext& context;
  const gateway::AccessNeed& need;
  const BucketRecord& bucket;
  const std::optional<ObjectKey>& key;
};

std::optional<gateway::ResourcePolicy> ResourceAccess::find(const gateway::CallContext& context,
                                                            const gateway::AccessNeed& need) {
  const std::optional<Place> place = read_arn(need.resource);
  if (!place) return std::nullopt;
  std::optional<BucketAndPolicy> found = policies_.find(place->bucket);
  if (!found) return std::nullopt;
  const BucketRecord& bucket = found->bucket;
  gateway::ResourcePolicy access{.owner = bucket.owner, .policy = std::move(found->policy)};
  const bool is_of_bucket_s_account = context.key != nullptr && context.principal().account == bucket.owner;
  // Most calls end here: the root, in a bucket of its own that has nothing to say.
  if (!bucket.has_acls() && gateway::Authorizer::is_unlimited(context.key.get(), &access)) return access;

  access.caller_canonical_id = caller_id(context);
  if (access.policy && !is_of_bucket_s_account && policy::is_public(*access.policy->policy) &&
      block_of(bucket).restrict_public_buckets) {
    access.own_account_only = true;
    return access;
  }
  const Question question{.context = context, .need = need, .bucket = bucket, .key = place->key};
  if (bucket.has_acls()) add_object(question, access);
  if (!is_of_bucket_s_account && is_of_upload(need.action)) add_initiator(question, access);
  access.add_keys = [this, need, bucket, key = place->key, &context](policy::Context& keys) {
    keys.replace("aws:ResourceAccount", bucket.owner.view());
    keys.replace("s3:ResourceAccount", bucket.owner.view());
    keys.remove_prefix("s3:ExistingObjectTag/");
    if (!key || need.makes_resource || !is_of_object(need.action)) return;
    const auto object = read_object({.context = context, .need = need, .bucket = bucket, .key = key});
    if (object) add_existing_tags(*object, keys);
  };
  return access;
}

void ResourceAccess::add_object(const Question& question, gateway::ResourcePolicy& access) {
  const std::string_view action = question.need.action;
  std::optional<ObjectRecord> object;
  if (question.need.makes_resource && action == kPutAcl) {
    // Whoever writes an object owns it, and may say who else may what.
    access.listed = policy::PrincipalMatch::account;
    return;
  }
  const bool is_own_affair = is_of_object(action);
  if (question.key && (is_own_affair || action == kPut || action == kDelete)) object = read_object(question);
  if (object && is_own_affair && !object->owner.empty()) {
    access.owner = object->owner;
    access.only_denies = true;
  }
  add_list(question, object, access);
}

void ResourceAccess::add_list(const Question& question, const std::optional<ObjectRecord>& object,
                              gateway::ResourcePolicy& access) {
  const std::optional<AclRequirement> wanted = acl_requirement(question.need.action);
  if (!wanted) return;
  const BucketRecord& bucket = question.bucket;
  // Of what isn't there, those may know who may list the bucket.
  const bool by_object = wanted->target == AclTarget::object && object;
  Acl acl;
  if (by_object) {
    acl = object->acl.value_or(owner_s_acl(owner_id(bucket, *object)));
  } else {
    acl = bucket.acl.value_or(owner_s_acl(canonical_user_id(bucket.owner)));
  }
  if (is_public(acl) && block_of(bucket).ignore_public_acls) acl = without_public_grants(acl);
  const AclCaller caller{.canonical_id = access.caller_canonical_id, .is_signed = question.context.key != nullptr};
  // "For the bucket and object owners of existing objects, also allows deletions and overwrites of those objects."
  const bool is_another_s =
      wanted->permission == AclPermission::write && object && owner_id(bucket, *object) != access.caller_canonical_id;
  if (!is_another_s) access.listed = match(acl, wanted->permission, caller);
}

// Who began an upload may see it and abort it.
// https://docs.aws.amazon.com/AmazonS3/latest/userguide/mpuoverview.html#mpuAndPermissions
void ResourceAccess::add_initiator(const Question& question, gateway::ResourcePolicy& access) {
  if (!question.key) return;
  const auto upload = kUploads.newest(metadata_, {question.bucket.id, *question.key, UploadId(question.need.instance)});
  if (!upload.has_value() || !*upload || (*upload)->initiator.empty()) return;
  if ((*upload)->initiator == caller_account(question.context)) access.listed = policy::PrincipalMatch::account;
}

std::optional<ObjectRecord> ResourceAccess::read_object(const Question& question) {
  const std::string& version = question.need.instance;
  std::optional<ObjectRecord> object;
  if (version.empty()) {
    object = value_or_throw(kObjects.newest(metadata_, current_version(question.bucket.id, *question.key)));
  } else {
    const auto txn = metadata_.begin_read();
    auto found =
        find_version(*txn, question.bucket.id, *question.key, VersionId(version == "null" ? std::string() : version));
    if (!found.has_value()) throw std::runtime_error("an object's access can't be read: " + found.error().message);
    if (*found) object = std::move((*found)->record);
  }
  if (object && object->is_delete_marker) object.reset();
  return object;
}

PublicAccessBlock ResourceAccess::block_of(const BucketRecord& bucket) {
  const auto account = value_or_throw(kAccounts.newest(metadata_, {bucket.owner}));
  return combine(bucket.public_access, account ? account->public_access : kNoBlock);
}

bool ResourceAccess::may_admit_anonymous(std::string_view path) {
  const auto bucket = value_or_throw(kBuckets.newest(metadata_, {bucket_of_path(path)}));
  return bucket && (bucket->has_acls() || !bucket->policy_revision.empty());
}

std::optional<AccountId> ResourceAccess::owner_of_bucket(std::string_view resource_arn) {
  const std::optional<Place> place = read_arn(resource_arn);
  if (!place) return std::nullopt;
  const auto bucket = value_or_throw(kBuckets.newest(metadata_, {place->bucket}));
  return bucket ? std::optional(bucket->owner) : std::nullopt;
}

std::optional<Region> ResourceAccess::region_of_bucket(std::string_view path) {
  const auto bucket = value_or_throw(kBuckets.newest(metadata_, {bucket_of_path(path)}));
  return bucket ? std::optional(bucket->region) : std::nullopt;
}

}  // namespace aerolith::s3
