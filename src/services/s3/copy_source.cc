#include "services/s3/copy_source.h"

#include "base/encoding.h"

namespace aerolith::s3 {
namespace {

constexpr std::string_view kHeader = "x-amz-copy-source";
constexpr std::string_view kVersion = "?versionId=";

}  // namespace

Result<CopySource> parse_copy_source(std::string_view header) {
  CopySource source;
  std::string_view path = header;
  if (size_t at = path.find(kVersion); at != std::string_view::npos) {
    source.version_id = form_decode(path.substr(at + kVersion.size()));
    if (!source.version_id) {
      return errors::invalid_argument("Invalid copy source encoding", kHeader, header);
    }
    path = path.substr(0, at);
  }
  std::optional<std::string> decoded = form_decode(path);
  if (!decoded || !is_valid_utf8(*decoded)) {
    return errors::invalid_argument("Invalid copy source encoding", kHeader, header);
  }
  std::string_view rest = *decoded;
  if (rest.starts_with("arn:")) return errors::not_implemented("x-amz-copy-source with an ARN");
  if (rest.starts_with('/')) rest.remove_prefix(1);
  size_t slash = rest.find('/');
  if (slash == std::string_view::npos || slash == 0 || slash + 1 == rest.size()) {
    return errors::invalid_argument("Copy Source must mention the source bucket and key: sourcebucket/sourcekey",
                                    kHeader, header);
  }
  source.bucket = BucketName(std::string(rest.substr(0, slash)));
  source.key = ObjectKey(std::string(rest.substr(slash + 1)));
  if (source.key.str().size() > kMaxKeyBytes) return errors::key_too_long(source.key);
  return source;
}

}  // namespace aerolith::s3
