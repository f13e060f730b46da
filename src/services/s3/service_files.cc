// Files that services of AWS's write in their own name.
#include "gateway/call.h"
#include "policy/evaluate.h"
#include "services/s3/api.h"
#include "services/s3/bucket_policies.h"
#include "services/s3/object_rows.h"
#include "services/s3/payload.h"
#include "services/s3/requests.h"
#include "services/s3/versions.h"

namespace aerolith::s3 {
namespace {

std::unexpected<ServiceFileError> refused(ServiceFileFault fault, std::string detail) {
  return std::unexpected(ServiceFileError{.fault = fault, .detail = std::move(detail)});
}

bool is_allowed(const BucketAndPolicy& found, const ServiceFile& file) {
  const bool is_own = found.bucket.owner == file.account;
  if (!found.policy) return is_own;
  policy::Context keys;
  keys.set("aws:SourceAccount", file.account.view());
  keys.set("aws:SourceArn", file.source);
  keys.set("aws:SecureTransport", "true");  // it goes over no wire at all
  keys.set("s3:x-amz-acl", "bucket-owner-full-control");
  const policy::Principal service{.type = policy::PrincipalType::service, .service = file.service};
  const std::string arn = object_arn(BucketName(file.bucket), ObjectKey(file.key));
  const policy::NamedPolicy named{.policy = found.policy->policy.get(), .name = found.policy->name};
  const policy::Decision decision = policy::evaluate({.principal = service,
                                                      .action = "s3:PutObject",
                                                      .resource = arn,
                                                      .resource_account = found.bucket.owner.view(),
                                                      .context = keys},
                                                     {.resource = &named});
  if (decision.verdict == policy::Verdict::explicit_deny) return false;
  return is_own || decision.allowed();
}

Result<> put(const Call& call, const ServiceFile& file) {
  const BucketName bucket_name(file.bucket);
  const ObjectKey key(file.key);
  PayloadWriter writer(call, file.bytes.size(), ChecksumAlgorithm::crc64nvme);
  TRY(writer.append(file.bytes));
  StoredPayload payload = TRY(writer.finish());
  ObjectRecord object;
  object.headers.content_type = file.content_type;
  object.last_modified = whole_seconds(call.context.now);
  object.etag = payload.etag;
  object.size_bytes = payload.staged.extent().size_bytes;
  object.checksum = payload.checksum;
  return metadata::run_transaction(call.metadata, [&](metadata::Transaction& txn) -> Result<> {
    const std::optional<BucketRecord> bucket = TRY(kBuckets.get(txn, {bucket_name}));
    if (!bucket) return errors::no_such_bucket(bucket_name);
    object.extent = TRY(call.objects.commit(txn, payload.staged));
    return put_version(call, txn, *bucket, key, object);
  });
}

}  // namespace

aerolith::Result<void, ServiceFileError> may_put_service_file(metadata::Store& metadata, const ServiceFile& file) {
  BucketPolicies policies(metadata);
  const std::optional<BucketAndPolicy> found = policies.find(BucketName(file.bucket));
  if (!found) return refused(ServiceFileFault::no_such_bucket, "there is no bucket " + file.bucket);
  if (!is_allowed(*found, file)) {
    return refused(ServiceFileFault::denied, "the policy of the bucket " + file.bucket + " doesn't let it in");
  }
  return {};
}

aerolith::Result<void, ServiceFileError> put_service_file(metadata::Store& metadata, objects::ObjectStore& objects,
                                                          const ServiceFile& file, Timestamp now) {
  TRY(may_put_service_file(metadata, file));
  gateway::CallContext context;
  context.now = now;
  const auto done = put({.context = context, .metadata = metadata, .objects = objects}, file);
  if (done.has_value()) return {};
  const bool is_gone = done.error().code == "NoSuchBucket";
  return refused(is_gone ? ServiceFileFault::no_such_bucket : ServiceFileFault::failed, done.error().message);
}

}  // namespace aerolith::s3
