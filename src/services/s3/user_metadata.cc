#include "services/s3/user_metadata.h"

#include <algorithm>
#include <optional>

#include "base/encoding.h"

namespace aerolith::s3 {
namespace {

std::string latin1_to_utf8(std::string_view bytes) {
  std::string out;
  for (char c : bytes) {
    auto byte = static_cast<unsigned char>(c);
    if (byte < 0x80) {
      out += c;
    } else {
      out += static_cast<char>(0xC0 | (byte >> 6));
      out += static_cast<char>(0x80 | (byte & 0x3F));
    }
  }
  return out;
}

// The "Q" encoding of RFC 2047 section 4.2.
std::optional<std::string> decode_q(std::string_view text) {
  std::string out;
  for (size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '_') {
      out += ' ';
    } else if (text[i] == '=') {
      std::optional<std::string> byte = hex_decode(text.substr(i + 1, 2));
      if (!byte || byte->size() != 1) return std::nullopt;
      out += *byte;
      i += 2;
    } else {
      out += text[i];
    }
  }
  return out;
}

struct MailWord {
  std::string text;
  size_t size_bytes = 0;  // of the word as it stood
};

// The word at the beginning of `text`, which starts with "=?".
std::optional<MailWord> take_mail_word(std::string_view text) {
  size_t charset_end = text.find('?', 2);
  if (charset_end == std::string_view::npos || charset_end + 2 >= text.size() || text[charset_end + 2] != '?') {
    return std::nullopt;
  }
  size_t end = text.find("?=", charset_end + 3);
  if (end == std::string_view::npos) return std::nullopt;
  std::string_view charset = text.substr(2, charset_end - 2);
  std::string_view payload = text.substr(charset_end + 3, end - charset_end - 3);
  std::optional<std::string> bytes;
  char encoding = text[charset_end + 1];
  if (encoding == 'B' || encoding == 'b') bytes = base64_decode(payload);
  if (encoding == 'Q' || encoding == 'q') bytes = decode_q(payload);
  if (!bytes) return std::nullopt;
  if (equals_ignore_case(charset, "iso-8859-1")) {
    bytes = latin1_to_utf8(*bytes);
  } else if (!equals_ignore_case(charset, "utf-8") && !equals_ignore_case(charset, "us-ascii")) {
    return std::nullopt;
  }
  if (!is_valid_utf8(*bytes)) return std::nullopt;
  return MailWord{std::move(*bytes), end + 2};
}

bool is_printable_ascii(std::string_view text) {
  return std::all_of(text.begin(), text.end(), [](char c) { return c >= 0x20 && c < 0x7F; });
}

}  // namespace

std::string decode_mail_words(std::string_view text) {
  std::string out;
  bool after_word = false;
  while (!text.empty()) {
    size_t start = text.find("=?");
    std::string_view between = text.substr(0, start);
    std::optional<MailWord> word;
    if (start != std::string_view::npos) word = take_mail_word(text.substr(start));
    if (start != std::string_view::npos && !word) between = text.substr(0, start + 2);
    // Space between two words only separates them (RFC 2047 section 6.2).
    bool is_separator = after_word && word && between.find_first_not_of(" \t") == std::string_view::npos;
    if (!is_separator) out += between;
    text.remove_prefix(between.size());
    after_word = word.has_value();
    if (word) {
      out += word->text;
      text.remove_prefix(word->size_bytes);
    }
  }
  return out;
}

Result<UserMetadata> read_user_metadata(const UserMetadata& headers) {
  UserMetadata stored;
  uint64_t size_bytes = 0;
  for (const auto& [name, raw] : headers) {
    std::string value = is_valid_utf8(raw) ? decode_mail_words(raw) : latin1_to_utf8(raw);
    size_bytes += name.size() + value.size();
    stored[to_lower(name)] = std::move(value);
  }
  if (size_bytes > kMaxUserMetadataBytes) return errors::metadata_too_large(size_bytes, kMaxUserMetadataBytes);
  return stored;
}

UserMetadata write_user_metadata(const UserMetadata& stored) {
  UserMetadata headers;
  for (const auto& [name, value] : stored) {
    headers[name] = is_printable_ascii(value) ? value : "=?UTF-8?B?" + base64_encode(value) + "?=";
  }
  return headers;
}

}  // namespace aerolith::s3
