#include "services/s3/requests.h"

#include <algorithm>

#include "base/digest.h"

namespace aerolith::s3 {
namespace {

constexpr size_t kAccountDigits = 12;

bool is_account_id(std::string_view text) {
  return text.size() == kAccountDigits && std::ranges::all_of(text, [](char c) { return c >= '0' && c <= '9'; });
}

}  // namespace

Result<BucketRecord> find_bucket(const Call&, metadata::ReadTransaction& txn, const BucketName& name,
                                 const std::optional<std::string>& expected_owner) {
  if (expected_owner && !is_account_id(*expected_owner)) return errors::invalid_owner_account(*expected_owner);
  std::optional<BucketRecord> bucket = TRY(kBuckets.get(txn, {name}));
  if (!bucket) return errors::no_such_bucket(name);
  if (expected_owner && *expected_owner != bucket->owner.str()) return errors::access_denied();
  return *std::move(bucket);
}

Result<ObjectKey> read_key(const std::optional<std::string>& key) {
  ObjectKey result(key.value_or(""));
  if (result.str().size() > kMaxKeyBytes) return errors::key_too_long(result);
  return result;
}

std::string canonical_user_id(const AccountId& account) {
  if (account.view() == kAnonymousAccount) return std::string(kAnonymousId);
  // Most calls of a thread are of one account.
  thread_local AccountId last;
  thread_local std::string id;
  if (id.empty() || last != account) {
    id = sha256_hex("canonical user " + account.str());
    last = account;
  }
  return id;
}

AccountId caller_account(const gateway::CallContext& context) {
  return context.key ? context.key->principal.account : AccountId(std::string(kAnonymousAccount));
}

std::string caller_id(const gateway::CallContext& context) { return canonical_user_id(caller_account(context)); }

std::string owner_id(const BucketRecord& bucket, const ObjectRecord& object) {
  return canonical_user_id(bucket.has_acls() && !object.owner.empty() ? object.owner : bucket.owner);
}

std::string quoted(std::string_view etag) {
  std::string out;
  out.reserve(etag.size() + 2);
  out += '"';
  out += etag;
  out += '"';
  return out;
}

Timestamp whole_seconds(Timestamp t) { return std::chrono::floor<std::chrono::seconds>(t); }

std::string bucket_arn(const BucketName& bucket) { return "arn:aws:s3:::" + bucket.str(); }

std::string object_arn(const BucketName& bucket, const ObjectKey& key) { return bucket_arn(bucket) + "/" + key.str(); }

}  // namespace aerolith::s3
