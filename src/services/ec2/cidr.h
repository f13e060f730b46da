// IPv4 addresses and blocks as numbers, and the little of IPv6 that rules need.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace aerolith::ec2 {

using Ipv4 = uint32_t;  // host order

std::optional<Ipv4> parse_ipv4(std::string_view text);
std::string format_ipv4(Ipv4 address);

struct Cidr {
  Ipv4 base = 0;
  int prefix = 32;

  uint64_t size() const { return uint64_t{1} << (32 - prefix); }
  Ipv4 mask() const { return prefix == 0 ? 0 : ~Ipv4{0} << (32 - prefix); }
  bool contains(Ipv4 address) const { return (address & mask()) == base; }
  bool contains(const Cidr& other) const { return other.prefix >= prefix && contains(other.base); }
  bool overlaps(const Cidr& other) const { return contains(other) || other.contains(*this); }
  std::string text() const;
  bool operator==(const Cidr&) const = default;
};

// "10.0.0.0/16"; bits beyond the prefix are cut off, as EC2 does.
std::optional<Cidr> parse_cidr(std::string_view text);
// The canonical text of an IPv6 block, bits beyond the prefix cut off.
std::optional<std::string> normalize_ipv6_cidr(std::string_view text);

}  // namespace aerolith::ec2
