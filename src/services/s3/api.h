// What other parts of the program may know of S3's records.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "auth/credentials.h"
#include "base/result.h"
#include "base/strong_string.h"
#include "base/time.h"
#include "metadata/store.h"
#include "objects/extent.h"
#include "objects/object_store.h"

namespace aerolith::gateway {
class Authorizer;
}

namespace aerolith::s3 {

// Calls visit(extent, what names it) for every extent that a record names, once for each record. For `aerolith fsck`.
metadata::Result<> for_each_extent(
    metadata::Store& metadata,
    const std::function<metadata::Result<>(const objects::Extent&, const std::string&)>& visit);

// Block Public Access of an account, for all its buckets.
// https://docs.aws.amazon.com/AmazonS3/latest/API/API_control_PublicAccessBlockConfiguration.html
struct AccountPublicAccessBlock {
  bool block_public_acls = false;
  bool ignore_public_acls = false;
  bool block_public_policy = false;
  bool restrict_public_buckets = false;
};
// nullopt where none is set.
metadata::Result<std::optional<AccountPublicAccessBlock>> find_public_access_block(metadata::Store& metadata,
                                                                                   const AccountId& account);
// nullopt takes it away. Durable on return; holds from the next call on.
metadata::Result<> set_public_access_block(metadata::Store& metadata, const AccountId& account,
                                           const std::optional<AccountPublicAccessBlock>& block);

// A file that a service of AWS's writes into somebody's bucket in its own name: flow logs.
// https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/AWS-logs-infrastructure-S3.html
struct ServiceFile {
  std::string service;  // delivery.logs.amazonaws.com
  AccountId account;    // on whose behalf: aws:SourceAccount
  std::string source;   // aws:SourceArn
  std::string bucket;
  std::string key;
  std::string content_type;
  std::string bytes;
};
enum class ServiceFileFault : uint8_t { no_such_bucket, denied, failed };
struct ServiceFileError {
  ServiceFileFault fault = ServiceFileFault::failed;
  std::string detail;
};
// Whether it could be put now, whatever its bytes. In a bucket of the account's own unless the bucket's policy denies
// it; in another one's where the policy allows it to the service. Throws std::runtime_error for a policy that can't be
// read.
aerolith::Result<void, ServiceFileError> may_put_service_file(metadata::Store& metadata, const ServiceFile& file);
// The bucket's owner owns it. Durable on return; put again under the same key, it replaces the first.
aerolith::Result<void, ServiceFileError> put_service_file(metadata::Store& metadata, objects::ObjectStore& objects,
                                                          const ServiceFile& file, Timestamp now);

// What a service of AWS's reads with the rights of a role that it has assumed: disks that VM Import takes in.
struct RoleReader {
  metadata::Store& metadata;
  objects::ObjectStore& objects;
  const gateway::Authorizer& authorizer;
  std::shared_ptr<const auth::AccessKey> key;  // of the role's session
  Region region;                               // this installation's
  Timestamp now;
};
struct ObjectPlace {
  std::string bucket;
  std::string key;
};
struct ObjectFacts {
  uint64_t size_bytes = 0;
  std::string etag;  // without quotes
};
struct ObjectStretch {
  std::string_view etag;  // of the object that it is a part of
  uint64_t offset_bytes = 0;
  uint64_t size_bytes = 0;  // fewer come at the object's end
};
enum class RoleReadFault : uint8_t {
  denied,  // by the role's policies or the bucket's; also where nobody may read it: it is archived
  no_such_bucket,
  no_such_key,
  other_region,
  changed,  // it is another object by now
  failed,
};
using RoleReadError = Failure<RoleReadFault>;
// Asks whether the role may s3:GetBucketLocation, s3:ListBucket and s3:GetObject. Throws std::runtime_error for a
// policy that can't be read.
aerolith::Result<ObjectFacts, RoleReadError> look_at_object(const RoleReader& reader, const ObjectPlace& name);
// The same, and gives `take` the bytes piece by piece, each at most a MiB; false ends it early.
aerolith::Result<void, RoleReadError> read_object(const RoleReader& reader, const ObjectPlace& name,
                                                  const ObjectStretch& part,
                                                  const std::function<bool(std::string_view)>& take);

// The buckets of an account.
metadata::Result<uint64_t> count_buckets(metadata::ReadTransaction& txn, const AccountId& account);
// What S3 keeps of an account that has no buckets any more.
void erase_account(metadata::Transaction& txn, const AccountId& account);

}  // namespace aerolith::s3
