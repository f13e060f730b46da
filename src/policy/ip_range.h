// IPv4 and IPv6 addresses and ranges, as the IpAddress operators compare them.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string_view>

namespace aerolith::policy {

struct IpAddress {
  std::array<uint8_t, 16> bytes{};  // IPv4: the first four
  bool is_v4 = true;
};

// IPv4 inside IPv6 (::ffff:192.0.2.1) counts as IPv4.
std::optional<IpAddress> parse_ip_address(std::string_view text);

struct IpRange {
  IpAddress first;
  unsigned prefix_bits = 0;

  bool contains(const IpAddress& address) const;
};

// CIDR; an address alone is a range of one.
std::optional<IpRange> parse_ip_range(std::string_view text);

}  // namespace aerolith::policy
