#include "network/address.h"

#include <arpa/inet.h>
#include <fmt/format.h>

#include <charconv>

namespace aerolith::network {

namespace {
uint32_t mask_of(int length) { return length == 0 ? 0 : ~uint32_t{0} << (32 - length); }
}  // namespace

bool Prefix::contains(uint32_t address) const { return (address & mask_of(length)) == base; }

std::optional<uint32_t> parse_address(std::string_view text) {
  in_addr parsed{};
  if (::inet_pton(AF_INET, std::string(text).c_str(), &parsed) != 1) return std::nullopt;
  return ntohl(parsed.s_addr);
}

std::optional<Prefix> parse_prefix(std::string_view text) {
  const size_t slash = text.find('/');
  const auto base = parse_address(text.substr(0, slash));
  if (!base) return std::nullopt;
  int length = 32;
  if (slash != std::string_view::npos) {
    const std::string_view digits = text.substr(slash + 1);
    const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), length);
    if (error != std::errc() || end != digits.data() + digits.size()) return std::nullopt;
  }
  if (length < 0 || length > 32) return std::nullopt;
  return Prefix{*base & mask_of(length), length};
}

std::string to_text(uint32_t address) {
  return fmt::format("{}.{}.{}.{}", address >> 24, (address >> 16) & 255, (address >> 8) & 255, address & 255);
}

std::string to_text(const Prefix& prefix) { return fmt::format("{}/{}", to_text(prefix.base), prefix.length); }

std::string address_in(std::string_view cidr, uint32_t index) {
  return to_text(parse_prefix(cidr).value().base + index);
}

}  // namespace aerolith::network
