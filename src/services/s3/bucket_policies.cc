#include "services/s3/bucket_policies.h"

#include "services/s3/requests.h"

namespace aerolith::s3 {
namespace {

constexpr size_t kMostCompiled = 1024;

}  // namespace

std::optional<BucketAndPolicy> BucketPolicies::find(const BucketName& name) {
  std::optional<BucketRecord> bucket = value_or_throw(kBuckets.newest(metadata_, {name}));
  std::optional<gateway::StoredPolicy> policy;
  if (bucket && !bucket->policy_revision.empty()) {
    policy = find_compiled(bucket->policy_revision);
    if (!policy) {
      // Its text, with the record of the same moment: that may be another one by now.
      const auto txn = metadata_.begin_read();
      bucket = value_or_throw(kBuckets.get(*txn, {name}));
      if (bucket && !bucket->policy_revision.empty()) policy = compile(*txn, name, *bucket);
    }
  }
  if (!bucket) return std::nullopt;
  return BucketAndPolicy{.bucket = *std::move(bucket), .policy = std::move(policy)};
}

std::optional<gateway::StoredPolicy> BucketPolicies::find_compiled(const std::string& revision) {
  const std::lock_guard lock(mutex_);
  const auto found = by_revision_.find(revision);
  if (found == by_revision_.end()) return std::nullopt;
  return found->second;
}

gateway::StoredPolicy BucketPolicies::compile(metadata::ReadTransaction& txn, const BucketName& name,
                                              const BucketRecord& bucket) {
  const std::optional<BucketPolicyRecord> record = value_or_throw(kBucketPolicies.get(txn, {bucket.id}));
  if (!record) throw std::runtime_error("a bucket's policy is missing");
  auto parsed =
      policy::parse_policy(iam::bound_document(record->document, record->principals), policy::PolicyKind::resource);
  if (!parsed) throw std::runtime_error("a bucket's policy can't be read: " + parsed.error().message);
  gateway::StoredPolicy stored{bucket_arn(name), std::make_shared<const policy::Policy>(*std::move(parsed))};
  const std::lock_guard lock(mutex_);
  if (by_revision_.size() >= kMostCompiled) by_revision_.clear();
  return by_revision_.emplace(bucket.policy_revision, std::move(stored)).first->second;
}

}  // namespace aerolith::s3
