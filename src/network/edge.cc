#include "network/edge.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/step.h"
#include "network/address.h"
#include "network/check.h"
#include "network/edge_rules.h"
#include "network/host.h"
#include "network/names.h"

namespace aerolith::network {

namespace {

// S3 links carry addresses that are unique in the edge: 169.254.128.1 and on.
constexpr uint32_t kFirstS3Address = (169u << 24) | (254u << 16) | (128u << 8) | 1;
constexpr uint32_t kS3Addresses = 16'000;
constexpr const char* kS3EdgeAddress = "169.254.254.2";  // the edge's end of all of them
constexpr int kOutsideMtu = 1500;
constexpr int kInsideMtu = 9001;

std::vector<KernelSetting> edge_settings() {
  return {{"net/ipv6/conf/all/disable_ipv6", "1"},     {"net/ipv6/conf/default/disable_ipv6", "1"},
          {"net/ipv4/conf/all/rp_filter", "1"},        {"net/ipv4/conf/default/rp_filter", "1"},
          {"net/ipv4/conf/all/send_redirects", "0"},   {"net/ipv4/conf/default/send_redirects", "0"},
          {"net/ipv4/conf/all/accept_redirects", "0"}, {"net/ipv4/conf/default/accept_redirects", "0"}};
}

std::string host_address(const FabricSettings& settings) { return address_in(settings.public_cidr, kHostIndex); }
std::string edge_address(const FabricSettings& settings) { return address_in(settings.public_cidr, kEdgeIndex); }

bool are_ends(const KernelState& one, std::string_view device, const KernelState& other,
              std::string_view other_device) {
  const auto end = one.devices.find(std::string(device));
  const auto other_end = other.devices.find(std::string(other_device));
  return end != one.devices.end() && other_end != other.devices.end() &&
         end->second.peer_index == other_end->second.index && other_end->second.peer_index == end->second.index;
}

std::string link_text(std::string_view device, std::string_view far_device, std::string_view far_namespace, int mtu) {
  return fmt::format("link add {} address {} mtu {} type veth peer name {} address {} mtu {} netns {}", device, kOwnMac,
                     mtu, far_device, kOwnMac, mtu, far_namespace);
}

std::set<std::string> public_addresses_of(const Vpc& vpc) {
  std::set<std::string> addresses;
  for (const Interface& interface : vpc.interfaces) {
    for (const PublicAddress& pair : interface.public_addresses) addresses.insert(pair.public_address);
  }
  for (const NatGateway& nat : vpc.nat_gateways) {
    if (!nat.public_address.empty()) addresses.insert(nat.public_address);
  }
  return addresses;
}

// The one that the link has, or the first free one.
std::string s3_address_for(const KernelState& edge, const std::string& device) {
  std::set<std::string> taken;
  for (const DeviceAddress& address : edge.tables.addresses) {
    if (address.peer.empty()) continue;
    if (address.device == device) return address.peer;
    taken.insert(address.peer);
  }
  for (uint32_t i = 0; i < kS3Addresses; ++i) {
    if (std::string text = to_text(kFirstS3Address + i); !taken.contains(text)) return text;
  }
  return {};
}

// All that concerns other devices stays as it is.
KernelTables without(KernelTables tables, const std::set<std::string>& devices) {
  const auto is_theirs = [&](const auto& item) { return devices.contains(item.device); };
  std::erase_if(tables.addresses, is_theirs);
  std::erase_if(tables.neighbours, is_theirs);
  std::erase_if(tables.routes, is_theirs);
  return tables;
}

}  // namespace

bool is_s3_link_address(std::string_view address) {
  const auto number = parse_address(address);
  return number && *number >= kFirstS3Address && *number - kFirstS3Address < kS3Addresses;
}

Edge::Edge(const FabricSettings& settings, RuleKeeper& rules)
    : settings_(settings), rules_(rules), forwarding_(settings) {}

KernelTables Edge::own_tables() const {
  const std::string device(kEdgeHostDevice);
  KernelTables tables;
  tables.addresses = {{device, edge_address(settings_), ""}, {"lo", gateway_of(settings_), ""}};
  tables.routes = {{kMainTable, "default", 0, "unicast", host_address(settings_), device},
                   {kMainTable, host_address(settings_), 0, "unicast", "", device},
                   {kMainTable, to_text(parse_prefix(settings_.public_cidr).value()), 1000, "blackhole", "", ""}};
  tables.neighbours = {{device, host_address(settings_), std::string(kOwnMac)}};
  return tables;
}

Result<> Edge::make() {
  const std::lock_guard lock(mutex_);
  TRY(make_locked());
  return {};
}

Result<KernelState> Edge::make_locked() {
  const std::string name = edge_namespace_of(settings_);
  const std::string path = path_of_namespace(name);
  TRY(make_namespace(name));
  step("edge/namespace-made");
  TRY(inside(path, [] { return write_kernel_settings(edge_settings()); }));
  TRY(rules_.keep(path, make_edge_rules(settings_)));
  KernelState state;
  const auto read = [&]() -> Result<> {
    state = TRY(read_kernel_state());
    return {};
  };
  TRY(inside(path, read));
  step("edge/rules-set");
  TRY(make_host_link(state));
  step("edge/host-linked");
  if (!state.devices.contains(std::string(kEdgeHostDevice))) TRY(inside(path, read));
  // Ours on the two devices that are ours, and default and black hole; nothing of other VPCs.
  KernelTables should = without(state.tables, {"lo", std::string(kEdgeHostDevice), ""});
  should.rules.clear();
  KernelTables own = own_tables();
  should.addresses.merge(own.addresses);
  should.routes.merge(own.routes);
  should.neighbours.merge(own.neighbours);
  std::vector<std::string> lines;
  for (const char* device : {"lo", kEdgeHostDevice.data()}) {
    if (!state.devices[device].is_up) lines.push_back(fmt::format("link set {} up", device));
  }
  std::ranges::move(make_commands(state.tables, should, {}), std::back_inserter(lines));
  TRY(inside(path, [&]() -> Result<> {
    TRY(run_ip(lines));
    return write_kernel_settings(forwarding_settings());
  }));
  if (!lines.empty()) TRY(inside(path, read));
  return state;
}

// What the host has of ours: other people's devices, routes and neighbours are none of our business.
Result<KernelState> Edge::read_host() const {
  const std::string device = host_device_of(settings_);
  // It says so with an error where there is no such device.
  const auto answer = ask_ip({"addr show dev " + device, "route show exact " + settings_.public_cidr, "rule show",
                              "neigh show nud permanent"});
  if (!answer) return KernelState{};
  KernelState state = TRY(parse_kernel_state(*answer));
  const auto is_not_ours = [&](const auto& item) { return item.device != device; };
  std::erase_if(state.tables.routes, is_not_ours);
  std::erase_if(state.tables.neighbours, is_not_ours);
  state.tables.rules.clear();
  return state;
}

Result<> Edge::make_host_link(const KernelState& edge) {
  const std::string device = host_device_of(settings_);
  KernelState host = TRY(read_host());
  if (!are_ends(host, device, edge, kEdgeHostDevice)) {
    const std::string path = path_of_namespace(edge_namespace_of(settings_));
    if (host.devices.contains(device)) TRY(run_ip({"link del " + device}));
    if (edge.devices.contains(std::string(kEdgeHostDevice))) {
      TRY(inside(path, [] { return run_ip({fmt::format("link del {}", kEdgeHostDevice)}); }));
    }
    TRY(run_ip({link_text(device, kEdgeHostDevice, edge_namespace_of(settings_), kOutsideMtu)}));
    TRY(write_kernel_settings({{fmt::format("net/ipv6/conf/{}/disable_ipv6", device), "1"}}));
    host = {};
  }
  KernelTables should;
  should.addresses = {{device, host_address(settings_), ""}};
  should.routes = {{kMainTable, to_text(parse_prefix(settings_.public_cidr).value()), 0, "unicast",
                    edge_address(settings_), device}};
  should.neighbours = {{device, edge_address(settings_), std::string(kOwnMac)}};
  std::vector<std::string> lines;
  if (!host.devices[device].is_up) lines.push_back("link set " + device + " up");
  std::ranges::move(make_commands(host.tables, should, {}), std::back_inserter(lines));
  return run_ip(lines);
}

// Rules first: what begins to forward is never unguarded.
Result<> Edge::converge_host(bool reaches_beyond) {
  std::set<std::string> switched = TRY(forwarding_.switched());
  TRY(rules_.keep("", make_host_rules(settings_, switched)));
  step("edge/host-rules-set");
  if (!reaches_beyond) return {};
  switched = TRY(forwarding_.switch_on(host_device_of(settings_)));
  step("edge/forwarding-on");
  return rules_.keep("", make_host_rules(settings_, switched));
}

Result<Edge::Links> Edge::connect(const Vpc& vpc, const KernelState& state) {
  const std::lock_guard lock(mutex_);
  const std::string path = path_of_namespace(edge_namespace_of(settings_));
  KernelState edge = TRY(make_locked());
  TRY(converge_host(vpc.has_internet_gateway && settings_.allows_internet));
  Links links;
  const std::string internet = edge_internet_device_of(vpc.id);
  const std::string s3 = edge_s3_device_of(vpc.id);
  const bool has_s3 = needs_s3_link(vpc);
  TRY(renew_link(vpc, edge, state, vpc.has_internet_gateway, kInternetDevice, internet, links.renewed));
  TRY(renew_link(vpc, edge, state, has_s3, kS3Device, s3, links.renewed));
  for (const Peering& peering : vpc.peerings) {
    TRY(take_or_offer(vpc, peering_device_of(peering.id), edge, state, links.renewed));
  }
  if (has_s3) {
    links.s3_address = s3_address_for(edge, s3);
    if (links.s3_address.empty()) return failed("no address is free for one more S3 endpoint");
  }
  KernelTables should = without(edge.tables, {internet, s3});
  const std::string next_hop(kNextHop);
  if (vpc.has_internet_gateway) {
    should.neighbours.insert({internet, next_hop, std::string(kOwnMac)});
    for (const auto& address : public_addresses_of(vpc)) {
      // Whoever had it before, has it no more.
      std::erase_if(should.routes, [&](const KernelRoute& route) { return route.destination == address; });
      should.routes.insert({kMainTable, address, 0, "unicast", next_hop, internet});
    }
  }
  if (has_s3) {
    should.addresses.insert({s3, kS3EdgeAddress, links.s3_address});
    should.neighbours.insert({s3, links.s3_address, std::string(kOwnMac)});
  }
  std::set<std::string> renewed;
  if (links.renewed.contains(std::string(kInternetDevice))) renewed.insert(internet);
  if (links.renewed.contains(std::string(kS3Device))) renewed.insert(s3);
  TRY(inside(path, [&] { return run_ip(make_commands(edge.tables, should, renewed)); }));
  return links;
}

// One link of the VPC to the edge: both ends belong together, or it is made anew, or taken away.
Result<> Edge::renew_link(const Vpc& vpc, const KernelState& edge, const KernelState& state, bool wanted,
                          std::string_view device, const std::string& edge_device, std::set<std::string>& renewed) {
  const bool is_there = edge.devices.contains(edge_device);
  const bool is_whole = are_ends(edge, edge_device, state, device) && edge.devices.at(edge_device).is_up;
  if (wanted ? is_whole : !is_there && !state.devices.contains(std::string(device))) return {};
  const std::string edge_path = path_of_namespace(edge_namespace_of(settings_));
  const std::string name = namespace_of(settings_, vpc.id);
  renewed.emplace(device);
  if (is_there) TRY(inside(edge_path, [&] { return run_ip({"link del " + edge_device}); }));
  TRY(inside(path_of_namespace(name), [&]() -> Result<> {
    const auto end = state.devices.find(std::string(device));
    // Its other end was perhaps the one that is gone already.
    if (end != state.devices.end() && !are_ends(edge, edge_device, state, device)) {
      TRY(run_ip({fmt::format("link del {}", device)}));
    }
    if (!wanted) return {};
    return run_ip({link_text(device, edge_device, edge_namespace_of(settings_), kOutsideMtu),
                   fmt::format("link set {} up", device)});
  }));
  if (!wanted) return {};
  return inside(edge_path, [&] { return run_ip({fmt::format("link set {} up", edge_device)}); });
}

// The first of two peers makes the link and leaves the other end here; the second one takes it from here. So neither
// has to know whether the other is there yet.
Result<> Edge::take_or_offer(const Vpc& vpc, const std::string& device, const KernelState& edge,
                             const KernelState& state, std::set<std::string>& renewed) {
  const std::string name = namespace_of(settings_, vpc.id);
  const bool has = state.devices.contains(device);
  const bool is_offered = edge.devices.contains(device) && !are_ends(edge, device, state, device);
  if (has && !is_offered) return {};
  renewed.insert(device);
  // The other VPC was made anew: what is left here leads nowhere.
  if (has) TRY(inside(path_of_namespace(name), [&] { return run_ip({"link del " + device}); }));
  if (is_offered) {
    TRY(inside(path_of_namespace(edge_namespace_of(settings_)),
               [&] { return run_ip({fmt::format("link set {} netns {}", device, name)}); }));
  }
  return inside(path_of_namespace(name), [&]() -> Result<> {
    if (!is_offered) TRY(run_ip({link_text(device, device, edge_namespace_of(settings_), kInsideMtu)}));
    return run_ip({fmt::format("link set {} up", device)});
  });
}

Result<> Edge::disconnect(std::string_view vpc_id) {
  const std::lock_guard lock(mutex_);
  const std::string path = path_of_namespace(edge_namespace_of(settings_));
  if (!is_namespace(path)) return {};
  return inside(path, [&]() -> Result<> {
    const KernelState state = TRY(read_kernel_state());
    for (const auto& device : {edge_internet_device_of(vpc_id), edge_s3_device_of(vpc_id)}) {
      if (state.devices.contains(device)) TRY(run_ip({"link del " + device}));
    }
    return {};
  });
}

Result<> Edge::remove_unless(const std::function<Result<bool>()>& is_used) {
  const std::lock_guard lock(mutex_);
  if (TRY(is_used())) return {};
  const std::string name = edge_namespace_of(settings_);
  if (is_namespace(path_of_namespace(name))) rules_.forget(TRY(identity_of_namespace(path_of_namespace(name))));
  TRY(remove_namespace(name));
  step("edge/namespace-removed");
  const KernelState host = TRY(read_host());
  const std::string device = host_device_of(settings_);
  if (host.devices.contains(device)) TRY(run_ip({"link del " + device}));
  step("edge/host-link-removed");
  TRY(forwarding_.switch_back());
  step("edge/forwarding-off");
  const std::string table = host_table_of(settings_);
  return run_nft(fmt::format("table inet {}\ndelete table inet {}\n", table, table));
}

}  // namespace aerolith::network
