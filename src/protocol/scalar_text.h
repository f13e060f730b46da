// Scalars as text: how XML elements, form parameters, headers, query strings and labels carry them.
// https://smithy.io/2.0/aws/protocols/aws-restxml-protocol.html (shape serialization)
#pragma once

#include <string>
#include <string_view>

#include "protocol/schema.h"

namespace aerolith::protocol {

// The format a timestamp member uses on the wire: its own, else its shape's, else `protocol_default`.
TimestampFormat timestamp_format_of(const Member& member, TimestampFormat protocol_default);

// How an ISO 8601 time is written. S3 and EC2 always show milliseconds, other services only when there are any.
enum class Iso8601Style : uint8_t { shortest, always_millis };

// Parses `text` into `value`, which points to the C++ type of `kind` (see schema.h). Not for list, map, structure and
// document. Strings are taken as they are; the others may have white space around them. Blobs are base64. Timestamps in
// another of AWS's formats than `format` are accepted: services do, and older clients rely on it.
// False when the text isn't such a value or doesn't fit into its type.
bool parse_scalar(Kind kind, TimestampFormat format, std::string_view text, void* value);

// The inverse: appends the text of `*value` to `out`.
void append_scalar(Kind kind, TimestampFormat format, Iso8601Style style, const void* value, std::string& out);

// "'abc' can not be converted to an Integer": the sentence AWS's query services use. The text is cut when long.
std::string conversion_failure(Kind kind, std::string_view text);

// The bytes of the UTF-8 character that starts `text`, which isn't empty; 0 where there is none.
size_t utf8_character_size(std::string_view text);

}  // namespace aerolith::protocol
