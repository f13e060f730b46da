// The tags of objects and buckets.
// https://docs.aws.amazon.com/AmazonS3/latest/userguide/object-tagging.html
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "s3/model.h"
#include "services/s3/errors.h"
#include "services/s3/tables.h"

namespace aerolith::s3 {

enum class Tagged : uint8_t { object, bucket };

// Of a request's body. InvalidTag, BadRequest for too many, MalformedXML.
Result<Tags> read_tags(const std::optional<Tagging>& tagging, Tagged what);
Result<Tags> read_tags(const std::vector<Tag>& tags, Tagged what);
// Of an x-amz-tagging header: "a=1&b=2", URL-encoded. InvalidArgument, InvalidTag, BadRequest for too many.
Result<Tags> read_tagging_header(const std::optional<std::string>& header);
std::vector<Tag> write_tags(const Tags& tags);

}  // namespace aerolith::s3
