#include "base/json_string.h"

#include <algorithm>

#include "base/encoding.h"

namespace aerolith {
namespace {

bool is_plain(char c) {
  const auto byte = static_cast<unsigned char>(c);
  return byte >= 0x20 && byte < 0x7F && c != '"' && c != '\\';
}

void append_character(std::string& out, char c, bool is_utf8) {
  const auto byte = static_cast<unsigned char>(c);
  if (c == '"' || c == '\\') {
    out.push_back('\\');
    out.push_back(c);
  } else if (byte < 0x20 || byte == 0x7F || (byte >= 0x80 && !is_utf8)) {
    constexpr std::string_view kHex = "0123456789abcdef";
    out += "\\u00";
    out.push_back(kHex[byte >> 4]);
    out.push_back(kHex[byte & 15]);
  } else {
    out.push_back(c);
  }
}

}  // namespace

void append_json_string(std::string& out, std::string_view text) {
  out.push_back('"');
  // Most text needs nothing.
  const auto plain_end = std::ranges::find_if_not(text, is_plain);
  out.append(text.begin(), plain_end);
  const std::string_view rest(plain_end, text.end());
  if (!rest.empty()) {
    const bool is_utf8 = is_valid_utf8(rest);
    for (const char c : rest) append_character(out, c, is_utf8);
  }
  out.push_back('"');
}

}  // namespace aerolith
