#include "services/s3/ranges.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <optional>

#include "base/encoding.h"

namespace aerolith::s3 {
namespace {

RangeChoice choose_suffix(uint64_t wanted_bytes, uint64_t object_size_bytes) {
  if (wanted_bytes == 0 || object_size_bytes == 0) return UnsatisfiableRange{};
  uint64_t size = std::min(wanted_bytes, object_size_bytes);
  return ByteRange{object_size_bytes - size, size};
}

}  // namespace

std::optional<uint64_t> parse_position(std::string_view text) {
  if (text.empty() || !std::all_of(text.begin(), text.end(), [](char c) { return c >= '0' && c <= '9'; })) {
    return std::nullopt;
  }
  uint64_t value = 0;
  auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  return error == std::errc() ? value : UINT64_MAX;
}

RangeChoice choose_range(std::string_view header, uint64_t object_size_bytes) {
  constexpr std::string_view kUnit = "bytes=";
  header = trim(header);
  if (header.size() < kUnit.size() || !equals_ignore_case(header.substr(0, kUnit.size()), kUnit)) return WholeObject{};
  std::string_view spec = trim(header.substr(kUnit.size()));
  size_t dash = spec.find('-');
  if (dash == std::string_view::npos || spec.find(',') != std::string_view::npos) return WholeObject{};
  std::string_view first_text = trim(spec.substr(0, dash));
  std::string_view last_text = trim(spec.substr(dash + 1));

  std::optional<uint64_t> last = parse_position(last_text);
  if (!last_text.empty() && !last) return WholeObject{};
  if (first_text.empty()) return last ? choose_suffix(*last, object_size_bytes) : RangeChoice(WholeObject{});
  std::optional<uint64_t> first = parse_position(first_text);
  if (!first || (last && *last < *first)) return WholeObject{};
  if (*first >= object_size_bytes) return UnsatisfiableRange{};
  uint64_t end = last ? std::min(*last, object_size_bytes - 1) : object_size_bytes - 1;
  return ByteRange{*first, end - *first + 1};
}

std::string format_content_range(const ByteRange& range, uint64_t object_size_bytes) {
  return fmt::format("bytes {}-{}/{}", range.offset_bytes, range.offset_bytes + range.size_bytes - 1,
                     object_size_bytes);
}

}  // namespace aerolith::s3
