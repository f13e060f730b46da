// A string as JSON writes it, for what writes many lines: JSON documents in general are Boost's to write.
#pragma once

#include <string>
#include <string_view>

namespace aerolith {

// With its quotation marks. JSON is UTF-8: of text that isn't, each byte from 0x80 on becomes the character of its
// number.
void append_json_string(std::string& out, std::string_view text);

}  // namespace aerolith
