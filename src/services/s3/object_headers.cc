#include "services/s3/object_headers.h"

#include "base/encoding.h"

namespace aerolith::s3 {

std::optional<std::string> without_aws_chunked(const std::optional<std::string>& content_encoding) {
  if (!content_encoding) return std::nullopt;
  std::string kept;
  std::string_view rest = *content_encoding;
  while (!rest.empty()) {
    size_t comma = rest.find(',');
    std::string_view coding = trim(rest.substr(0, comma));
    if (!coding.empty() && !equals_ignore_case(coding, "aws-chunked")) {
      if (!kept.empty()) kept += ", ";
      kept += coding;
    }
    rest = comma == std::string_view::npos ? std::string_view() : rest.substr(comma + 1);
  }
  // As it was given where there is nothing to take out: spacing is the client's business.
  if (content_encoding->find("aws-chunked") == std::string::npos && !kept.empty()) return content_encoding;
  return kept.empty() ? std::nullopt : std::optional(std::move(kept));
}

Result<> check_redirect_location(const std::optional<std::string>& location) {
  if (!location) return {};
  if (location->starts_with('/') || location->starts_with("http://") || location->starts_with("https://")) return {};
  return errors::invalid_redirect_location();
}

}  // namespace aerolith::s3
