// The x-amz-copy-source header, and the object that it names.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "services/s3/call.h"
#include "services/s3/conditions.h"
#include "services/s3/errors.h"
#include "services/s3/names.h"
#include "services/s3/ranges.h"
#include "services/s3/tables.h"

namespace aerolith::s3 {

struct CopySource {
  BucketName bucket;
  ObjectKey key;
  std::optional<std::string> version_id;
};

// "[/]bucket/key[?versionId=id]", bucket and key URL-encoded ('+' is a space, as S3 takes it). InvalidArgument.
Result<CopySource> parse_copy_source(std::string_view header);

// What else a request says of the source.
struct CopySourceChecks {
  Conditions conditions;
  const std::optional<std::string>& expected_owner;
};
template <typename Input>
CopySourceChecks source_checks(const Input& input) {
  return {.conditions = {.if_match = input.copy_source_if_match,
                         .if_none_match = input.copy_source_if_none_match,
                         .if_modified_since = input.copy_source_if_modified_since,
                         .if_unmodified_since = input.copy_source_if_unmodified_since},
          .expected_owner = input.expected_source_bucket_owner};
}

// The version to copy. NoSuchBucket, AccessDenied, NoSuchKey, NoSuchVersion, InvalidRequest for a delete marker,
// InvalidObjectState, PreconditionFailed.
Result<ObjectRecord> find_copy_source(const Call& call, metadata::ReadTransaction& txn, const CopySource& source,
                                      const CopySourceChecks& checks);
// What an answer tells as the version that was copied: nothing for the null version, unless it was asked for.
std::optional<std::string> copied_version(const CopySource& source, const ObjectRecord& object);

// The x-amz-copy-source-range header, "bytes=first-last" and nothing else; the whole source where there is none.
// InvalidArgument, InvalidRequest.
Result<ByteRange> read_copy_range(const std::optional<std::string>& header, uint64_t source_size_bytes);

}  // namespace aerolith::s3
