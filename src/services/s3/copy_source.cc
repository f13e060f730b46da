#include "services/s3/copy_source.h"

#include <algorithm>

#include "base/encoding.h"
#include "services/s3/requests.h"
#include "services/s3/storage_class.h"
#include "services/s3/versions.h"

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

Result<ObjectRecord> find_copy_source(const Call& call, metadata::ReadTransaction& txn, const CopySource& source,
                                      const CopySourceChecks& checks) {
  BucketRecord bucket = TRY(find_bucket(call, txn, source.bucket, checks.expected_owner));
  std::optional<VersionId> version = TRY(read_version_id(bucket.versioning, source.version_id));
  auto found = find_wanted(call, txn, bucket, source.key, version);
  if (!found.has_value() && found.error().http_status == 405) {
    return errors::invalid_request(
        "The source of a copy request may not specifically refer to a delete marker by version id.");
  }
  ObjectRecord object = TRY(std::move(found)).record;
  TRY(check_readable(object, call.context.now));
  ConditionOutcome outcome =
      evaluate_read_conditions(checks.conditions, object.etag, object.last_modified, call.context.now);
  if (outcome.verdict == ConditionVerdict::proceed) return object;
  return errors::precondition_failed("x-amz-copy-source-" + std::string(outcome.condition));
}

std::optional<std::string> copied_version(const CopySource& source, const ObjectRecord& object) {
  if (!source.version_id && object.version_id.empty()) return std::nullopt;
  return version_text(object.version_id);
}

Result<ByteRange> read_copy_range(const std::optional<std::string>& header, uint64_t source_size_bytes) {
  if (!header) return ByteRange{0, source_size_bytes};
  constexpr std::string_view kRangeHeader = "x-amz-copy-source-range";
  constexpr std::string_view kUnit = "bytes=";
  std::string_view text = *header;
  bool has_unit = text.starts_with(kUnit);
  if (has_unit) text.remove_prefix(kUnit.size());
  size_t dash = std::min(text.find('-'), text.size());
  std::optional<uint64_t> first = parse_position(text.substr(0, dash));
  std::optional<uint64_t> last = parse_position(text.substr(std::min(dash + 1, text.size())));
  if (!has_unit || !first || !last || *first > *last) {
    return errors::invalid_argument(
        "The x-amz-copy-source-range value must be of the form bytes=first-last where first and last are the "
        "zero-based offsets of the first and last bytes to copy",
        kRangeHeader, *header);
  }
  if (*first >= source_size_bytes) {
    return errors::invalid_request("The specified copy range is invalid for the source object size");
  }
  if (*last >= source_size_bytes) {
    return errors::invalid_argument(
        "Range specified is not valid for source object of size: " + std::to_string(source_size_bytes), kRangeHeader,
        *header);
  }
  return ByteRange{*first, *last - *first + 1};
}

}  // namespace aerolith::s3
