// The Range header of GetObject and HeadObject (RFC 9110 section 14; S3 serves one range only).
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <variant>

namespace aerolith::s3 {

struct ByteRange {
  uint64_t offset_bytes = 0;
  uint64_t size_bytes = 0;
  bool operator==(const ByteRange&) const = default;
};

struct WholeObject {
  bool operator==(const WholeObject&) const = default;
};
// 416 InvalidRange.
struct UnsatisfiableRange {
  bool operator==(const UnsatisfiableRange&) const = default;
};

using RangeChoice = std::variant<WholeObject, ByteRange, UnsatisfiableRange>;

// What of an object of `object_size_bytes` the header asks for. A header that doesn't parse, one with several
// ranges and one in another unit than bytes are ignored: the whole object.
RangeChoice choose_range(std::string_view header, uint64_t object_size_bytes);

// Digits only; a number beyond 64 bits counts as the largest.
std::optional<uint64_t> parse_position(std::string_view text);

// "bytes 0-9/100"
std::string format_content_range(const ByteRange& range, uint64_t object_size_bytes);

}  // namespace aerolith::s3
