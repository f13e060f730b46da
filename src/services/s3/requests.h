// What the handlers of many operations check first: the bucket, the key, the version, the owner.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "services/s3/call.h"
#include "services/s3/errors.h"
#include "services/s3/tables.h"

namespace aerolith::s3 {

// The bucket, which must belong to the caller and to `expected_owner` where that is given: NoSuchBucket,
// AccessDenied, InvalidBucketOwnerAWSAccountID.
Result<BucketRecord> find_bucket(const Call& call, metadata::ReadTransaction& txn, const BucketName& name,
                                 const std::optional<std::string>& expected_owner);

// The key of a request: KeyTooLongError over 1,024 bytes; InvalidURI-like nonsense doesn't get here.
Result<ObjectKey> read_key(const std::optional<std::string>& key);

// The id by which S3 names an account in listings: 64 hex digits, always the same for an account.
std::string canonical_user_id(const AccountId& account);

// The account of an anonymous caller, who owns what he writes as well as others do.
inline constexpr std::string_view kAnonymousAccount = "anonymous";
AccountId caller_account(const gateway::CallContext& context);
std::string caller_id(const gateway::CallContext& context);

// Whose an object is: the bucket's owner's where he is enforced, else the account's that wrote it.
std::string owner_id(const BucketRecord& bucket, const ObjectRecord& object);

// "\"etag\"", as it goes over the wire.
std::string quoted(std::string_view etag);

// Last-Modified and its like have whole seconds only.
Timestamp whole_seconds(Timestamp t);

std::string bucket_arn(const BucketName& bucket);
std::string object_arn(const BucketName& bucket, const ObjectKey& key);

// The region that no location constraint names.
inline constexpr std::string_view kRegionWithoutConstraint = "us-east-1";

}  // namespace aerolith::s3
