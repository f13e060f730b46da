// Who owns what a call acts on, and what decides there beside the caller's own policies: the bucket's policy, access
// control lists, Block Public Access.
// https://docs.aws.amazon.com/AmazonS3/latest/userguide/how-s3-evaluates-access-control.html
#pragma once

#include <optional>
#include <string_view>

#include "gateway/call.h"
#include "metadata/store.h"
#include "services/s3/bucket_policies.h"

namespace aerolith::s3 {

// Safe from any thread. The store must outlive it. Throws std::runtime_error for what can't be read: a policy that
// denies must not be passed over.
class ResourceAccess {
 public:
  explicit ResourceAccess(metadata::Store& metadata) : metadata_(metadata), policies_(metadata) {}

  // Of the bucket that the need's ARN names, or of an object in it; nullopt where there is no such bucket. A need's
  // instance is the version, or the upload, that the request names.
  std::optional<gateway::ResourcePolicy> find(const gateway::CallContext& context, const gateway::AccessNeed& need);

  // Whether anything at the bucket of a request's path could let in a caller without a signature.
  bool may_admit_anonymous(std::string_view path);

  // nullopt where there is no such bucket.
  std::optional<AccountId> owner_of_bucket(std::string_view resource_arn);
  std::optional<Region> region_of_bucket(std::string_view path);

 private:
  struct Question;

  void add_object(const Question& question, gateway::ResourcePolicy& access);
  void add_list(const Question& question, const std::optional<ObjectRecord>& object, gateway::ResourcePolicy& access);
  void add_initiator(const Question& question, gateway::ResourcePolicy& access);
  std::optional<ObjectRecord> read_object(const Question& question);
  PublicAccessBlock block_of(const BucketRecord& bucket);

  metadata::Store& metadata_;
  BucketPolicies policies_;
};

}  // namespace aerolith::s3
