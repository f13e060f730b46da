#include "services/s3/bucket_name.h"

#include <algorithm>
#include <array>

namespace aerolith::s3 {
namespace {

constexpr std::array<std::string_view, 3> kReservedPrefixes = {"xn--", "sthree-", "amzn-s3-demo-"};
constexpr std::array<std::string_view, 5> kReservedSuffixes = {"-s3alias", "--ol-s3", ".mrap", "--x-s3", "--table-s3"};

bool is_letter_or_digit(char c) { return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9'); }

// 192.168.5.4: four groups of digits.
bool looks_like_ip_address(std::string_view name) {
  if (std::count(name.begin(), name.end(), '.') != 3) return false;
  return std::all_of(name.begin(), name.end(), [](char c) { return c == '.' || (c >= '0' && c <= '9'); });
}

}  // namespace

bool is_valid_bucket_name(std::string_view name) {
  if (name.size() < 3 || name.size() > 63) return false;
  if (!is_letter_or_digit(name.front()) || !is_letter_or_digit(name.back())) return false;
  auto is_legal = [](char c) { return is_letter_or_digit(c) || c == '.' || c == '-'; };
  if (!std::all_of(name.begin(), name.end(), is_legal)) return false;
  // Each label begins and ends with a letter or a digit, as in DNS.
  for (std::string_view pair : {"..", ".-", "-."}) {
    if (name.find(pair) != std::string_view::npos) return false;
  }
  if (looks_like_ip_address(name)) return false;
  for (std::string_view prefix : kReservedPrefixes) {
    if (name.starts_with(prefix)) return false;
  }
  for (std::string_view suffix : kReservedSuffixes) {
    if (name.ends_with(suffix)) return false;
  }
  return true;
}

}  // namespace aerolith::s3
