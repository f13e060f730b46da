// Storage classes: recorded and told, of no effect on where the bytes are.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "services/s3/errors.h"
#include "services/s3/tables.h"

namespace aerolith::s3 {

inline constexpr std::string_view kStandardStorage = "STANDARD";

// What a record keeps: empty for STANDARD. InvalidStorageClass for what S3 doesn't have in buckets of this kind.
Result<std::string> read_storage_class(const std::optional<std::string>& wanted);

// As listings tell it: also STANDARD.
inline std::string listed_storage_class(const std::string& recorded) {
  return recorded.empty() ? std::string(kStandardStorage) : recorded;
}
// As headers tell it: nothing for STANDARD.
inline std::optional<std::string> told_storage_class(const std::string& recorded) {
  return recorded.empty() ? std::nullopt : std::optional(recorded);
}

bool is_archived(const std::string& recorded);

// As S3 does, objects of the archive classes are read only while they are restored (RestoreObject): InvalidObjectState.
Result<> check_readable(const ObjectRecord& object, Timestamp now);
// x-amz-restore, for an object that is restored.
std::optional<std::string> told_restore(const ObjectRecord& object, Timestamp now);

}  // namespace aerolith::s3
