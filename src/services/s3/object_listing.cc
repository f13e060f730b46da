#include "services/s3/object_listing.h"

#include <fmt/format.h>

#include <algorithm>

#include "services/s3/object_names.h"
#include "services/s3/requests.h"
#include "services/s3/storage_class.h"
#include "services/s3/url_encoding.h"

namespace aerolith::s3 {
namespace {

Object describe(std::string_view name, const ObjectRecord& record, const ObjectListRequest& request) {
  Object object;
  object.key = encode_name(name, request.encoding);
  object.last_modified = record.last_modified;
  object.etag = quoted(record.etag);
  object.size = static_cast<int64_t>(record.size_bytes);
  object.storage_class = listed_storage_class(record.storage_class);
  list_checksum(object, record);
  return object;
}

}  // namespace

Result<ObjectList> list_current_objects(metadata::ReadTransaction& txn, const BucketRecord& bucket,
                                        const ObjectListRequest& request) {
  ObjectList list;
  ObjectNames names(txn, bucket.id, request.prefix);
  PageRequest page{
      .prefix = request.prefix, .delimiter = request.delimiter, .after = request.after, .limit = request.limit};
  auto add_object = [&]() -> Result<> {
    list.contents.push_back(describe(names.name(), names.object(), request));
    if (request.owner == ListOwner::yes) list.contents.back().owner = Owner{.id = owner_id(bucket, names.object())};
    return {};
  };
  auto add_prefix = [&](const std::string& prefix) {
    list.common_prefixes.push_back({.prefix = encode_name(prefix, request.encoding)});
  };
  list.page = TRY(list_page(page, names, add_object, add_prefix));
  return list;
}

Result<int32_t> read_limit(std::optional<int32_t> wanted, std::string_view name, int32_t lowest) {
  int32_t limit = wanted.value_or(kMostListed);
  if (limit < lowest) {
    return errors::invalid_argument(
        fmt::format("Argument {} must be an integer between {} and 2147483647", name, lowest), name,
        std::to_string(limit));
  }
  return std::min(limit, kMostListed);
}

NameEncoding read_encoding(const std::optional<std::string>& encoding_type) {
  return encoding_type == "url" ? NameEncoding::url : NameEncoding::none;
}

std::string encode_name(std::string_view name, NameEncoding encoding) {
  return encoding == NameEncoding::url ? url_encode_name(name) : std::string(name);
}

std::optional<std::string> encode_if_any(const std::optional<std::string>& name, NameEncoding encoding) {
  if (!name || name->empty()) return std::nullopt;
  return encode_name(*name, encoding);
}

}  // namespace aerolith::s3
