// Small steps that every walk over a struct by its table shares.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <utility>

#include "base/result.h"
#include "protocol/codec.h"
#include "protocol/schema.h"

namespace aerolith::protocol {

using DecodeResult = Result<void, DecodeError>;

inline void* field_of(const Member& member, void* structure) {
  return static_cast<std::byte*>(structure) + member.offset_bytes;
}
// The member's value in the struct, null when absent.
inline const void* value_of(const Member& member, const void* structure) {
  return member.ops->get(static_cast<const std::byte*>(structure) + member.offset_bytes);
}
template <typename T>
T& as(void* value) {
  return *static_cast<T*>(value);
}
template <typename T>
const T& as(const void* value) {
  return *static_cast<const T*>(value);
}

inline std::unexpected<DecodeError> malformed_at(std::string member_path, std::string detail,
                                                 Location location = Location::body) {
  return std::unexpected(DecodeError{DecodeErrorCode::malformed, std::move(member_path), std::move(detail), location});
}

// Puts the container's part in front of the path of an error from inside it.
inline DecodeResult within(std::string_view part, DecodeResult result) {
  if (result.has_value()) return result;
  DecodeError error = std::move(result).error();
  const bool joins = error.member_path.empty() || error.member_path.starts_with('[');
  error.member_path = std::string(part) + (joins ? "" : ".") + error.member_path;
  return std::unexpected(std::move(error));
}

// What an error's object says before its modelled members; empty texts are left out.
struct ErrorHead {
  std::string_view type;                      // "__type"
  std::string_view message_name = "message";  // as the exception's model spells it
  std::string_view message;
};

// The member that alone is the body, or null.
inline const Member* payload_member(const Shape& shape) {
  for (const Member& member : shape.members) {
    if (member.payload) return &member;
  }
  return nullptr;
}
// In an answer only headers and the status stand elsewhere: what is bound to the URI of a request is in the body then.
// https://smithy.io/2.0/spec/http-bindings.html (httpQuery, httpLabel: ignored on output)
inline bool is_in_answer_body(const Member& member) {
  return member.location == Location::body || member.location == Location::query_string ||
         member.location == Location::uri;
}
inline bool has_body_members(const Shape& shape) {
  for (const Member& member : shape.members) {
    if (member.location == Location::body && !member.payload) return true;
  }
  return false;
}

}  // namespace aerolith::protocol
