// The policies of buckets, compiled: what decides together with those of the caller.
// https://docs.aws.amazon.com/AmazonS3/latest/userguide/bucket-policies.html
#pragma once

#include <memory>
#include <mutex>
#include <optional>
#include <stdexcept>
#include <string>
#include <unordered_map>

#include "gateway/authorize.h"
#include "metadata/store.h"
#include "services/s3/tables.h"

namespace aerolith::s3 {

inline constexpr size_t kMaxPolicyBytes = 20 * 1024;

// For what decides about access: a store that can't be read must fail the call.
template <typename T>
T value_or_throw(metadata::Result<T> result) {
  if (!result.has_value()) throw std::runtime_error("access can't be decided: " + result.error().detail);
  return *std::move(result);
}

// Of the same moment.
struct BucketAndPolicy {
  BucketRecord bucket;
  std::optional<gateway::StoredPolicy> policy;
};

// Safe from any thread. The store must outlive it.
class BucketPolicies {
 public:
  explicit BucketPolicies(metadata::Store& metadata) : metadata_(metadata) {}

  // nullopt where there is no such bucket. Throws std::runtime_error when something can't be read: a policy that denies
  // must not be passed over.
  std::optional<BucketAndPolicy> find(const BucketName& name);

 private:
  std::optional<gateway::StoredPolicy> find_compiled(const std::string& revision);
  gateway::StoredPolicy compile(metadata::ReadTransaction& txn, const BucketName& name, const BucketRecord& bucket);

  metadata::Store& metadata_;
  std::mutex mutex_;
  std::unordered_map<std::string, gateway::StoredPolicy> by_revision_;
};

}  // namespace aerolith::s3
