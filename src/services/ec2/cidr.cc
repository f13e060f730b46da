#include "services/ec2/cidr.h"

#include <arpa/inet.h>
#include <fmt/format.h>

#include <array>
#include <charconv>

namespace aerolith::ec2 {
namespace {

std::optional<int> parse_prefix(std::string_view text, int longest) {
  int prefix = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), prefix);
  if (error != std::errc() || end != text.data() + text.size() || prefix < 0 || prefix > longest) return std::nullopt;
  return prefix;
}

}  // namespace

std::optional<Ipv4> parse_ipv4(std::string_view text) {
  in_addr address{};
  if (inet_pton(AF_INET, std::string(text).c_str(), &address) != 1) return std::nullopt;
  return ntohl(address.s_addr);
}

std::string format_ipv4(Ipv4 address) {
  return fmt::format("{}.{}.{}.{}", address >> 24, (address >> 16) & 255, (address >> 8) & 255, address & 255);
}

std::string Cidr::text() const { return fmt::format("{}/{}", format_ipv4(base), prefix); }

std::optional<Cidr> parse_cidr(std::string_view text) {
  const size_t slash = text.find('/');
  if (slash == std::string_view::npos) return std::nullopt;
  const auto address = parse_ipv4(text.substr(0, slash));
  const auto prefix = parse_prefix(text.substr(slash + 1), 32);
  if (!address || !prefix) return std::nullopt;
  Cidr cidr{.base = *address, .prefix = *prefix};
  cidr.base &= cidr.mask();
  return cidr;
}

std::optional<std::string> normalize_ipv6_cidr(std::string_view text) {
  const size_t slash = text.find('/');
  if (slash == std::string_view::npos) return std::nullopt;
  in6_addr address{};
  const auto prefix = parse_prefix(text.substr(slash + 1), 128);
  if (!prefix || inet_pton(AF_INET6, std::string(text.substr(0, slash)).c_str(), &address) != 1) return std::nullopt;
  for (int bit = *prefix; bit < 128; ++bit) {
    auto& byte = address.s6_addr[bit / 8];
    byte = static_cast<uint8_t>(byte & ~(0x80 >> (bit % 8)));
  }
  std::array<char, INET6_ADDRSTRLEN> out{};
  inet_ntop(AF_INET6, &address, out.data(), out.size());
  return fmt::format("{}/{}", out.data(), *prefix);
}

}  // namespace aerolith::ec2
