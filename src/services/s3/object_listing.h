// What the listings of objects have in common.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "s3/model.h"
#include "services/s3/call.h"
#include "services/s3/listing.h"
#include "services/s3/tables.h"

namespace aerolith::s3 {

inline constexpr int32_t kMostListed = 1000;

enum class ListOwner : uint8_t { no, yes };
enum class NameEncoding : uint8_t { none, url };

struct ObjectListRequest {
  std::string prefix;
  std::string delimiter;
  std::string after;  // names after this one only
  size_t limit = 0;
  NameEncoding encoding = NameEncoding::none;
  ListOwner owner = ListOwner::no;
};

struct ObjectList {
  std::vector<Object> contents;
  std::vector<CommonPrefix> common_prefixes;
  Page page;
};

Result<ObjectList> list_current_objects(metadata::ReadTransaction& txn, const BucketRecord& bucket,
                                        const ObjectListRequest& request);

// What a listing tells of a checksum: its kind, not its value.
template <typename Listed>
void list_checksum(Listed& listed, const ObjectRecord& record) {
  if (!record.checksum) return;
  listed.checksum_algorithm.emplace().emplace_back(algorithm_name(record.checksum->algorithm));
  listed.checksum_type = std::string(type_name(record.checksum->type));
}

// max-keys and its like: at most 1,000, whatever is asked for. InvalidArgument below `lowest`; `name` is
// the parameter as S3's message has it.
Result<int32_t> read_limit(std::optional<int32_t> wanted, std::string_view name, int32_t lowest);

NameEncoding read_encoding(const std::optional<std::string>& encoding_type);
std::string encode_name(std::string_view name, NameEncoding encoding);
// As above for a parameter that is told only when it was given and isn't empty.
std::optional<std::string> encode_if_any(const std::optional<std::string>& name, NameEncoding encoding);

}  // namespace aerolith::s3
