#include "network/linux_fabric.h"

#include <arpa/inet.h>
#include <fmt/format.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <set>

#include "base/step.h"
#include "network/address.h"
#include "network/arp_probe.h"
#include "network/check.h"
#include "network/dhcp.h"
#include "network/host.h"
#include "network/layout.h"
#include "network/missing.h"
#include "network/names.h"
#include "network/rules.h"
#include "os/file_system.h"

namespace aerolith::network {

namespace {

// Before there are devices: those that come take over what `default` says. Spoofing is the rules' business
// (rp_filter knows no route tables by interface).
std::vector<KernelSetting> vpc_settings() {
  return {{"net/ipv6/conf/all/disable_ipv6", "1"},     {"net/ipv6/conf/default/disable_ipv6", "1"},
          {"net/ipv4/conf/all/rp_filter", "0"},        {"net/ipv4/conf/default/rp_filter", "0"},
          {"net/ipv4/conf/all/send_redirects", "0"},   {"net/ipv4/conf/default/send_redirects", "0"},
          {"net/ipv4/conf/all/accept_redirects", "0"}, {"net/ipv4/conf/default/accept_redirects", "0"},
          {"net/ipv4/conf/default/proxy_arp", "1"}};
}

// A proxied answer to ARP waits for up to 0.8 s; each device has to be told, namespaces have no default of their own.
Result<> answer_at_once(const KernelTables& tables) {
  std::vector<KernelSetting> settings;
  for (const Neighbour& neighbour : tables.neighbours) {
    settings.emplace_back("net/ipv4/neigh/" + neighbour.device + "/proxy_delay", "0");
  }
  return write_kernel_settings(settings);
}

bool needs_edge(const Vpc& vpc) { return vpc.has_internet_gateway || !vpc.peerings.empty() || needs_s3_link(vpc); }

Result<> listen_on(int descriptor, std::string_view address, uint16_t port, bool tcp) {
  const auto number = parse_address(address);
  if (!number) return failed(fmt::format("not an address: '{}'", address));
  sockaddr_in name{};
  name.sin_family = AF_INET;
  name.sin_port = htons(port);
  name.sin_addr.s_addr = htonl(*number);
  const int yes = 1;
  ::setsockopt(descriptor, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof yes);
  const bool bound = ::bind(descriptor, reinterpret_cast<const sockaddr*>(&name), sizeof name) == 0;
  if (bound && (!tcp || ::listen(descriptor, SOMAXCONN) == 0)) return {};
  return failed(fmt::format("listen on {}:{}: {}", address, port, std::strerror(errno)));
}

}  // namespace

LinuxFabric::LinuxFabric(FabricSettings settings)
    : settings_(std::move(settings)), edge_(settings_, rules_), ports_(settings_, rules_) {}

Result<std::unique_ptr<Fabric>> Fabric::open(FabricSettings settings) {
  TRY(check(settings));
  std::string missing;
  for (const auto& sentence : find_missing_basics()) missing += missing.empty() ? sentence : "; " + sentence;
  if (!missing.empty()) return std::unexpected(FabricError{FabricErrorCode::unavailable, std::move(missing)});
  return std::make_unique<LinuxFabric>(std::move(settings));
}

// Rules before devices, forwarding after rules: at no step anything passes that the description doesn't let pass.
Result<> LinuxFabric::apply(const Vpc& vpc) {
  TRY(check(vpc));
  os::RealFileSystem files;
  if (const auto made = files.make_directories(settings_.run_folder); !made) return failed(made.error().detail);
  const std::string path = path_of_namespace(namespace_of(settings_, vpc.id));
  TRY(make_namespace(namespace_of(settings_, vpc.id)));
  step("fabric/namespace-made");
  TRY(prepare_namespace(vpc));
  step("fabric/rules-set");
  if (!needs_edge(vpc)) TRY(edge_.disconnect(vpc.id));
  KernelState state;
  TRY(inside(path, [&]() -> Result<> {
    state = TRY(read_kernel_state());
    return {};
  }));
  Edge::Links edge_links;
  if (needs_edge(vpc)) edge_links = TRY(edge_.connect(vpc, state));
  note_s3_link(vpc.id, edge_links.s3_address);
  step("fabric/connected");
  const std::optional<FabricError> unattached = TRY(converge(vpc, state, edge_links));
  step("fabric/devices-made");
  TRY(ports_.remove_nat_gateways(vpc.id, vpc.nat_gateways));
  TRY(keep_dhcp(settings_, vpc));
  step("fabric/dhcp-kept");
  if (unattached) return std::unexpected(*unattached);
  return {};
}

Result<> LinuxFabric::prepare_namespace(const Vpc& vpc) {
  const std::string path = path_of_namespace(namespace_of(settings_, vpc.id));
  const ino_t identity = TRY(identity_of_namespace(path));
  return inside(path, [&]() -> Result<> {
    TRY(write_kernel_settings(vpc_settings()));
    TRY(flows_.keep_here(vpc));
    TRY(rules_.keep_here(identity, make_rules(vpc)));
    return write_kernel_settings(forwarding_settings());
  });
}

Result<std::optional<FabricError>> LinuxFabric::converge(const Vpc& vpc, KernelState& state,
                                                         const Edge::Links& edge_links) {
  const std::string path = path_of_namespace(namespace_of(settings_, vpc.id));
  const Layout layout = make_layout(vpc, edge_links.s3_address);
  std::set<std::string> gone = edge_links.renewed;
  std::set<std::string> wanted = {"lo"};
  std::vector<std::string> deletions;
  std::vector<std::string> lines;
  std::vector<const Link*> missing;
  for (const Link& link : layout.links) {
    wanted.insert(link.device);
    if (gone.contains(link.device)) continue;  // the edge has just made it
    const auto device = state.devices.find(link.device);
    if (!ports_.is_right(vpc, link, state)) {
      missing.push_back(&link);
      if (device == state.devices.end()) continue;
      deletions.push_back("link del " + link.device);
      gone.insert(link.device);
    } else if (!device->second.is_up || device->second.mac != kOwnMac) {
      lines.push_back(fmt::format("link set {} address {} up", link.device, kOwnMac));
    }
  }
  for (const auto& [name, device] : state.devices) {
    if (wanted.contains(name) || gone.contains(name)) continue;
    deletions.push_back("link del " + name);
    gone.insert(name);
  }
  if (!state.devices["lo"].is_up) lines.emplace_back("link set lo up");
  TRY(inside(path, [&] { return run_ip(deletions); }));
  // One that can't be attached (its container just died) must not keep all others waiting.
  std::optional<FabricError> failure;
  KernelTables should = layout.tables;
  for (const Link* link : missing) {
    step("fabric/device-missing");
    if (auto made = ports_.make(vpc, *link); !made) {
      const auto is_its = [&](const auto& item) { return item.device == link->device; };
      std::erase_if(should.addresses, is_its);
      std::erase_if(should.neighbours, is_its);
      std::erase_if(should.routes, is_its);
      if (!failure) failure = std::move(made.error());
    }
  }
  std::ranges::move(make_commands(state.tables, should, gone), std::back_inserter(lines));
  TRY(inside(path, [&]() -> Result<> {
    TRY(run_ip(lines));
    return answer_at_once(should);
  }));
  return failure;
}

Result<> LinuxFabric::remove(std::string_view vpc_id) {
  TRY(stop_dhcp(settings_, vpc_id));
  step("fabric/dhcp-stopped");
  const std::string name = namespace_of(settings_, vpc_id);
  const std::string path = path_of_namespace(name);
  if (is_namespace(path)) rules_.forget(TRY(identity_of_namespace(path)));
  TRY(ports_.remove_nat_gateways(vpc_id, {}));
  TRY(remove_namespace(name));
  step("fabric/namespace-removed");
  note_s3_link(vpc_id, "");
  TRY(edge_.disconnect(vpc_id));
  step("fabric/disconnected");
  return edge_.remove_unless([this]() -> Result<bool> { return !TRY(list()).empty(); });
}

// An address that another VPC has by now stays that one's.
void LinuxFabric::note_s3_link(std::string_view vpc_id, const std::string& address) {
  const std::lock_guard lock(links_mutex_);
  std::erase_if(s3_links_, [&](const auto& each) { return each.second == vpc_id; });
  if (!address.empty()) s3_links_.insert_or_assign(address, std::string(vpc_id));
}

std::string LinuxFabric::vpc_of_s3_link(std::string_view address) const {
  const std::lock_guard lock(links_mutex_);
  const auto found = s3_links_.find(address);
  return found == s3_links_.end() ? std::string() : found->second;
}

Result<std::vector<std::string>> LinuxFabric::list() {
  const std::string prefix = namespace_of(settings_, "");
  std::set<std::string> ids;
  for (const auto& name : namespace_names()) {
    if (!name.starts_with(prefix) || name == edge_namespace_of(settings_)) continue;
    ids.insert(name.substr(prefix.size(), name.find('+') - prefix.size()));
  }
  return std::vector<std::string>(ids.begin(), ids.end());
}

Result<std::vector<FlowWindow>> LinuxFabric::turn_flows(std::string_view vpc_id, Timestamp now) {
  return flows_.turn(path_of_namespace(namespace_of(settings_, vpc_id)), now);
}

Result<> LinuxFabric::drop_flows(std::string_view vpc_id, Timestamp last_begin) {
  return flows_.drop(path_of_namespace(namespace_of(settings_, vpc_id)), last_begin);
}

Result<int> LinuxFabric::listen_inside(std::string_view vpc_id, std::string_view address, uint16_t port, bool tcp) {
  if (vpc_id.empty()) TRY(edge_.make());
  const std::string name = vpc_id.empty() ? edge_namespace_of(settings_) : namespace_of(settings_, vpc_id);
  int descriptor = -1;
  const auto listening = inside(path_of_namespace(name), [&]() -> Result<> {
    descriptor = ::socket(AF_INET, (tcp ? SOCK_STREAM : SOCK_DGRAM) | SOCK_CLOEXEC, 0);
    if (descriptor < 0) return failed(fmt::format("socket: {}", std::strerror(errno)));
    return listen_on(descriptor, address, port, tcp);
  });
  if (listening) return descriptor;
  if (descriptor >= 0) ::close(descriptor);
  return std::unexpected(listening.error());
}

Result<std::vector<bool>> LinuxFabric::answering(std::string_view vpc_id, std::span<const Probe> probes,
                                                 std::chrono::milliseconds patience) {
  std::vector<bool> answers;
  TRY(inside(path_of_namespace(namespace_of(settings_, vpc_id)), [&]() -> Result<> {
    answers = TRY(ask_by_arp(probes, patience));
    return {};
  }));
  return answers;
}

}  // namespace aerolith::network
