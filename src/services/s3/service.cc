// The table of this service: a row for each operation, with its handler, its IAM action and what it acts on.
// Actions and resources: https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazons3.html
#include "services/s3/service.h"

#include <utility>
#include <vector>

#include "gateway/access_check.h"
#include "s3/model.h"
#include "s3/operations.h"
#include "services/s3/access.h"
#include "services/s3/features.h"
#include "services/s3/operations/operations.h"
#include "services/s3/requests.h"
#include "services/s3/resource_access.h"

namespace aerolith::s3 {
namespace {

using gateway::CallContext;

// arn:aws:s3:::bucket, or arn:aws:s3:::bucket/key for what acts on an object.
template <typename Input>
std::string arn_of(const CallContext&, const Input& input) {
  std::string arn = "arn:aws:s3:::";
  if constexpr (requires { input.bucket; }) arn += input.bucket.value_or("");
  if constexpr (requires { input.key; }) arn += "/" + input.key.value_or("");
  return arn;
}

// What no single bucket stands for.
template <typename Input>
std::string any_resource(const CallContext&, const Input&) {
  return "*";
}

template <auto handler>
struct Guarded;
template <typename Input, typename Output, Result<Output> (*handler)(Call&, const Input&)>
struct Guarded<handler> {
  using InputType = Input;
  // No handler runs for a request that wants what we don't have.
  static ApiResult<Output> run(Call& call, const Input& input) {
    TRY(check_features(*call.context.head));
    ApiResult<Output> answer = handler(call, input);
    if constexpr (requires { input.key; }) TRY(hide_absence(call, BucketName(input.bucket.value_or("")), answer));
    return answer;
  }

 private:
  // Who may not list a bucket is not told either which keys it lacks.
  // https://docs.aws.amazon.com/AmazonS3/latest/API/API_GetObject.html
  static ApiResult<void> hide_absence(const Call& call, const BucketName& bucket, const ApiResult<Output>& answer) {
    if (answer.has_value() || answer.error().code != "NoSuchKey") return {};
    return call.context.access->require({"s3:ListBucket", bucket_arn(bucket)});
  }
};

class TableBuilder {
 public:
  explicit TableBuilder(const Stores& stores)
      : stores_(std::make_shared<const Stores>(stores)), access_(std::make_shared<ResourceAccess>(stores.metadata)) {
    table_.model = &service();
    table_.resource_policy = [access = access_](const CallContext& context, const gateway::AccessNeed& need) {
      return access->find(context, need);
    };
    table_.may_admit_anonymous = [access = access_](std::string_view path) {
      return access->may_admit_anonymous(path);
    };
  }

  template <auto handler>
  void row(OperationId id, std::string_view action) {
    row<handler>(id, action, &arn_of<typename Guarded<handler>::InputType>);
  }
  template <auto handler, typename ResourceOf>
  void row(OperationId id, std::string_view action, ResourceOf resource_of) {
    auto make_call = [stores = stores_](CallContext& context) {
      return Call{
          .context = context, .metadata = stores->metadata, .objects = stores->objects, .accounts = &stores->accounts};
    };
    table_.operations.push_back(
        gateway::make_entry<Call>(static_cast<uint16_t>(id), action, make_call, resource_of, &Guarded<handler>::run));
    add_policy_parts<typename Guarded<handler>::InputType>(table_.operations.back());
  }
  // The handler finds out who calls, and whether he may.
  template <auto handler>
  void row_with_own_check(OperationId id, std::string_view action) {
    row<handler>(id, action);
    table_.operations.back().caller_proof = gateway::CallerProof::body;
  }
  // The handler asks about each thing that the body names.
  template <auto handler>
  void row_with_own_needs(OperationId id, std::string_view action) {
    row<handler>(id, action);
    table_.operations.back().needs = [](const CallContext&, const void*) { return std::vector<gateway::AccessNeed>(); };
  }
  // Not even a policy that denies all keeps the root of the bucket's account from changing that policy.
  // https://docs.aws.amazon.com/AmazonS3/latest/API/API_DeleteBucketPolicy.html
  template <auto handler>
  void row_of_policy(OperationId id, std::string_view action) {
    row<handler>(id, action);
    using Input = typename Guarded<handler>::InputType;
    table_.operations.back().needs = [access = access_, action](const CallContext& context, const void* input) {
      const std::string arn = arn_of(context, *static_cast<const Input*>(input));
      std::vector<gateway::AccessNeed> needs;
      const auto owner = context.principal().is_root() ? access->owner_of_bucket(arn) : std::nullopt;
      if (!owner || owner != context.principal().account) needs.push_back({std::string(action), arn});
      return needs;
    };
  }
  // A refused caller is told where the bucket is.
  // https://docs.aws.amazon.com/AmazonS3/latest/API/API_HeadBucket.html
  template <auto handler>
  void row_that_tells_region(OperationId id, std::string_view action) {
    row<handler>(id, action);
    table_.operations.back().refusal_headers = [access = access_](const CallContext&, std::string_view path) {
      std::vector<std::pair<std::string, std::string>> headers;
      if (const auto region = access->region_of_bucket(path))
        headers.emplace_back("x-amz-bucket-region", region->str());
      return headers;
    };
  }
  // What the request names is there afterwards, not before.
  template <auto handler>
  void row_that_makes_bucket(OperationId id, std::string_view action) {
    row<handler>(id, action);
    table_.operations.back().makes_resource = true;
    using Input = typename Guarded<handler>::InputType;
    table_.operations.back().needs = [](const CallContext& context, const void* input) {
      const Input& typed = *static_cast<const Input*>(input);
      return new_bucket_needs(arn_of(context, typed), typed);
    };
  }
  gateway::ServiceTable take() { return std::move(table_); }

 private:
  template <typename Input>
  void add_policy_parts(gateway::OperationEntry& entry) {
    entry.conditions = [](const CallContext& context, const void* input, policy::Context& keys) {
      add_conditions(context, *static_cast<const Input*>(input), keys);
    };
    if constexpr (requires(Input input) { input.key; }) {
      entry.needs = [action = entry.iam_action](const CallContext& context, const void* input) {
        const Input& typed = *static_cast<const Input*>(input);
        return object_needs(action, arn_of(context, typed), typed);
      };
    }
  }

  std::shared_ptr<const Stores> stores_;
  std::shared_ptr<ResourceAccess> access_;
  gateway::ServiceTable table_;
};

}  // namespace

gateway::ServiceTable make_service(const Stores& stores) {
  using enum OperationId;
  TableBuilder table(stores);
  table.row<s3::abort_multipart_upload>(abort_multipart_upload, "s3:AbortMultipartUpload");
  table.row<s3::complete_multipart_upload>(complete_multipart_upload, "s3:PutObject");
  table.row<s3::copy_object>(copy_object, "s3:PutObject");
  table.row_that_makes_bucket<s3::create_bucket>(create_bucket, "s3:CreateBucket");
  table.row<s3::create_multipart_upload>(create_multipart_upload, "s3:PutObject");
  table.row<s3::delete_bucket>(delete_bucket, "s3:DeleteBucket");
  table.row<s3::delete_bucket_cors>(delete_bucket_cors, "s3:PutBucketCORS");
  table.row<s3::delete_bucket_encryption>(delete_bucket_encryption, "s3:PutEncryptionConfiguration");
  table.row<s3::delete_bucket_lifecycle>(delete_bucket_lifecycle, "s3:PutLifecycleConfiguration");
  table.row<s3::delete_bucket_ownership_controls>(delete_bucket_ownership_controls, "s3:PutBucketOwnershipControls");
  table.row_of_policy<s3::delete_bucket_policy>(delete_bucket_policy, "s3:DeleteBucketPolicy");
  table.row<s3::delete_bucket_replication>(delete_bucket_replication, "s3:PutReplicationConfiguration");
  table.row<s3::delete_bucket_tagging>(delete_bucket_tagging, "s3:PutBucketTagging");
  table.row<s3::delete_bucket_website>(delete_bucket_website, "s3:DeleteBucketWebsite");
  table.row<s3::delete_object>(delete_object, "s3:DeleteObject");
  table.row<s3::delete_public_access_block>(delete_public_access_block, "s3:PutBucketPublicAccessBlock");
  table.row<s3::delete_object_tagging>(delete_object_tagging, "s3:DeleteObjectTagging");
  table.row_with_own_needs<s3::delete_objects>(delete_objects, "s3:DeleteObject");
  table.row<s3::get_bucket_accelerate_configuration>(get_bucket_accelerate_configuration,
                                                     "s3:GetAccelerateConfiguration");
  table.row<s3::get_bucket_acl>(get_bucket_acl, "s3:GetBucketAcl");
  table.row<s3::get_bucket_cors>(get_bucket_cors, "s3:GetBucketCORS");
  table.row<s3::get_bucket_encryption>(get_bucket_encryption, "s3:GetEncryptionConfiguration");
  table.row<s3::get_bucket_lifecycle_configuration>(get_bucket_lifecycle_configuration, "s3:GetLifecycleConfiguration");
  table.row<s3::get_bucket_location>(get_bucket_location, "s3:GetBucketLocation");
  table.row<s3::get_bucket_logging>(get_bucket_logging, "s3:GetBucketLogging");
  table.row<s3::get_bucket_notification_configuration>(get_bucket_notification_configuration,
                                                       "s3:GetBucketNotification");
  table.row<s3::get_bucket_ownership_controls>(get_bucket_ownership_controls, "s3:GetBucketOwnershipControls");
  table.row_of_policy<s3::get_bucket_policy>(get_bucket_policy, "s3:GetBucketPolicy");
  table.row<s3::get_bucket_policy_status>(get_bucket_policy_status, "s3:GetBucketPolicyStatus");
  table.row<s3::get_bucket_replication>(get_bucket_replication, "s3:GetReplicationConfiguration");
  table.row<s3::get_bucket_request_payment>(get_bucket_request_payment, "s3:GetBucketRequestPayment");
  table.row<s3::get_bucket_tagging>(get_bucket_tagging, "s3:GetBucketTagging");
  table.row<s3::get_bucket_versioning>(get_bucket_versioning, "s3:GetBucketVersioning");
  table.row<s3::get_bucket_website>(get_bucket_website, "s3:GetBucketWebsite");
  table.row<s3::get_object>(get_object, "s3:GetObject");
  table.row<s3::get_object_acl>(get_object_acl, "s3:GetObjectAcl");
  table.row<s3::get_object_attributes>(get_object_attributes, "s3:GetObjectAttributes");
  table.row<s3::get_object_legal_hold>(get_object_legal_hold, "s3:GetObjectLegalHold");
  table.row<s3::get_object_lock_configuration>(get_object_lock_configuration, "s3:GetBucketObjectLockConfiguration");
  table.row<s3::get_object_retention>(get_object_retention, "s3:GetObjectRetention");
  table.row<s3::get_object_tagging>(get_object_tagging, "s3:GetObjectTagging");
  table.row<s3::get_public_access_block>(get_public_access_block, "s3:GetBucketPublicAccessBlock");
  table.row_that_tells_region<s3::head_bucket>(head_bucket, "s3:ListBucket");
  table.row<s3::head_object>(head_object, "s3:GetObject");
  table.row<s3::list_buckets>(list_buckets, "s3:ListAllMyBuckets", &any_resource<ListBucketsInput>);
  table.row<s3::list_multipart_uploads>(list_multipart_uploads, "s3:ListBucketMultipartUploads");
  table.row<s3::list_object_versions>(list_object_versions, "s3:ListBucketVersions");
  table.row<s3::list_objects>(list_objects, "s3:ListBucket");
  table.row<s3::list_objects_v2>(list_objects_v2, "s3:ListBucket");
  table.row<s3::list_parts>(list_parts, "s3:ListMultipartUploadParts");
  table.row_with_own_check<s3::post_object>(post_object, "s3:PutObject");
  table.row<s3::put_bucket_acl>(put_bucket_acl, "s3:PutBucketAcl");
  table.row<s3::put_bucket_ownership_controls>(put_bucket_ownership_controls, "s3:PutBucketOwnershipControls");
  table.row_of_policy<s3::put_bucket_policy>(put_bucket_policy, "s3:PutBucketPolicy");
  table.row<s3::put_public_access_block>(put_public_access_block, "s3:PutBucketPublicAccessBlock");
  table.row<s3::put_bucket_tagging>(put_bucket_tagging, "s3:PutBucketTagging");
  table.row<s3::put_bucket_versioning>(put_bucket_versioning, "s3:PutBucketVersioning");
  table.row<s3::put_object>(put_object, "s3:PutObject");
  table.row<s3::put_object_acl>(put_object_acl, "s3:PutObjectAcl");
  table.row<s3::put_object_tagging>(put_object_tagging, "s3:PutObjectTagging");
  table.row<s3::restore_object>(restore_object, "s3:RestoreObject");
  table.row<s3::upload_part>(upload_part, "s3:PutObject");
  table.row<s3::upload_part_copy>(upload_part_copy, "s3:PutObject");
  return table.take();
}

}  // namespace aerolith::s3
