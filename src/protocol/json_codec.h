// JSON bodies by schema: rest-json, json 1.0 and 1.1, and the canonical form of struct_json.h.
// https://smithy.io/2.0/aws/protocols/aws-json-1_1-protocol.html
#pragma once

#include <string>
#include <string_view>

#include "base/result.h"
#include "protocol/codec.h"
#include "protocol/schema.h"
#include "protocol/walk.h"

namespace aerolith::protocol {

struct JsonForm {
  // REST: of the outermost structure only members whose place is the body; in an answer that is everything but
  // headers and the status.
  bool body_members_only = false;
  // Names as in the model and times in seconds wherever they stand, as the parameters of an SDK call look;
  // else names and formats of the wire.
  bool canonical = false;
};

// Decodes an object into `out`, a default-constructed struct of `shape`. null means absent, unknown members are
// ignored; text that isn't strict JSON in UTF-8, or nested deeper than kMaxJsonDepth (json_document.h), is malformed.
// No text at all sets nothing. Does not check constraints. Paths in errors are relative to `shape`.
Result<void, DecodeError> decode_json(const Shape& shape, std::string_view text, const JsonForm& form, void* out);
// Any kind of value, for payload members: `value` points to its C++ type.
Result<void, DecodeError> decode_json_value(const Member& member, std::string_view text, void* value);

// Appends the object of a struct.
void append_json(const Shape& shape, const void* value, const JsonForm& form, std::string& out);
// The object of an error: its head, then the members of the exception (`shape` and `value` may be null).
void append_json_error(const ErrorHead& head, const Shape* shape, const void* value, const JsonForm& form,
                       std::string& out);
void append_json_value(const Member& member, const void* value, std::string& out);
// A JSON string; bytes that aren't UTF-8 become U+FFFD.
void append_json_string(std::string_view text, std::string& out);

}  // namespace aerolith::protocol
