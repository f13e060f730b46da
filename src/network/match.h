// The part of a rule that says which packets: shared by security groups and network ACLs.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "network/fabric.h"

namespace aerolith::network {

enum class Side : uint8_t { source, destination };  // whose address a rule's peer is

// A name that rules use for the addresses of a group's interfaces.
std::string group_set_of(std::string_view group_id);

// "tcp dport 80-90 ip saddr 10.0.0.0/8 "; empty: all packets; nullopt: none (an IPv6 peer: no interface has one).
std::optional<std::string> match_of(const GroupRule& rule, Side peer);
std::optional<std::string> match_of(const AclRule& rule, Side peer);

}  // namespace aerolith::network
