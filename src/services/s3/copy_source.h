// The x-amz-copy-source header.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "services/s3/errors.h"
#include "services/s3/names.h"

namespace aerolith::s3 {

struct CopySource {
  BucketName bucket;
  ObjectKey key;
  std::optional<std::string> version_id;
};

// "[/]bucket/key[?versionId=id]", bucket and key URL-encoded ('+' is a space, as S3 takes it). InvalidArgument.
Result<CopySource> parse_copy_source(std::string_view header);

}  // namespace aerolith::s3
