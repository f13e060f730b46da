#include "metadata/key.h"

namespace aerolith::metadata {

namespace {
constexpr char kZero = '\x00';
constexpr char kEscapedZero = '\xff';
constexpr char kEnd = '\x01';
}  // namespace

void append_key_prefix(std::string& out, std::string_view text) {
  for (char c : text) {
    out += c;
    if (c == kZero) out += kEscapedZero;
  }
}

void append_key_string(std::string& out, std::string_view text) {
  append_key_prefix(out, text);
  out += kZero;
  out += kEnd;
}

void append_key_uint(std::string& out, uint64_t value, size_t width_bytes) {
  for (size_t i = width_bytes; i-- > 0;) out += static_cast<char>(value >> (8 * i));
}

bool take_key_string(std::string_view& in, std::string& out) {
  out.clear();
  while (true) {
    size_t zero = in.find(kZero);
    if (zero == std::string_view::npos || zero + 1 == in.size()) return false;
    out += in.substr(0, zero);
    char after = in[zero + 1];
    in.remove_prefix(zero + 2);
    if (after == kEnd) return true;
    if (after != kEscapedZero) return false;
    out += kZero;
  }
}

bool take_key_uint(std::string_view& in, uint64_t& out, size_t width_bytes) {
  if (in.size() < width_bytes) return false;
  out = 0;
  for (size_t i = 0; i < width_bytes; ++i) out = out << 8 | static_cast<unsigned char>(in[i]);
  in.remove_prefix(width_bytes);
  return true;
}

}  // namespace aerolith::metadata
