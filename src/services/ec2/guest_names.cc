#include <algorithm>

#include "services/ec2/api.h"
#include "services/ec2/cidr.h"
#include "services/ec2/zones.h"

namespace aerolith::ec2 {
namespace {

constexpr std::string_view kMetadataAddress = "169.254.169.254";

// "a.b.c" under "b.c" -> "a".
std::optional<std::string_view> label_under(std::string_view name, std::string_view domain) {
  if (name.size() <= domain.size() + 1 || !name.ends_with(domain)) return std::nullopt;
  name.remove_suffix(domain.size());
  if (name.back() != '.') return std::nullopt;
  return name.substr(0, name.size() - 1);
}

// "ip-10-0-0-5" after "ip-" -> 10.0.0.5
std::optional<Ipv4> address_in(std::string_view label, std::string_view prefix) {
  if (!label.starts_with(prefix)) return std::nullopt;
  std::string text(label.substr(prefix.size()));
  if (text.find('.') != std::string::npos) return std::nullopt;
  std::ranges::replace(text, '-', '.');
  return parse_ipv4(text);
}

// "5.0.0.10.in-addr.arpa" -> 10.0.0.5
std::optional<Ipv4> reversed_address(std::string_view name) {
  const auto labels = label_under(name, "in-addr.arpa");
  const auto turned = labels ? parse_ipv4(*labels) : std::nullopt;
  if (!turned) return std::nullopt;
  return (*turned >> 24) | ((*turned >> 8) & 0xff00U) | ((*turned << 8) & 0xff0000U) | (*turned << 24);
}

bool is_inside(const NetworkFacts& network, Ipv4 address) {
  return std::ranges::any_of(network.cidrs, [&](const std::string& text) {
    const auto cidr = parse_cidr(text);
    return cidr && cidr->contains(address);
  });
}

NameFacts find_private_name(const NetworkFacts& network, std::string_view label) {
  if (label == "instance-data") return {.address = std::string(kMetadataAddress)};
  const auto address = address_in(label, "ip-");
  if (!address || !is_inside(network, *address)) return {.is_there = false};
  return {.address = format_ipv4(*address)};
}

}  // namespace

std::optional<NameFacts> find_guest_name(const NetworkFacts& network, std::string_view name) {
  if (const auto label = label_under(name, private_domain(network.region))) return find_private_name(network, *label);
  // Of other regions, whose VPCs aren't here.
  if (label_under(name, "ec2.internal") || label_under(name, "compute.internal")) return NameFacts{.is_there = false};
  if (const auto address = reversed_address(name)) {
    if (!is_inside(network, *address)) return std::nullopt;
    return NameFacts{.pointer = private_name(network.region, format_ipv4(*address))};
  }
  const std::string_view label = name.substr(0, name.find('.'));
  if (const auto address = address_in(label, "ec2-")) {
    const std::string text = format_ipv4(*address);
    if (public_name(network.region, text) == name) return NameFacts{.public_address = text};
  }
  return std::nullopt;
}

}  // namespace aerolith::ec2
