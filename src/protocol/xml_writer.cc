#include "protocol/xml_writer.h"

#include <fmt/core.h>

#include <algorithm>
#include <array>

#include "protocol/scalar_text.h"

namespace aerolith::protocol {
namespace {

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

// How many bytes at the start of `text` stand for themselves.
size_t plain_size(std::string_view text) {
  constexpr auto kPlain = [] {
    std::array<bool, 256> plain{};
    for (size_t c = 0x20; c < 0x80; ++c) plain[c] = true;
    for (const char c : std::string_view("&<>\"'\x7F")) plain[static_cast<unsigned char>(c)] = false;
    return plain;
  }();
  size_t size = 0;
  // Eight at a time while none of them stands out.
  for (; size + 8 <= text.size(); size += 8) {
    bool all = true;
    for (size_t i = size; i < size + 8; ++i) all &= kPlain[static_cast<unsigned char>(text[i])];
    if (!all) break;
  }
  while (size < text.size() && kPlain[static_cast<unsigned char>(text[size])]) ++size;
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
  end_start_tag();
  out_ += '<';
  out_ += name;
  in_start_tag_ = true;
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
  end_start_tag();
  if (value.empty() || plain_size(value) != value.size()) {
    open(name);
    text(value);
    close(name);
    return;
  }
  grow(2 * name.size() + value.size() + 5, [&](char* to) {
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
