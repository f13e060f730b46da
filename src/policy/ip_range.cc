#include "policy/ip_range.h"

#include <arpa/inet.h>

#include <algorithm>
#include <charconv>
#include <cstring>

namespace aerolith::policy {
namespace {

constexpr std::array<uint8_t, 12> kMappedPrefix = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xFF, 0xFF};

}  // namespace

std::optional<IpAddress> parse_ip_address(std::string_view text) {
  char terminated[INET6_ADDRSTRLEN + 1];
  if (text.size() >= sizeof(terminated) || text.find('\0') != std::string_view::npos) return std::nullopt;
  std::memcpy(terminated, text.data(), text.size());
  terminated[text.size()] = '\0';
  IpAddress address;
  if (inet_pton(AF_INET, terminated, address.bytes.data()) == 1) return address;
  if (inet_pton(AF_INET6, terminated, address.bytes.data()) != 1) return std::nullopt;
  address.is_v4 = std::equal(kMappedPrefix.begin(), kMappedPrefix.end(), address.bytes.begin());
  if (address.is_v4) {
    std::copy(address.bytes.begin() + 12, address.bytes.end(), address.bytes.begin());
    std::fill(address.bytes.begin() + 4, address.bytes.end(), uint8_t{0});
  }
  return address;
}

bool IpRange::contains(const IpAddress& address) const {
  if (address.is_v4 != first.is_v4) return false;
  const size_t whole = prefix_bits / 8;
  if (std::memcmp(first.bytes.data(), address.bytes.data(), whole) != 0) return false;
  const unsigned rest = prefix_bits % 8;
  if (rest == 0) return true;
  const unsigned mask = (0xFFU << (8 - rest)) & 0xFFU;
  return ((first.bytes[whole] ^ address.bytes[whole]) & mask) == 0;
}

std::optional<IpRange> parse_ip_range(std::string_view text) {
  const size_t slash = text.find('/');
  const auto address = parse_ip_address(text.substr(0, slash));
  if (!address) return std::nullopt;
  const unsigned most = address->is_v4 ? 32 : 128;
  IpRange range{*address, most};
  if (slash == std::string_view::npos) return range;
  const std::string_view bits = text.substr(slash + 1);
  const auto [end, error] = std::from_chars(bits.data(), bits.data() + bits.size(), range.prefix_bits);
  if (error != std::errc{} || end != bits.data() + bits.size() || range.prefix_bits > most) return std::nullopt;
  return range;
}

}  // namespace aerolith::policy
