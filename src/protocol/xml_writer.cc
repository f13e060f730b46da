#include "protocol/xml_writer.h"

#include <fmt/core.h>

#include <algorithm>
#include <array>
#include <bit>
#include <cstdint>
#include <cstring>
#include <utility>

#include "protocol/scalar_text.h"

namespace aerolith::protocol {
namespace {

using Bytes16 [[gnu::vector_size(16)]] = uint8_t;
using SignedBytes16 [[gnu::vector_size(16)]] = int8_t;

template <typename T>
T load(const char* from) {
  T value;
  std::memcpy(&value, from, sizeof(value));
  return value;
}

constexpr std::string_view kReplacement = "\xEF\xBF\xBD";  // U+FFFD

// U+FFFE and U+FFFF are valid UTF-8 but no XML characters.
bool is_noncharacter(std::string_view character) { return character == "\xEF\xBF\xBE" || character == "\xEF\xBF\xBF"; }

// Appends what `text` starts with and answers how many bytes that was.
size_t append_wide(std::string_view text, std::string& out) {
  const size_t size = utf8_character_size(text);
  if (size == 0) {
    out += kReplacement;
    return 1;
  }
  std::string_view character = text.substr(0, size);
  if (is_noncharacter(character)) {
    out += character.back() == '\xBE' ? "&#xFFFE;" : "&#xFFFF;";
  } else {
    out += character;
  }
  return size;
}

// Whether any of 16 bytes needs more than a copy.
bool any_stands_out(Bytes16 bytes) {
  const auto below_space_or_wide = std::bit_cast<SignedBytes16>(bytes) < 0x20;
  const auto ampersand_or_apostrophe = (bytes | 1) == '\'';
  const auto angle = (bytes | 2) == '>';
  const auto found =
      std::bit_cast<std::array<uint64_t, 2>>(below_space_or_wide | ampersand_or_apostrophe | angle | (bytes == '"'));
  return (found[0] | found[1]) != 0;
}

bool is_plain_byte(char c) {
  return static_cast<signed char>(c) >= 0x20 && (c | 1) != '\'' && (c | 2) != '>' && c != '"';
}

// The first and the last `Half` bytes of a text of at least that many: all of one of up to twice as many.
template <typename Half>
Bytes16 both_ends(std::string_view text) {
  std::array<Half, 16 / sizeof(Half)> words;
  words.fill(load<Half>(text.data()));
  words.back() = load<Half>(text.data() + text.size() - sizeof(Half));
  return std::bit_cast<Bytes16>(words);
}

// Whether all bytes of `text` stand for themselves.
bool is_plain(std::string_view text) {
  if (text.size() > 16) {
    for (size_t at = 0; at + 16 < text.size(); at += 16) {
      if (any_stands_out(load<Bytes16>(text.data() + at))) return false;
    }
    return !any_stands_out(load<Bytes16>(text.data() + text.size() - 16));
  }
  if (text.size() >= 8) return !any_stands_out(both_ends<uint64_t>(text));
  if (text.size() >= 4) return !any_stands_out(both_ends<uint32_t>(text));
  return std::ranges::all_of(text, is_plain_byte);
}

// How many bytes at the start of `text` do.
size_t plain_size(std::string_view text) {
  size_t size = 0;
  while (size + 16 <= text.size() && !any_stands_out(load<Bytes16>(text.data() + size))) size += 16;
  while (size < text.size() && is_plain_byte(text[size])) ++size;
  return size;
}

void append_ascii(char c, std::string& out) {
  switch (c) {
    case '&':
      out += "&amp;";
      return;
    case '<':
      out += "&lt;";
      return;
    case '>':
      out += "&gt;";
      return;
    case '"':
      out += "&quot;";
      return;
    case '\'':
      out += "&apos;";
      return;
    case '\t':
    case '\n':
      out += c;
      return;
    default:
      break;
  }
  if (static_cast<unsigned char>(c) < 0x20) {
    out += fmt::format("&#x{:X};", static_cast<unsigned>(c));
  } else {
    out += c;
  }
}

}  // namespace

void append_xml_escaped(std::string_view text, std::string& out) {
  size_t i = 0;
  while (i < text.size()) {
    const size_t plain = plain_size(text.substr(i));
    out += text.substr(i, plain);
    i += plain;
    if (i == text.size()) break;
    if (static_cast<unsigned char>(text[i]) < 0x80) {
      append_ascii(text[i++], out);
    } else {
      i += append_wide(text.substr(i), out);
    }
  }
}

void XmlWriter::declaration() { out_ += "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"; }

void XmlWriter::end_start_tag() {
  if (in_start_tag_) out_ += '>';
  in_start_tag_ = false;
}

void XmlWriter::open(std::string_view name) {
  const bool in_start_tag = std::exchange(in_start_tag_, true);
  grow(name.size() + (in_start_tag ? 2 : 1), [&](char* to) {
    if (in_start_tag) *to++ = '>';
    *to++ = '<';
    std::ranges::copy(name, to);
  });
}

void XmlWriter::attribute(std::string_view name, std::string_view value) {
  out_ += ' ';
  out_ += name;
  out_ += "=\"";
  // Attribute values are normalised by parsers: white space other than a space has to be a reference.
  for (size_t begin = 0; begin <= value.size();) {
    size_t end = std::min(value.find_first_of("\t\n", begin), value.size());
    append_xml_escaped(value.substr(begin, end - begin), out_);
    if (end < value.size()) out_ += value[end] == '\t' ? "&#x9;" : "&#xA;";
    begin = end + 1;
  }
  out_ += '"';
}

void XmlWriter::xml_namespace(const XmlNamespace& value) {
  if (value.uri.empty()) return;
  if (value.prefix.empty()) {
    attribute("xmlns", value.uri);
  } else {
    attribute("xmlns:" + std::string(value.prefix), value.uri);
  }
}

void XmlWriter::text(std::string_view value) {
  end_start_tag();
  append_xml_escaped(value, out_);
}

void XmlWriter::close(std::string_view name) {
  if (in_start_tag_) {
    out_ += "/>";
    in_start_tag_ = false;
    return;
  }
  grow(name.size() + 3, [&](char* to) {
    *to++ = '<';
    *to++ = '/';
    *std::ranges::copy(name, to).out = '>';
  });
}

// Most of an answer is these, and most of their texts are plain: one piece each.
void XmlWriter::leaf(std::string_view name, std::string_view value) {
  if (value.empty() || !is_plain(value)) {
    open(name);
    text(value);
    close(name);
    return;
  }
  const bool in_start_tag = std::exchange(in_start_tag_, false);
  grow(2 * name.size() + value.size() + (in_start_tag ? 6 : 5), [&](char* to) {
    if (in_start_tag) *to++ = '>';
    *to++ = '<';
    to = std::ranges::copy(name, to).out;
    *to++ = '>';
    to = std::ranges::copy(value, to).out;
    *to++ = '<';
    *to++ = '/';
    *std::ranges::copy(name, to).out = '>';
  });
}

}  // namespace aerolith::protocol
