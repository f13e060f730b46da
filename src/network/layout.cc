#include "network/layout.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>

#include "network/address.h"
#include "network/names.h"

namespace aerolith::network {

namespace {

constexpr uint32_t kRulePriority = 1000;
constexpr uint32_t kRouteMetric = 100;
// Behind each route: where its device goes away, packets must not take a shorter match.
constexpr uint32_t kFallbackMetric = 1000;
constexpr uint32_t kLastResortMetric = 4'000'000'000;

// As ip(8) prints it: no length for a host, a word for everything.
std::string printed(const Prefix& prefix) {
  if (prefix.length == 0) return "default";
  return prefix.length == 32 ? to_text(prefix.base) : to_text(prefix);
}

// Numbers of route tables come from their ids alone, so that adding one doesn't renumber the others.
std::map<std::string, uint32_t> number_tables(const Vpc& vpc) {
  std::set<std::string> ids;
  for (const RouteTable& table : vpc.route_tables) ids.insert(table.id);
  std::map<std::string, uint32_t> numbers;
  std::set<uint32_t> taken;
  for (const auto& id : ids) {
    uint32_t number = 2166136261;  // FNV-1a
    for (const char c : id) number = (number ^ static_cast<uint8_t>(c)) * 16777619;
    number = (number & 0x3fffffff) | 0x40000000;
    while (!taken.insert(number).second) ++number;
    numbers[id] = number;
  }
  return numbers;
}

struct NextHop {
  std::string gateway;
  std::string device;
};

class LayoutMaker {
 public:
  LayoutMaker(const Vpc& vpc, std::string_view s3_address) : vpc_(vpc), s3_address_(s3_address) {}

  Layout make() {
    for (const auto address : {kMetadataAddress, kDnsAddress})
      tables().addresses.insert({"lo", std::string(address), ""});
    tables().addresses.insert({"lo", address_in(vpc_.cidrs.at(0), 2), ""});
    for (const auto& cidr : vpc_.cidrs) {
      tables().routes.insert({kMainTable, printed(parse_prefix(cidr).value()), kFallbackMetric, "blackhole", "", ""});
    }
    tables().routes.insert({kMainTable, "default", kLastResortMetric, "blackhole", "", ""});
    numbers_ = number_tables(vpc_);
    for (const Interface& interface : vpc_.interfaces) add(interface);
    for (const NatGateway& nat : vpc_.nat_gateways) add(nat);
    if (vpc_.has_internet_gateway) add_way(LinkKind::internet, std::string(kInternetDevice));
    if (!s3_address_.empty()) {
      add_way(LinkKind::s3, std::string(kS3Device));
      tables().addresses.insert({std::string(kS3Device), s3_address_, ""});
    }
    for (const Peering& peering : vpc_.peerings) add_way(LinkKind::peering, peering_device_of(peering.id));
    for (const RouteTable& table : vpc_.route_tables) add(table);
    return std::move(layout_);
  }

 private:
  KernelTables& tables() { return layout_.tables; }

  void add(const Interface& interface) {
    if (interface.port == PortKind::none) return;
    const std::string device = device_of(interface.id);
    const LinkKind kind = interface.port == PortKind::tap ? LinkKind::tap : LinkKind::guest;
    layout_.links.push_back({.device = device, .kind = kind, .interface = &interface});
    add_member(device, interface.subnet, interface.mac, interface.private_addresses);
  }

  void add(const NatGateway& nat) {
    const std::string device = nat_device_of(nat.id);
    layout_.links.push_back({.device = device, .kind = LinkKind::nat, .nat = &nat});
    add_member(device, nat.subnet, kOwnMac, {nat.private_address});
  }

  void add_member(const std::string& device, const std::string& subnet, std::string_view mac,
                  const std::vector<std::string>& addresses) {
    tables().addresses.insert({device, router_of(vpc_, subnet), ""});
    for (const auto& address : addresses) {
      tables().routes.insert({kMainTable, address, 0, "unicast", "", device});
      tables().neighbours.insert({device, address, lower(mac)});
    }
    const auto place = std::ranges::find(vpc_.subnets, subnet, &Subnet::id);
    const auto number = numbers_.find(place->route_table);
    if (number != numbers_.end()) tables().rules.insert({kRulePriority, device, number->second});
  }

  void add_way(LinkKind kind, const std::string& device) {
    layout_.links.push_back({.device = device, .kind = kind});
    tables().neighbours.insert({device, std::string(kNextHop), std::string(kOwnMac)});
  }

  void add(const RouteTable& table) {
    const uint32_t number = numbers_.at(table.id);
    std::set<std::string> destinations;
    for (const Route& route : table.routes) {
      const auto prefix = parse_prefix(route.destination);
      if (!prefix) continue;  // IPv6
      const std::string destination = printed(*prefix);
      destinations.insert(destination);
      const NextHop hop = std::visit([this](const auto& target) { return next_hop(target); }, route.target);
      if (!hop.device.empty()) {
        tables().routes.insert({number, destination, kRouteMetric, "unicast", hop.gateway, hop.device});
      }
      tables().routes.insert({number, destination, kFallbackMetric, "blackhole", "", ""});
    }
    // Local routes: by the main table, unless this one knows better.
    for (const auto& cidr : vpc_.cidrs) {
      const std::string destination = printed(parse_prefix(cidr).value());
      if (!destinations.contains(destination)) tables().routes.insert({number, destination, 0, "throw", "", ""});
    }
    tables().routes.insert({number, "default", kLastResortMetric, "blackhole", "", ""});
  }

  static NextHop by_way(std::string_view device) { return {std::string(kNextHop), std::string(device)}; }
  NextHop next_hop(const ToInternetGateway&) const {
    return vpc_.has_internet_gateway ? by_way(kInternetDevice) : NextHop{};
  }
  NextHop next_hop(const ToNatGateway& target) const {
    const auto nat = std::ranges::find(vpc_.nat_gateways, target.id, &NatGateway::id);
    if (nat == vpc_.nat_gateways.end()) return {};
    return {nat->private_address, nat_device_of(nat->id)};
  }
  NextHop next_hop(const ToPeering& target) const {
    const bool known = std::ranges::count(vpc_.peerings, target.id, &Peering::id) > 0;
    return known ? by_way(peering_device_of(target.id)) : NextHop{};
  }
  NextHop next_hop(const ToInterface& target) const {
    const auto interface = std::ranges::find(vpc_.interfaces, target.id, &Interface::id);
    if (interface == vpc_.interfaces.end() || interface->port == PortKind::none) return {};
    return {interface->private_addresses.at(0), device_of(interface->id)};
  }
  NextHop next_hop(const ToS3Endpoint&) const { return s3_address_.empty() ? NextHop{} : by_way(kS3Device); }
  NextHop next_hop(const Blackhole&) const { return {}; }

  static std::string lower(std::string_view mac) {
    std::string text(mac);
    std::ranges::transform(text, text.begin(), [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
    return text;
  }

  const Vpc& vpc_;
  std::string s3_address_;
  std::map<std::string, uint32_t> numbers_;
  Layout layout_;
};

std::string text_of(const KernelRoute& route) {
  std::string text = route.type == "unicast" ? route.destination : route.type + " " + route.destination;
  if (!route.gateway.empty()) text += " via " + route.gateway;
  if (!route.device.empty()) text += " dev " + route.device;
  if (!route.gateway.empty()) text += " onlink";
  return text + fmt::format(" metric {} table {} proto static", route.metric, route.table);
}

std::string text_of(const PolicyRule& rule) {
  return fmt::format("pref {} iif {} lookup {}", rule.priority, rule.device, rule.table);
}

std::string text_of(const DeviceAddress& address) {
  const std::string peer = address.peer.empty() ? "" : " peer " + address.peer;
  return fmt::format("{}{}/32 dev {}", address.address, peer, address.device);
}

// Routes that differ in nothing but where they lead replace one another.
bool is_replaced(const KernelRoute& route, const std::set<KernelRoute>& by) {
  const KernelRoute first{route.table, route.destination, route.metric, "", "", ""};
  const auto next = by.lower_bound(first);
  return next != by.end() && next->table == route.table && next->destination == route.destination &&
         next->metric == route.metric;
}

}  // namespace

bool needs_s3_link(const Vpc& vpc) {
  return std::ranges::any_of(vpc.route_tables, [](const RouteTable& table) {
    return std::ranges::any_of(table.routes,
                               [](const Route& route) { return std::holds_alternative<ToS3Endpoint>(route.target); });
  });
}

std::string router_of(const Vpc& vpc, std::string_view subnet) {
  return address_in(std::ranges::find(vpc.subnets, subnet, &Subnet::id)->cidr, 1);
}

int prefix_length_of(const Vpc& vpc, std::string_view subnet) {
  return parse_prefix(std::ranges::find(vpc.subnets, subnet, &Subnet::id)->cidr).value().length;
}

Layout make_layout(const Vpc& vpc, std::string_view s3_address) { return LayoutMaker(vpc, s3_address).make(); }

// What is new comes first: a moment with both is better than one with neither.
std::vector<std::string> make_commands(const KernelTables& is, const KernelTables& should,
                                       const std::set<std::string>& gone) {
  std::vector<std::string> commands;
  const auto has = [&](const auto& set, const auto& item) { return set.contains(item) && !gone.contains(item.device); };
  const auto for_missing = [&](const auto& now, const auto& wanted, std::string_view command, const auto& print) {
    for (const auto& item : wanted) {
      if (!has(now, item)) commands.push_back(fmt::format("{} {}", command, print(item)));
    }
  };
  const auto for_excess = [&](const auto& now, const auto& wanted, std::string_view command, const auto& print) {
    for (const auto& item : now) {
      if (!wanted.contains(item) && !gone.contains(item.device)) {
        commands.push_back(fmt::format("{} {}", command, print(item)));
      }
    }
  };
  const auto print = [](const auto& item) { return text_of(item); };
  const auto print_neighbour = [](const Neighbour& n) {
    return fmt::format("{} lladdr {} dev {} nud permanent", n.address, n.mac, n.device);
  };
  for_missing(is.addresses, should.addresses, "addr add", print);
  for_missing(is.neighbours, should.neighbours, "neigh replace", print_neighbour);
  for_missing(is.routes, should.routes, "route replace", print);
  // Those of devices that went away stay, by name: never ask `gone` for them.
  for (const PolicyRule& rule : should.rules) {
    if (!is.rules.contains(rule)) commands.push_back("rule add " + text_of(rule));
  }
  for (const PolicyRule& rule : is.rules) {
    if (!should.rules.contains(rule)) commands.push_back("rule del " + text_of(rule));
  }
  for (const KernelRoute& route : is.routes) {
    if (should.routes.contains(route) || gone.contains(route.device) || is_replaced(route, should.routes)) continue;
    commands.push_back("route del " + text_of(route));
  }
  // A replaced neighbour has the same key.
  for (const Neighbour& neighbour : is.neighbours) {
    const bool stays = std::ranges::any_of(should.neighbours, [&](const Neighbour& other) {
      return other.device == neighbour.device && other.address == neighbour.address;
    });
    if (!stays && !gone.contains(neighbour.device)) {
      commands.push_back(fmt::format("neigh del {} dev {}", neighbour.address, neighbour.device));
    }
  }
  for_excess(is.addresses, should.addresses, "addr del", print);
  return commands;
}

}  // namespace aerolith::network
