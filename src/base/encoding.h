// Hex, base64, percent-encoding, UTF-8.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace aerolith {

std::string hex_encode(std::string_view bytes);  // lower case
std::optional<std::string> hex_decode(std::string_view text);

std::string base64_encode(std::string_view bytes);
// Strict: right alphabet and padding, else nullopt.
std::optional<std::string> base64_decode(std::string_view text);

// RFC 4648's alphabet for URLs, without padding, as strict.
std::optional<std::string> base64url_decode(std::string_view text);

// -1 for what is no hexadecimal digit.
constexpr int hex_value(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

inline constexpr std::array<bool, 256> kUnreserved = [] {
  std::array<bool, 256> table{};
  for (const char c : std::string_view("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~"))
    table[static_cast<uint8_t>(c)] = true;
  return table;
}();
// RFC 3986: these never need an escape in a URI.
constexpr bool is_unreserved(char c) { return kUnreserved[static_cast<uint8_t>(c)]; }
// %XX, upper case, whatever the character.
void append_escaped(std::string& out, char c);

enum class KeepSlash { no, yes };
// RFC 3986: all but unreserved characters become %XX, upper case. `KeepSlash::yes` leaves '/' as it is.
std::string percent_encode(std::string_view text, KeepSlash keep_slash = KeepSlash::no);
// nullopt for a '%' without two hex digits. '+' stays '+'.
std::optional<std::string> percent_decode(std::string_view text);
// As above, and '+' becomes a space (application/x-www-form-urlencoded).
std::optional<std::string> form_decode(std::string_view text);

bool is_valid_utf8(std::string_view text);

bool equals_ignore_case(std::string_view a, std::string_view b);  // ASCII
std::string to_lower(std::string_view text);                      // ASCII
std::string_view trim(std::string_view text);                     // spaces and tabs

// Takes time that depends on the lengths only: for secrets and signatures.
bool equals_constant_time(std::string_view a, std::string_view b);

}  // namespace aerolith
