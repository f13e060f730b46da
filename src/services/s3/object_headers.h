// The headers of an object: from a request into its record, and from there into answers.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>

#include "base/time.h"
#include "http/message.h"
#include "services/s3/call.h"
#include "services/s3/requests.h"
#include "services/s3/storage_class.h"
#include "services/s3/tables.h"
#include "services/s3/user_metadata.h"

namespace aerolith::s3 {

inline constexpr std::string_view kDefaultContentType = "binary/octet-stream";

// The content codings without "aws-chunked", which tells of the transfer only; nullopt when nothing is left.
std::optional<std::string> without_aws_chunked(const std::optional<std::string>& content_encoding);
Result<> check_redirect_location(const std::optional<std::string>& location);

// From PutObject, CreateMultipartUpload and CopyObject, which have these members in common.
template <typename Input>
Result<ObjectHeaders> read_object_headers(const Input& input) {
  ObjectHeaders headers;
  headers.content_type = input.content_type.value_or("");
  if (headers.content_type.empty()) headers.content_type = kDefaultContentType;
  headers.cache_control = input.cache_control;
  headers.content_disposition = input.content_disposition;
  headers.content_encoding = without_aws_chunked(input.content_encoding);
  headers.content_language = input.content_language;
  headers.expires = input.expires;
  TRY(check_redirect_location(input.website_redirect_location));
  headers.website_redirect_location = input.website_redirect_location;
  if (input.metadata) headers.user_metadata = TRY(read_user_metadata(*input.metadata));
  return headers;
}

// What GetObject and HeadObject say of an object, with the response-* parameters of the request applied.
template <typename Input, typename Output>
void write_object_headers(const Input& input, const ObjectRecord& object, Output& output) {
  const ObjectHeaders& headers = object.headers;
  output.accept_ranges = "bytes";
  output.last_modified = object.last_modified;
  output.etag = quoted(object.etag);
  output.content_type = input.response_content_type.value_or(headers.content_type);
  auto choose = [](const std::optional<std::string>& wanted, const std::optional<std::string>& stored) {
    return wanted ? wanted : stored;
  };
  output.cache_control = choose(input.response_cache_control, headers.cache_control);
  output.content_disposition = choose(input.response_content_disposition, headers.content_disposition);
  output.content_encoding = choose(input.response_content_encoding, headers.content_encoding);
  output.content_language = choose(input.response_content_language, headers.content_language);
  output.website_redirect_location = headers.website_redirect_location;
  output.expires = choose(input.response_expires, headers.expires);
  output.storage_class = told_storage_class(object.storage_class);
  if (!object.tags.empty()) output.tag_count = static_cast<int32_t>(object.tags.size());
  if (!headers.user_metadata.empty()) output.metadata = write_user_metadata(headers.user_metadata);
}

}  // namespace aerolith::s3
