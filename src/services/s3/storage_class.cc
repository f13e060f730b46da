#include "services/s3/storage_class.h"

#include <algorithm>
#include <array>
#include <string_view>

#include "base/time.h"

namespace aerolith::s3 {
namespace {

constexpr std::array<std::string_view, 5> kReadable = {"REDUCED_REDUNDANCY", "STANDARD_IA", "ONEZONE_IA",
                                                       "INTELLIGENT_TIERING", "GLACIER_IR"};
constexpr std::array<std::string_view, 2> kArchived = {"GLACIER", "DEEP_ARCHIVE"};

bool is_restored(const ObjectRecord& object, Timestamp now) {
  return object.restored_until && now < *object.restored_until;
}

}  // namespace

Result<std::string> read_storage_class(const std::optional<std::string>& wanted) {
  if (!wanted || *wanted == kStandardStorage) return std::string();
  if (std::ranges::find(kReadable, *wanted) != kReadable.end() || is_archived(*wanted)) return *wanted;
  return errors::invalid_storage_class(*wanted);
}

bool is_archived(const std::string& recorded) { return std::ranges::find(kArchived, recorded) != kArchived.end(); }

Result<> check_readable(const ObjectRecord& object, Timestamp now) {
  if (!is_archived(object.storage_class) || is_restored(object, now)) return {};
  return errors::invalid_object_state(object.storage_class);
}

std::optional<std::string> told_restore(const ObjectRecord& object, Timestamp now) {
  if (!is_restored(object, now)) return std::nullopt;
  return "ongoing-request=\"false\", expiry-date=\"" + format_http_date(*object.restored_until) + "\"";
}

}  // namespace aerolith::s3
