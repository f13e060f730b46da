// IPv4 addresses and prefixes as numbers.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace aerolith::network {

struct Prefix {
  uint32_t base = 0;
  int length = 32;

  bool contains(uint32_t address) const;
  friend bool operator==(const Prefix&, const Prefix&) = default;
};

std::optional<uint32_t> parse_address(std::string_view text);
// CIDR, or an address alone; bits after the prefix are cleared. Nullopt for IPv6 too.
std::optional<Prefix> parse_prefix(std::string_view text);

std::string to_text(uint32_t address);
std::string to_text(const Prefix& prefix);

// Canonical text of an address in a description that was checked (check.h); anything else is a bug.
std::string address_in(std::string_view cidr, uint32_t index);

}  // namespace aerolith::network
