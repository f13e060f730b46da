// The rule set of a VPC's namespace, as a text for `nft -f` that replaces the one before in one transaction.
//
// What a packet between two interfaces goes through, in this order:
//   prerouting  only the interface's own hardware and IP address may send (IP: unless source_dest_check is off)
//   prerouting  from the edge: public address to private address
//   forward     the destination is the interface's (unless source_dest_check is off); nothing link-local
//   forward     network ACL of the source's subnet, then of the destination's; each packet by itself
//   forward     established connections pass
//   forward     a rule of one of the source's groups lets it go, then one of the destination's lets it in
//   postrouting to the edge: private address to public address
// Where flows are counted (flow_rules.h), what a network ACL or a group refuses is marked, counted, and dropped in a
// chain of its own behind all that; other packets are dropped at once, and uncounted.
//
// What is for the namespace itself goes through `input`: metadata, DNS and DHCP, nothing else.
#pragma once

#include <string>

#include "network/fabric.h"

namespace aerolith::network {

// `vpc` is one that check() passed.
std::string make_rules(const Vpc& vpc);

// Of a NAT gateway's namespace.
std::string make_nat_rules(const NatGateway& nat);

}  // namespace aerolith::network
