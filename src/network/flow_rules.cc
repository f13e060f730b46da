#include "network/flow_rules.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "network/names.h"

namespace aerolith::network {

namespace {

constexpr std::string_view kKinds[] = {"tcp", "udp", "other"};

std::string set_name(std::string_view kind, Timestamp begin) {
  return fmt::format("flows_{}_{}", kind, begin.time_since_epoch().count());
}

std::string set_type(std::string_view kind) {
  return kind == "other" ? "mark . ipv4_addr . ipv4_addr . inet_proto"
                         : "mark . ipv4_addr . ipv4_addr . inet_service . inet_service";
}

std::string key_of(std::string_view kind) {
  if (kind == "other") return "meta mark . ip saddr . ip daddr . meta l4proto";
  return fmt::format("meta mark . ip saddr . ip daddr . {0} sport . {0} dport", kind);
}

std::string add_sets(Timestamp begin) {
  std::string text;
  for (const std::string_view kind : kKinds) {
    text += fmt::format("add set inet {} {} {{ type {}; size {}; flags dynamic; }}\n", kFlowTable,
                        set_name(kind, begin), set_type(kind), kMostFlows);
  }
  return text;
}

// Where a set is full the rule ends without a trace: the packet goes its way uncounted.
std::string fill_sets(Timestamp begin) {
  std::string text;
  for (const std::string_view kind : kKinds) {
    text += fmt::format("flush chain inet {0} count_{1}\nadd rule inet {0} count_{1} update @{2} {{ {3} counter }}\n",
                        kFlowTable, kind, set_name(kind, begin), key_of(kind));
  }
  return text;
}

std::string number_text(uint16_t number) { return fmt::format("0x{:08x}", uint32_t{number} << 16); }

std::string add_device(const std::string& device, uint16_t number, const std::string& label) {
  return fmt::format(
      "add element inet {0} labels {{ {1} comment \"{2}\" }}\nadd element inet {0} logged {{ \"{3}\" : {1} }}\n",
      kFlowTable, number_text(number), label, device);
}

std::string remove_device(const std::string& device) {
  return fmt::format("delete element inet {} logged {{ \"{}\" }}\n", kFlowTable, device);
}

// One direction of a packet's way, for one of the two answers.
std::string side_chain(std::string_view name, std::string_view device, uint32_t bits, std::string_view more) {
  return fmt::format(
      "  chain {} {{\n    meta mark set 0x0\n    meta mark set {} map @logged\n    meta mark 0x0 return\n{}"
      "    meta mark set meta mark or 0x{:x}\n    goto count\n  }}\n",
      name, device, more, bits);
}

std::string path_rule(std::string_view device, FlowPath path) {
  return fmt::format("    oifname \"{}\" meta mark set meta mark or 0x{:x}\n", device,
                     static_cast<uint32_t>(path) << 4);
}

// Bits of inside_vpc (1) and others don't add up to one another: 1 is set only where none of them is.
std::string paths() {
  return path_rule(kInternetDevice, FlowPath::internet_gateway) + path_rule(kS3Device, FlowPath::s3_endpoint) +
         path_rule("pcx*", FlowPath::peering) +
         fmt::format("    meta mark and 0xf0 == 0x0 meta mark set meta mark or 0x{:x}\n",
                     static_cast<uint32_t>(FlowPath::inside_vpc) << 4);
}

std::string chains() {
  return R"(  chain count_tcp {
  }
  chain count_udp {
  }
  chain count_other {
  }
  chain count {
    meta l4proto udp goto count_udp
    meta l4proto != tcp goto count_other
    tcp flags & fin == fin meta mark set meta mark or 0x100
    tcp flags & syn == syn meta mark set meta mark or 0x200
    tcp flags & rst == rst meta mark set meta mark or 0x400
    tcp flags & (syn | ack) == syn | ack meta mark set meta mark or 0x1000
    goto count_tcp
  }
)" + side_chain("leave_accepted", "iifname", 0x0, paths()) +
         side_chain("leave_refused", "iifname", 0x1, paths()) + side_chain("enter_accepted", "oifname", 0x4, "") +
         side_chain("enter_refused", "oifname", 0x6, "") +
         // The mark is as it was when they end.
         R"(  chain passed {
    jump leave_accepted
    jump enter_accepted
    meta mark set 0x0
  }
  chain refused_at_source {
    jump leave_refused
    meta mark set 0x1
  }
  chain refused_at_destination {
    jump leave_accepted
    jump enter_refused
    meta mark set 0x2
  }
  chain flows {
    type filter hook forward priority filter + 1; policy accept;
    meta mark and 0x3 == 0x0 goto passed
    meta mark and 0x1 == 0x1 goto refused_at_source
    goto refused_at_destination
  }
)";
}

}  // namespace

FlowLabels flow_labels_of(const Vpc& vpc) {
  FlowLabels labels;
  for (const Interface& interface : vpc.interfaces) {
    const bool is_there = interface.port != PortKind::none;
    if (is_there && !interface.flow_label.empty()) labels[device_of(interface.id)] = interface.flow_label;
  }
  for (const NatGateway& nat : vpc.nat_gateways) {
    if (!nat.flow_label.empty()) labels[nat_device_of(nat.id)] = nat.flow_label;
  }
  return labels;
}

std::string make_flow_rules(const FlowLabels& labels, Timestamp begin) {
  return fmt::format(
      "table inet {0}\ndelete table inet {0}\ntable inet {0} {{\n  map logged {{ type ifname : mark; }}\n"
      "  set labels {{ type mark; }}\n{1}}}\n{2}{3}{4}",
      kFlowTable, chains(), add_sets(begin), fill_sets(begin), renumber_flows({}, labels));
}

std::string renumber_flows(const FlowNumbers& is, const FlowLabels& should) {
  std::string text;
  std::set<uint16_t> taken;
  for (const auto& [number, label] : is.labels) taken.insert(number);
  for (const auto& [device, number] : is.devices) {
    taken.insert(number);
    const auto label = is.labels.find(number);
    const auto wanted = should.find(device);
    const bool stays = wanted != should.end() && label != is.labels.end() && wanted->second == label->second;
    if (!stays) text += remove_device(device);
  }
  uint16_t number = 0;
  for (const auto& [device, label] : should) {
    if (const auto had = is.devices.find(device); had != is.devices.end()) {
      const auto old = is.labels.find(had->second);
      if (old != is.labels.end() && old->second == label) continue;
    }
    do ++number;
    while (number == 0 || taken.contains(number));
    taken.insert(number);
    text += add_device(device, number, label);
  }
  return text;
}

std::string turn_flow_rules(Timestamp begin) { return add_sets(begin) + fill_sets(begin); }

std::string drop_flow_windows(const std::vector<Timestamp>& begins, const FlowNumbers& numbers) {
  std::string text;
  for (const Timestamp begin : begins) {
    for (const std::string& name : flow_sets_of(begin))
      text += fmt::format("delete set inet {} {}\n", kFlowTable, name);
  }
  std::set<uint16_t> used;
  for (const auto& [device, number] : numbers.devices) used.insert(number);
  for (const auto& [number, label] : numbers.labels) {
    if (used.contains(number)) continue;
    text += fmt::format("delete element inet {} labels {{ {} }}\n", kFlowTable, number_text(number));
  }
  return text;
}

std::vector<std::string> flow_sets_of(Timestamp begin) {
  std::vector<std::string> names;
  for (const std::string_view kind : kKinds) names.push_back(set_name(kind, begin));
  return names;
}

}  // namespace aerolith::network
