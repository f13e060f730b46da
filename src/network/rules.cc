#include "network/rules.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <map>
#include <set>
#include <vector>

#include "network/address.h"
#include "network/flow_rules.h"
#include "network/match.h"
#include "network/names.h"

namespace aerolith::network {

namespace {

using Elements = std::set<std::string>;

std::string quoted(std::string_view device) { return fmt::format("\"{}\"", device); }

std::string set_text(std::string_view kind, std::string_view name, std::string_view type, const Elements& elements) {
  const std::string content =
      elements.empty() ? std::string() : fmt::format(" elements = {{ {} }}", fmt::join(elements, ", "));
  return fmt::format("  {} {} {{ type {};{} }}\n", kind, name, type, content);
}

std::string chain_text(std::string_view name, const std::vector<std::string>& rules) {
  std::string text = fmt::format("  chain {} {{\n", name);
  for (const auto& rule : rules) text += "    " + rule + "\n";
  return text + "  }\n";
}

// Devices of one subnet, and what its network ACL is asked for.
struct Member {
  std::string device;
  std::string subnet;
};

class RuleSet {
 public:
  explicit RuleSet(const Vpc& vpc) : vpc_(vpc) {
    for (const Interface& interface : vpc_.interfaces) {
      if (interface.port != PortKind::none) attached_.push_back(&interface);
    }
    for (const Interface* interface : attached_) members_.push_back({device_of(interface->id), interface->subnet});
    for (const NatGateway& nat : vpc_.nat_gateways) members_.push_back({nat_device_of(nat.id), nat.subnet});
    counts_flows_ = !flow_labels_of(vpc_).empty();
  }

  // Groups, ACLs and ports add sets and chains; base chains that name these come last.
  std::string text() {
    add_groups();
    add_acls();
    add_ports();
    add_translation();
    return "table inet aerolith\ndelete table inet aerolith\ntable arp aerolith\ndelete table arp aerolith\n" +
           (counts_flows_ ? std::string() : fmt::format("table inet {0}\ndelete table inet {0}\n", kFlowTable)) +
           "table inet aerolith {\n" + sets_ + chains_ + prerouting() + input() + forward() + arrive() + enforce() +
           "}\n" + arp();
  }

 private:
  void add_groups() {
    std::map<std::string, Elements> addresses;
    for (const PeerGroup& group : vpc_.peer_groups) {
      addresses[group.id].insert(group.addresses.begin(), group.addresses.end());
    }
    for (const Interface& interface : vpc_.interfaces) {
      for (const auto& group : interface.groups) {
        addresses[group].insert(interface.private_addresses.begin(), interface.private_addresses.end());
      }
    }
    for (const Group& group : vpc_.groups) {
      chains_ += chain_text("out_" + identifier_of(group.id), rules_of(group.egress, Side::destination, "goto arrive"));
      chains_ += chain_text("in_" + identifier_of(group.id), rules_of(group.ingress, Side::source, "accept"));
      for (const auto* rules : {&group.ingress, &group.egress}) {
        for (const GroupRule& rule : *rules) {
          if (!rule.peer.group.empty()) addresses.try_emplace(rule.peer.group);
        }
      }
    }
    for (const auto& [id, elements] : addresses) sets_ += set_text("set", group_set_of(id), "ipv4_addr", elements);
  }

  static std::vector<std::string> rules_of(const std::vector<GroupRule>& rules, Side peer, std::string_view verdict) {
    std::vector<std::string> lines;
    for (const GroupRule& rule : rules) {
      if (const auto match = match_of(rule, peer)) lines.push_back(*match + std::string(verdict));
    }
    return lines;
  }

  // Packets within a subnet never meet its ACL: the neighbours are asked first.
  void add_acls() {
    for (const Acl& acl : vpc_.acls) {
      chains_ += chain_text("acl_out_" + identifier_of(acl.id), rules_of(acl, true));
      chains_ += chain_text("acl_in_" + identifier_of(acl.id), rules_of(acl, false));
    }
    Elements leave;
    Elements enter;
    for (const Subnet& subnet : vpc_.subnets) {
      if (subnet.acl.empty()) continue;
      const std::string name = identifier_of(subnet.id);
      const std::string acl = identifier_of(subnet.acl);
      Elements devices;
      for (const Member& member : members_) {
        if (member.subnet != subnet.id) continue;
        devices.insert(quoted(member.device));
        leave.insert(fmt::format("{} : jump leave_{}", quoted(member.device), name));
        enter.insert(fmt::format("{} : jump enter_{}", quoted(member.device), name));
      }
      sets_ += set_text("set", "devices_" + name, "ifname", devices);
      chains_ += chain_text("leave_" + name,
                            {fmt::format("oifname @devices_{} return", name), fmt::format("jump acl_out_{}", acl)});
      chains_ += chain_text("enter_" + name,
                            {fmt::format("iifname @devices_{} return", name), fmt::format("jump acl_in_{}", acl)});
    }
    sets_ += set_text("map", "leave", "ifname : verdict", leave);
    sets_ += set_text("map", "enter", "ifname : verdict", enter);
  }

  // Of a network ACL: a packet that is only marked goes on, so that the other end of its way is asked as well.
  std::string refusal(bool egress) const {
    if (!counts_flows_) return "drop";
    return std::string(egress ? kRefuseAtSource : kRefuseAtDestination) + " return";
  }

  std::vector<std::string> rules_of(const Acl& acl, bool egress) const {
    std::vector<AclRule> rules;
    std::ranges::copy_if(acl.rules, std::back_inserter(rules),
                         [&](const AclRule& rule) { return rule.egress == egress; });
    std::ranges::sort(rules, {}, &AclRule::number);  // one rule a number and direction
    std::vector<std::string> lines;
    for (const AclRule& rule : rules) {
      const auto match = match_of(rule, egress ? Side::destination : Side::source);
      if (match) lines.push_back(*match + (rule.allows ? "return" : refusal(egress)));
    }
    lines.push_back(refusal(egress));
    return lines;
  }

  void add_ports() {
    Elements guests;
    Elements checked;
    Elements egress;
    Elements ingress;
    for (const Interface* interface : attached_) {
      const std::string name = device_of(interface->id);
      const std::string device = quoted(name);
      guests.insert(device);
      macs_.insert(device + " . " + interface->mac);
      if (interface->source_dest_check) checked.insert(device);
      for (const auto& address : interface->private_addresses) {
        sources_.insert(device + " . " + address);
        arp_sources_.insert(device + " . " + interface->mac + " . " + address);
      }
      arp_sources_.insert(device + " . " + interface->mac + " . 0.0.0.0");  // whether an address is free: RFC 5227
      std::vector<std::string> out;
      std::vector<std::string> in;
      for (const auto& group : interface->groups) {
        out.push_back("jump out_" + identifier_of(group));
        in.push_back("jump in_" + identifier_of(group));
      }
      out.push_back(counts_flows_ ? std::string(kRefuseAtSource) + " accept" : "drop");
      in.push_back(counts_flows_ ? std::string(kRefuseAtDestination) + " accept" : "drop");
      chains_ += chain_text("from_" + name, out) + chain_text("to_" + name, in);
      egress.insert(fmt::format("{} : goto from_{}", device, name));
      ingress.insert(fmt::format("{} : goto to_{}", device, name));
    }
    sets_ += set_text("set", "guests", "ifname", guests) + set_text("set", "checked", "ifname", checked) +
             set_text("set", "macs", "ifname . ether_addr", macs_) +
             set_text("set", "sources", "ifname . ipv4_addr", sources_) +
             set_text("map", "egress", "ifname : verdict", egress) +
             set_text("map", "ingress", "ifname : verdict", ingress);
  }

  void add_translation() {
    Elements inward;
    Elements outward;
    Elements inside;
    const auto add = [&](const std::string& private_address, const std::string& public_address) {
      inward.insert(public_address + " : " + private_address);
      outward.insert(private_address + " : " + public_address);
      inside.insert(private_address);
    };
    for (const Interface& interface : vpc_.interfaces) {
      for (const auto& [private_address, public_address] : interface.public_addresses) {
        add(private_address, public_address);
      }
    }
    for (const NatGateway& nat : vpc_.nat_gateways) {
      if (!nat.public_address.empty()) add(nat.private_address, nat.public_address);
    }
    sets_ += set_text("map", "inward", "ipv4_addr : ipv4_addr", inward) +
             set_text("map", "outward", "ipv4_addr : ipv4_addr", outward) +
             set_text("set", "translated", "ipv4_addr", inside);
    chains_ += chain_text("translate_inward",
                          {"type nat hook prerouting priority dstnat; policy accept;",
                           fmt::format("iifname \"{}\" dnat ip to ip daddr map @inward", kInternetDevice)});
    chains_ += chain_text("translate_outward",
                          {"type nat hook postrouting priority srcnat; policy accept;",
                           fmt::format("oifname \"{}\" snat ip to ip saddr map @outward", kInternetDevice),
                           fmt::format("oifname \"{}\" masquerade", kS3Device)});
  }

  // Before connections are tracked, so that what is dropped here leaves no trace.
  std::string prerouting() const {
    std::vector<std::string> lines = {"type filter hook prerouting priority raw; policy accept;",
                                      "iifname @guests goto from_guest"};
    for (const Peering& peering : vpc_.peerings) {
      const std::string device = quoted(peering_device_of(peering.id));
      if (!peering.other_cidrs.empty()) {
        lines.push_back(fmt::format("iifname {} ip saddr != {{ {} }} drop", device,
                                    fmt::join(canonical(peering.other_cidrs), ", ")));
      }
      // No way through this VPC to another one.
      lines.push_back(
          fmt::format("iifname {} ip daddr != {{ {} }} drop", device, fmt::join(canonical(vpc_.cidrs), ", ")));
    }
    return chain_text("from_guest", {"iifname . ether saddr != @macs drop", "udp sport 68 udp dport 67 accept",
                                     "iifname @checked iifname . ip saddr != @sources drop"}) +
           chain_text("prerouting", lines);
  }

  std::string input() const {
    std::vector<std::string> lines = {
        "type filter hook input priority filter; policy drop;",
        "iifname \"lo\" accept",
        "iifname @guests udp sport 68 udp dport 67 accept",
        // Who asks for metadata is known by the address alone: also who may send as others must ask as itself.
        "iifname @guests iifname . ip saddr != @sources drop",
        "ct state established,related accept",
        fmt::format("iifname @guests ip daddr {} tcp dport 80 accept", kMetadataAddress),
    };
    if (vpc_.dns_support) {
      lines.push_back(
          fmt::format("iifname @guests ip daddr {{ {}, {} }} meta l4proto {{ tcp, udp }} th dport 53 accept",
                      kDnsAddress, address_in(vpc_.cidrs.at(0), 2)));
    }
    return chain_text("input", lines);
  }

  std::string forward() const {
    std::vector<std::string> lines = {
        "type filter hook forward priority filter; policy drop;", "meta nfproto != ipv4 drop",
        "ip daddr 169.254.0.0/16 drop", "oifname @checked oifname . ip daddr != @sources drop",
        // Also of established connections: an address that was taken away is gone at once.
        fmt::format("iifname \"{}\" ip daddr != @translated drop", kInternetDevice),
        fmt::format("oifname \"{}\" ip saddr != @translated drop", kInternetDevice)};
    if (counts_flows_) lines.emplace_back("meta mark set 0x0");
    std::ranges::move(
        std::vector<std::string>{"iifname vmap @leave", "oifname vmap @enter", "ct state established,related accept",
                                 "ct state invalid drop", fmt::format("iifname \"{}\" drop", kS3Device),
                                 "iifname vmap @egress", "goto arrive"},
        std::back_inserter(lines));
    return chain_text("forward", lines);
  }

  // Holds by itself, whether somebody counts in between or not.
  std::string enforce() const {
    if (!counts_flows_) return {};
    return chain_text(
        "enforce", {"type filter hook forward priority filter + 2; policy accept;", "meta mark and 0x3 != 0x0 drop"});
  }

  std::string arrive() const {
    Elements ways = {quoted(kInternetDevice), quoted(kS3Device)};
    for (const NatGateway& nat : vpc_.nat_gateways) ways.insert(quoted(nat_device_of(nat.id)));
    for (const Peering& peering : vpc_.peerings) ways.insert(quoted(peering_device_of(peering.id)));
    return chain_text("arrive",
                      {"oifname vmap @ingress", fmt::format("oifname {{ {} }} accept", fmt::join(ways, ", ")), "drop"});
  }

  // Nobody may claim another one's address, nor fill the host's neighbour table with invented ones.
  std::string arp() const {
    Elements guests;
    for (const Interface* interface : attached_) guests.insert(quoted(device_of(interface->id)));
    return "table arp aerolith {\n" + set_text("set", "guests", "ifname", guests) +
           set_text("set", "sources", "ifname . ether_addr . ipv4_addr", arp_sources_) +
           chain_text("input", {"type filter hook input priority filter; policy accept;",
                                "iifname @guests iifname . arp saddr ether . arp saddr ip != @sources drop"}) +
           "}\n";
  }

  static Elements canonical(const std::vector<std::string>& cidrs) {
    Elements texts;
    for (const auto& cidr : cidrs) texts.insert(to_text(parse_prefix(cidr).value()));
    return texts;
  }

  const Vpc& vpc_;
  std::vector<const Interface*> attached_;
  std::vector<Member> members_;
  bool counts_flows_ = false;
  std::string sets_;
  std::string chains_;
  Elements macs_;
  Elements sources_;
  Elements arp_sources_;
};

}  // namespace

std::string make_rules(const Vpc& vpc) { return RuleSet(vpc).text(); }

std::string make_nat_rules(const NatGateway& nat) {
  return "table inet aerolith\ndelete table inet aerolith\ntable inet aerolith {\n" +
         chain_text("input",
                    {"type filter hook input priority filter; policy drop;", "ct state established,related accept"}) +
         chain_text("translate", {"type nat hook postrouting priority srcnat; policy accept;",
                                  fmt::format("oifname \"eth0\" snat ip to {}", nat.private_address)}) +
         "}\n";
}

}  // namespace aerolith::network
