// Hex, base64, percent-encoding, UTF-8.
#pragma once

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
