#include "network/check.h"

#include <fmt/format.h>

#include <algorithm>
#include <cctype>
#include <set>

#include "network/address.h"
#include "network/names.h"

namespace aerolith::network {

namespace {

bool consists_of(std::string_view text, std::string_view others) {
  return std::ranges::all_of(text, [&](char c) {
    return std::isalnum(static_cast<unsigned char>(c)) != 0 || others.find(c) != std::string_view::npos;
  });
}

bool is_id(std::string_view text) { return !text.empty() && text.size() <= 64 && consists_of(text, "-"); }

bool is_mac(std::string_view text) {
  if (text.size() != 17) return false;
  for (size_t i = 0; i < text.size(); ++i) {
    const bool right = i % 3 == 2 ? text[i] == ':' : std::isxdigit(static_cast<unsigned char>(text[i])) != 0;
    if (!right) return false;
  }
  return true;
}

bool is_v6(std::string_view cidr) { return cidr.find(':') != std::string_view::npos && consists_of(cidr, ":./%"); }

Result<> require(bool holds, std::string_view what, std::string_view value) {
  if (holds) return {};
  return failed(fmt::format("{}: '{}'", what, value));
}

template <typename List>
bool has(const List& list, std::string_view id) {
  return std::ranges::any_of(list, [&](const auto& item) { return item.id == id; });
}

Result<> check_cidr(std::string_view cidr) {
  return require(is_v6(cidr) || parse_prefix(cidr).has_value(), "not a range of addresses", cidr);
}

Result<> check_rules(const Vpc& vpc) {
  for (const Group& group : vpc.groups) {
    TRY(require(is_id(group.id), "not an id", group.id));
    for (const auto* rules : {&group.ingress, &group.egress}) {
      for (const GroupRule& rule : *rules) {
        if (!rule.peer.cidr.empty()) TRY(check_cidr(rule.peer.cidr));
        if (!rule.peer.group.empty()) TRY(require(is_id(rule.peer.group), "not an id", rule.peer.group));
      }
    }
  }
  for (const PeerGroup& group : vpc.peer_groups) {
    TRY(require(is_id(group.id), "not an id", group.id));
    for (const auto& address : group.addresses) {
      TRY(require(parse_address(address).has_value(), "not an address", address));
    }
  }
  for (const Acl& acl : vpc.acls) {
    TRY(require(is_id(acl.id), "not an id", acl.id));
    for (const AclRule& rule : acl.rules) TRY(check_cidr(rule.cidr));
  }
  return {};
}

Result<> check_places(const Vpc& vpc) {
  TRY(require(!vpc.cidrs.empty(), "a VPC without a range of addresses", vpc.id));
  for (const auto& cidr : vpc.cidrs) TRY(require(parse_prefix(cidr).has_value(), "not an IPv4 range", cidr));
  for (const Subnet& subnet : vpc.subnets) {
    TRY(require(is_id(subnet.id), "not an id", subnet.id));
    TRY(require(parse_prefix(subnet.cidr).has_value(), "not an IPv4 range", subnet.cidr));
    TRY(require(subnet.acl.empty() || has(vpc.acls, subnet.acl), "no such network ACL", subnet.acl));
    TRY(require(subnet.route_table.empty() || has(vpc.route_tables, subnet.route_table), "no such route table",
                subnet.route_table));
  }
  for (const RouteTable& table : vpc.route_tables) {
    TRY(require(is_id(table.id), "not an id", table.id));
    for (const Route& route : table.routes) TRY(check_cidr(route.destination));
  }
  return {};
}

// It stands in a rule set, between quotes.
Result<> check_label(const std::string& label) {
  return require(label.size() <= 120 && consists_of(label, " -.,:"), "not a label of flows", label);
}

Result<> check_port(const Interface& interface) {
  if (interface.port != PortKind::veth) return {};
  const std::string& device = interface.guest_device;
  TRY(require(!device.empty() && device.size() <= 15 && consists_of(device, "-_."), "not a device's name", device));
  return require(interface.guest_namespace.starts_with('/') && consists_of(interface.guest_namespace, "/-_.+:"),
                 "not a path of a namespace", interface.guest_namespace);
}

Result<> check_interface(const Vpc& vpc, const Interface& interface) {
  TRY(require(is_id(interface.id), "not an id", interface.id));
  TRY(require(has(vpc.subnets, interface.subnet), "no such subnet", interface.subnet));
  TRY(require(is_mac(interface.mac), "not a hardware address", interface.mac));
  TRY(require(!interface.private_addresses.empty(), "an interface without an address", interface.id));
  for (const auto& address : interface.private_addresses) {
    TRY(require(parse_address(address).has_value(), "not an address", address));
  }
  for (const auto& [inside, outside] : interface.public_addresses) {
    TRY(require(std::ranges::count(interface.private_addresses, inside) == 1, "not an address of its own", inside));
    TRY(require(parse_address(outside).has_value(), "not an address", outside));
  }
  for (const auto& group : interface.groups) TRY(require(has(vpc.groups, group), "no such security group", group));
  TRY(check_label(interface.flow_label));
  return check_port(interface);
}

Result<> check_ways(const Vpc& vpc) {
  for (const NatGateway& nat : vpc.nat_gateways) {
    TRY(require(is_id(nat.id), "not an id", nat.id));
    TRY(require(has(vpc.subnets, nat.subnet), "no such subnet", nat.subnet));
    TRY(require(parse_address(nat.private_address).has_value(), "not an address", nat.private_address));
    TRY(require(nat.public_address.empty() || parse_address(nat.public_address), "not an address", nat.public_address));
    TRY(check_label(nat.flow_label));
  }
  for (const Peering& peering : vpc.peerings) {
    TRY(require(is_id(peering.id), "not an id", peering.id));
    for (const auto& cidr : peering.other_cidrs) {
      TRY(require(parse_prefix(cidr).has_value(), "not an IPv4 range", cidr));
    }
  }
  return {};
}

// Names are cut out of ids: two that are cut alike would be one device.
Result<> check_devices(const Vpc& vpc) {
  std::set<std::string> devices;
  std::set<std::string> addresses;
  for (const Interface& interface : vpc.interfaces) {
    TRY(require(devices.insert(device_of(interface.id)).second, "two interfaces of one name", interface.id));
    for (const auto& address : interface.private_addresses) {
      TRY(require(addresses.insert(address).second, "two interfaces of one address", address));
    }
  }
  for (const NatGateway& nat : vpc.nat_gateways) {
    TRY(require(devices.insert(nat_device_of(nat.id)).second, "two NAT gateways of one name", nat.id));
    TRY(require(addresses.insert(nat.private_address).second, "two interfaces of one address", nat.private_address));
  }
  for (const Peering& peering : vpc.peerings) {
    TRY(require(devices.insert(peering_device_of(peering.id)).second, "two peerings of one name", peering.id));
  }
  return {};
}

}  // namespace

std::unexpected<FabricError> failed(std::string detail) {
  return std::unexpected(FabricError{FabricErrorCode::command, std::move(detail)});
}

Result<> check(const FabricSettings& settings) {
  const std::string& name = settings.installation;
  TRY(require(!name.empty() && name.size() <= 6 && consists_of(name, ""), "not an installation's name", name));
  const auto range = parse_prefix(settings.public_cidr);
  TRY(require(range && range->length <= 28, "not an IPv4 range of 16 addresses or more", settings.public_cidr));
  TRY(require(settings.run_folder.starts_with('/'), "not an absolute path", settings.run_folder));
  const bool is_alone = settings.host_folder.empty();
  return require(is_alone || settings.host_folder.starts_with('/'), "not an absolute path", settings.host_folder);
}

Result<> check(const Vpc& vpc) {
  TRY(require(is_id(vpc.id) && vpc.id != "edge", "not an id", vpc.id));
  TRY(check_places(vpc));
  TRY(check_rules(vpc));
  for (const Interface& interface : vpc.interfaces) TRY(check_interface(vpc, interface));
  TRY(check_ways(vpc));
  return check_devices(vpc);
}

}  // namespace aerolith::network
