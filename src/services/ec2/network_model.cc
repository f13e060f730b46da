#include "services/ec2/network_model.h"

#include <algorithm>
#include <charconv>
#include <utility>

#include "ec2/model/dhcp_options.h"
#include "ec2/model/route_table.h"
#include "ec2/model/vpc.h"

namespace aerolith::ec2 {
namespace {

int protocol_number(std::string_view protocol) {
  constexpr std::pair<std::string_view, int> kNames[] = {
      {"-1", -1}, {"tcp", 6}, {"udp", 17}, {"icmp", 1}, {"icmpv6", 58}};
  for (const auto& [name, number] : kNames) {
    if (name == protocol) return number;
  }
  int number = -1;
  std::from_chars(protocol.data(), protocol.data() + protocol.size(), number);
  return number;
}

// A rule with a prefix list becomes one for each of its blocks.
void add_rule(const NetworkRecords& records, const RuleRecord& rule, network::Group& group) {
  std::vector<network::GroupRule>& way = rule.egress ? group.egress : group.ingress;
  network::GroupRule made{
      .protocol = protocol_number(rule.protocol), .from_port = rule.from_port, .to_port = rule.to_port};
  if (!rule.prefix_list.empty()) {
    const auto found = records.prefix_lists.find(rule.prefix_list);
    if (found == records.prefix_lists.end()) return;
    for (const std::string& cidr : found->second) {
      made.peer = {.cidr = cidr};
      way.push_back(made);
    }
    return;
  }
  made.peer.cidr = rule.cidr_v4.empty() ? rule.cidr_v6 : rule.cidr_v4;
  made.peer.group = rule.group;
  way.push_back(std::move(made));
}

network::Acl make_acl(const AclRecord& record) {
  network::Acl acl{.id = record.id};
  for (const AclEntryRecord& entry : record.entries) {
    acl.rules.push_back({.number = entry.number,
                         .allows = entry.allows,
                         .egress = entry.egress,
                         .protocol = entry.protocol,
                         .from_port = entry.from_port,
                         .to_port = entry.to_port,
                         .cidr = entry.cidr_v4.empty() ? entry.cidr_v6 : entry.cidr_v4});
  }
  return acl;
}

// What leads to something that is gone is a black hole.
network::RouteTarget make_target(const NetworkRecords& records, const RouteRecord& route) {
  const auto has = [&](const auto& list) {
    return std::ranges::any_of(list, [&](const auto& each) { return each.id == route.target; });
  };
  switch (route.kind) {
    case TargetKind::internet_gateway:
      if (has(records.internet_gateways)) return network::ToInternetGateway{};
      break;
    case TargetKind::nat_gateway:
      // It may be another VPC's, whose packets would not find back.
      if (has(records.nat_gateways)) return network::ToNatGateway{route.target};
      break;
    case TargetKind::peering:
      if (has(records.peerings)) return network::ToPeering{route.target};
      break;
    case TargetKind::interface: {
      const auto found = std::ranges::find(records.interfaces, route.target, &InterfaceRecord::id);
      if (found != records.interfaces.end() && found->attachment) return network::ToInterface{route.target};
      break;
    }
    case TargetKind::endpoint:
      if (has(records.endpoints)) return network::ToS3Endpoint{};
      break;
    case TargetKind::local:
      break;
  }
  return network::Blackhole{};
}

network::RouteTable make_route_table(const NetworkRecords& records, const RouteTableRecord& record) {
  network::RouteTable table{.id = record.id};
  for (const RouteRecord& route : record.routes) {
    const network::RouteTarget target = make_target(records, route);
    if (!route.destination.starts_with("pl-")) {
      table.routes.push_back({.destination = route.destination, .target = target});
      continue;
    }
    const auto found = records.prefix_lists.find(route.destination);
    if (found == records.prefix_lists.end()) continue;
    for (const std::string& cidr : found->second) table.routes.push_back({.destination = cidr, .target = target});
  }
  return table;
}

// Whose associations name the subnet; else `otherwise`.
template <typename Records>
std::string associated_with(const Records& records, const std::string& subnet, const std::string& otherwise) {
  for (const auto& record : records) {
    for (const auto& each : record.associations) {
      if (each.subnet == subnet) return record.id;
    }
  }
  return otherwise;
}

// Empty: no flow log is about it.
std::string flow_label_of(const NetworkRecords& records, const InterfaceRecord& record) {
  const bool is_logged = std::ranges::any_of(records.flow_logs, [&](const FlowLogRecord& log) {
    return log.resource == record.vpc || log.resource == record.subnet || log.resource == record.id;
  });
  if (!is_logged) return {};
  return make_flow_label({.id = record.id,
                          .subnet = record.subnet,
                          .instance = record.attachment ? record.attachment->instance : "",
                          .zone = record.zone,
                          .address = record.addresses.front().address});
}

network::Interface make_interface(const InterfaceRecord& record, const Plugs& plugs) {
  network::Interface interface{.id = record.id, .subnet = record.subnet, .mac = record.mac, .groups = record.groups};
  interface.source_dest_check = record.source_dest_check;
  for (const PrivateAddressRecord& address : record.addresses) {
    interface.private_addresses.push_back(address.address);
    if (!address.public_address) continue;
    interface.public_addresses.push_back(
        {.private_address = address.address, .public_address = address.public_address->address});
  }
  if (const auto found = plugs.find(record.id); found != plugs.end()) {
    interface.port = found->second.kind;
    interface.owner_uid = found->second.owner_uid;
    interface.guest_namespace = found->second.guest_namespace;
    interface.guest_device = found->second.guest_device;
  }
  return interface;
}

network::DhcpOptions make_dhcp(const DhcpOptionsRecord& record) {
  network::DhcpOptions options;
  for (const DhcpOption& option : record.options) {
    if (option.key == "domain-name") options.domain_name = option.values.empty() ? "" : option.values.front();
    if (option.key == "domain-name-servers") options.domain_name_servers = option.values;
    if (option.key == "ntp-servers") options.ntp_servers = option.values;
  }
  return options;
}

network::Peering make_peering(const PeeringRecord& record, const std::string& vpc) {
  const PeeringSide& other = record.requester.vpc == vpc ? record.accepter : record.requester;
  return {.id = record.id, .other_vpc = other.vpc, .other_cidrs = other.cidrs};
}

}  // namespace

network::Vpc make_network(const NetworkRecords& records, const Plugs& plugs) {
  network::Vpc vpc{.id = records.vpc.id};
  for (const CidrAssociation& each : records.vpc.cidrs) vpc.cidrs.push_back(each.cidr);
  vpc.has_internet_gateway = !records.internet_gateways.empty();
  vpc.dns_support = records.vpc.dns_support;
  vpc.dhcp = make_dhcp(records.dhcp);
  for (const SubnetRecord& subnet : records.subnets) {
    vpc.subnets.push_back(
        {.id = subnet.id,
         .cidr = subnet.cidr,
         .acl = associated_with(records.acls, subnet.id, records.vpc.default_acl),
         .route_table = associated_with(records.route_tables, subnet.id, records.vpc.main_route_table)});
  }
  for (const InterfaceRecord& interface : records.interfaces) {
    // A NAT gateway's addresses are the gateway's own.
    if (interface.type == "nat_gateway") continue;
    vpc.interfaces.push_back(make_interface(interface, plugs));
    vpc.interfaces.back().flow_label = flow_label_of(records, interface);
  }
  for (const GroupRecord& record : records.groups) {
    network::Group group{.id = record.id};
    for (const RuleRecord& rule : record.rules) add_rule(records, rule, group);
    vpc.groups.push_back(std::move(group));
  }
  for (const AclRecord& acl : records.acls) vpc.acls.push_back(make_acl(acl));
  for (const RouteTableRecord& table : records.route_tables) {
    vpc.route_tables.push_back(make_route_table(records, table));
  }
  for (const NatGatewayRecord& gateway : records.nat_gateways) {
    vpc.nat_gateways.push_back({.id = gateway.id,
                                .subnet = gateway.subnet,
                                .private_address = gateway.private_address,
                                .public_address = gateway.public_address});
    const auto interface = std::ranges::find(records.interfaces, gateway.interface, &InterfaceRecord::id);
    if (interface != records.interfaces.end()) {
      vpc.nat_gateways.back().flow_label = flow_label_of(records, *interface);
    }
  }
  for (const PeeringRecord& peering : records.peerings) {
    vpc.peerings.push_back(make_peering(peering, records.vpc.id));
  }
  for (const auto& [id, addresses] : records.peer_groups) {
    vpc.peer_groups.push_back({.id = id, .addresses = addresses});
  }
  return vpc;
}

}  // namespace aerolith::ec2
