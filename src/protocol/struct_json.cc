#include "protocol/struct_json.h"

#include "protocol/json_codec.h"

namespace aerolith::protocol {
namespace {
constexpr JsonForm kCanonical{.body_members_only = false, .canonical = true};
}

std::string struct_to_json(const Shape& shape, const void* value) {
  std::string out;
  append_json(shape, value, kCanonical, out);
  return out;
}

Result<void, DecodeError> struct_from_json(const Shape& shape, std::string_view json, void* value) {
  return decode_json(shape, json, kCanonical, value);
}

}  // namespace aerolith::protocol
