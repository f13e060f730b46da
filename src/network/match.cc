#include "network/match.h"

#include <fmt/format.h>
#include <netinet/in.h>

#include "network/address.h"
#include "network/names.h"

namespace aerolith::network {

namespace {

constexpr int kLastPort = 65535;

std::string ports_match(std::string_view protocol, int from, int to) {
  if (from < 0 || (from == 0 && to >= kLastPort)) return fmt::format("meta l4proto {} ", protocol);
  if (from == to) return fmt::format("{} dport {} ", protocol, from);
  return fmt::format("{} dport {}-{} ", protocol, from, to);
}

std::string icmp_match(int type, int code) {
  if (type < 0) return "meta l4proto icmp ";
  if (code < 0) return fmt::format("icmp type {} ", type);
  return fmt::format("icmp type {} icmp code {} ", type, code);
}

std::string protocol_match(int protocol, int from, int to) {
  switch (protocol) {
    case -1:
      return {};
    case IPPROTO_TCP:
      return ports_match("tcp", from, to);
    case IPPROTO_UDP:
      return ports_match("udp", from, to);
    case IPPROTO_ICMP:
      return icmp_match(from, to);
    default:
      return fmt::format("meta l4proto {} ", protocol);
  }
}

std::string_view field_of(Side side) { return side == Side::source ? "saddr" : "daddr"; }

std::optional<std::string> address_match(std::string_view cidr, Side side) {
  const auto prefix = parse_prefix(cidr);
  if (!prefix) return std::nullopt;
  if (prefix->length == 0) return std::string();
  return fmt::format("ip {} {} ", field_of(side), to_text(*prefix));
}

}  // namespace

std::string group_set_of(std::string_view group_id) { return "members_" + identifier_of(group_id); }

std::optional<std::string> match_of(const GroupRule& rule, Side peer) {
  std::string match = protocol_match(rule.protocol, rule.from_port, rule.to_port);
  if (!rule.peer.group.empty()) {
    match += fmt::format("ip {} @{} ", field_of(peer), group_set_of(rule.peer.group));
  } else if (!rule.peer.cidr.empty()) {
    const auto address = address_match(rule.peer.cidr, peer);
    if (!address) return std::nullopt;
    match += *address;
  }
  return match;
}

std::optional<std::string> match_of(const AclRule& rule, Side peer) {
  const auto address = address_match(rule.cidr, peer);
  if (!address) return std::nullopt;
  return protocol_match(rule.protocol, rule.from_port, rule.to_port) + *address;
}

}  // namespace aerolith::network
