// What several operations are given.
#include <fmt/format.h>

#include <algorithm>

#include "base/encoding.h"
#include "services/ebs/operations/operations.h"

namespace aerolith::ebs {

Result<std::string> read_snapshot_id(const std::optional<std::string>& id) {
  constexpr std::string_view kPrefix = "snap-";
  const std::string given = id.value_or("");
  const auto is_digit = [](char c) { return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f'); };
  if (given.size() > kPrefix.size() && given.starts_with(kPrefix) &&
      std::ranges::all_of(std::string_view(given).substr(kPrefix.size()), is_digit)) {
    return given;
  }
  return errors::invalid("INVALID_SNAPSHOT_ID", fmt::format("The snapshot ID '{}' is not valid.", given));
}

Result<std::string> read_checksum(const std::string& checksum, const std::optional<std::string>& algorithm) {
  constexpr size_t kSha256Bytes = 32;
  if (algorithm && *algorithm != kChecksumAlgorithm) {
    return errors::invalid_parameter(fmt::format("The checksum algorithm '{}' is not SHA256.", *algorithm));
  }
  auto bytes = base64_decode(checksum);
  if (bytes && bytes->size() == kSha256Bytes) return *std::move(bytes);
  return errors::invalid_parameter("The checksum is not a SHA256 checksum in base64.");
}

}  // namespace aerolith::ebs
