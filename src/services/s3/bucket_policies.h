// The policies of buckets, compiled: what decides together with those of the caller.
// https://docs.aws.amazon.com/AmazonS3/latest/userguide/bucket-policies.html
#pragma once

#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>

#include "gateway/authorize.h"
#include "metadata/store.h"
#include "services/s3/tables.h"

namespace aerolith::s3 {

inline constexpr size_t kMaxPolicyBytes = 20 * 1024;

// Safe from any thread. The store must outlive it.
class BucketPolicies {
 public:
  explicit BucketPolicies(metadata::Store& metadata) : metadata_(metadata) {}

  // Of the bucket that an ARN names; nullopt where there is none. Throws std::runtime_error when it can't be read: a
  // policy that denies must not be passed over.
  std::optional<gateway::ResourcePolicy> find(std::string_view resource_arn);

  // Whether the bucket of a request's path has a policy at all.
  bool has_policy(std::string_view path);

 private:
  std::optional<gateway::StoredPolicy> find_compiled(const std::string& revision);
  gateway::StoredPolicy compile(metadata::ReadTransaction& txn, const BucketName& name, const BucketRecord& bucket);

  metadata::Store& metadata_;
  std::mutex mutex_;
  std::unordered_map<std::string, gateway::StoredPolicy> by_revision_;
};

}  // namespace aerolith::s3
