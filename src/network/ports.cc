#include "network/ports.h"

#include <fmt/format.h>
#include <net/if.h>
#include <pwd.h>

#include <algorithm>
#include <array>

#include "base/step.h"
#include "network/check.h"
#include "network/host.h"
#include "network/names.h"
#include "network/rules.h"

namespace aerolith::network {

namespace {

constexpr int kMtu = 9001;
constexpr const char* kNatDevice = "eth0";
constexpr std::string_view kPrimaryDevice = "eth0";  // of a guest

// As ip(8) prints it.
std::string owner_text(uint32_t user) {
  passwd entry{};
  passwd* found = nullptr;
  std::array<char, 4096> buffer{};
  ::getpwuid_r(user, &entry, buffer.data(), buffer.size(), &found);
  return found != nullptr ? found->pw_name : std::to_string(user);
}

bool is_end(const std::string& path, const std::string& device, const Device& other) {
  int index = 0;
  const auto asked = inside(path, [&]() -> Result<> {
    index = static_cast<int>(::if_nametoindex(device.c_str()));
    return {};
  });
  return asked && index != 0 && index == other.peer_index;
}

// The last line is what makes it visible to the VPC, so that a device which is there is complete. No router: one device
// of the namespace has the default route already.
std::vector<std::string> far_end_lines(const std::string& device, const std::string& far_device, const std::string& mac,
                                       const std::string& address, const std::string& router,
                                       const std::string& vpc_namespace) {
  std::vector<std::string> lines;
  for (const auto& name : {far_device, device}) {
    if (::if_nametoindex(name.c_str()) == 0) continue;
    lines.push_back("link del " + name);  // of an earlier try; the other end goes with it
    break;
  }
  lines.push_back(fmt::format("link add {} address {} mtu {} type veth peer name {} address {} mtu {}", far_device, mac,
                              kMtu, device, kOwnMac, kMtu));
  lines.emplace_back("link set lo up");
  lines.push_back(fmt::format("link set {} up", far_device));
  lines.push_back(fmt::format("addr add {} dev {}", address, far_device));
  if (!router.empty()) lines.push_back(fmt::format("route replace default via {} dev {} onlink", router, far_device));
  lines.push_back(fmt::format("link set {} netns {}", device, vpc_namespace));
  return lines;
}

}  // namespace

bool Ports::is_right(const Vpc& vpc, const Link& link, const KernelState& state) const {
  const auto device = state.devices.find(link.device);
  if (device == state.devices.end()) return false;
  switch (link.kind) {
    case LinkKind::tap:
      return device->second.kind == "tun" && device->second.owner == owner_text(link.interface->owner_uid);
    case LinkKind::guest:
      return device->second.kind == "veth" &&
             is_end(link.interface->guest_namespace, link.interface->guest_device, device->second);
    case LinkKind::nat:
      return is_end(path_of_namespace(nat_namespace_of(settings_, vpc.id, link.nat->id)), kNatDevice, device->second);
    case LinkKind::internet:
    case LinkKind::s3:
    case LinkKind::peering:
      return true;  // the edge has seen to it
  }
  return false;
}

Result<> Ports::make(const Vpc& vpc, const Link& link) {
  switch (link.kind) {
    case LinkKind::tap:
      return make_tap(vpc, link);
    case LinkKind::guest:
      return make_guest(vpc, link);
    case LinkKind::nat:
      return make_nat(vpc, link);
    case LinkKind::internet:
    case LinkKind::s3:
    case LinkKind::peering:
      return failed("no link " + link.device);
  }
  return {};
}

Result<> Ports::make_tap(const Vpc& vpc, const Link& link) {
  return inside(path_of_namespace(namespace_of(settings_, vpc.id)), [&] {
    return run_ip({fmt::format("tuntap add dev {} mode tap user {}", link.device, link.interface->owner_uid),
                   fmt::format("link set {} mtu {} address {} up", link.device, kMtu, kOwnMac)});
  });
}

Result<> Ports::make_guest(const Vpc& vpc, const Link& link) {
  const Interface& interface = *link.interface;
  if (!is_namespace(interface.guest_namespace)) {
    return failed(fmt::format("{}: {} is no network namespace", interface.id, interface.guest_namespace));
  }
  const std::string address =
      fmt::format("{}/{}", interface.private_addresses.at(0), prefix_length_of(vpc, interface.subnet));
  const std::string router = interface.guest_device == kPrimaryDevice ? router_of(vpc, interface.subnet) : "";
  TRY(inside(interface.guest_namespace, [&] {
    return run_ip(far_end_lines(link.device, interface.guest_device, interface.mac, address, router,
                                namespace_of(settings_, vpc.id)));
  }));
  step("fabric/guest-device-made");
  return inside(path_of_namespace(namespace_of(settings_, vpc.id)),
                [&] { return run_ip({fmt::format("link set {} up", link.device)}); });
}

Result<> Ports::make_nat(const Vpc& vpc, const Link& link) {
  const std::string name = nat_namespace_of(settings_, vpc.id, link.nat->id);
  const std::string path = path_of_namespace(name);
  TRY(make_namespace(name));
  TRY(rules_.keep(path, make_nat_rules(*link.nat)));
  TRY(inside(path, [&]() -> Result<> {
    TRY(write_kernel_settings({{"net/ipv6/conf/all/disable_ipv6", "1"},
                               {"net/ipv6/conf/default/disable_ipv6", "1"},
                               {"net/ipv4/conf/all/send_redirects", "0"},
                               {"net/ipv4/conf/default/send_redirects", "0"},
                               {"net/ipv4/conf/all/rp_filter", "0"},
                               {"net/ipv4/conf/default/rp_filter", "0"}}));
    TRY(write_kernel_settings(forwarding_settings()));
    const std::string router = router_of(vpc, link.nat->subnet);
    // The VPC's neighbour entry for it is kOwnMac as well.
    auto lines = far_end_lines(link.device, kNatDevice, std::string(kOwnMac), link.nat->private_address + "/32", router,
                               namespace_of(settings_, vpc.id));
    lines.insert(lines.end() - 1,
                 fmt::format("neigh replace {} lladdr {} dev {} nud permanent", router, kOwnMac, kNatDevice));
    return run_ip(lines);
  }));
  return inside(path_of_namespace(namespace_of(settings_, vpc.id)),
                [&] { return run_ip({fmt::format("link set {} up", link.device)}); });
}

Result<> Ports::remove_nat_gateways(std::string_view vpc_id, const std::vector<NatGateway>& but) {
  const std::string prefix = nat_namespace_of(settings_, vpc_id, "");
  for (const auto& name : namespace_names()) {
    if (!name.starts_with(prefix)) continue;
    if (std::ranges::count(but, name.substr(prefix.size()), &NatGateway::id) > 0) continue;
    const std::string path = path_of_namespace(name);
    if (is_namespace(path)) rules_.forget(TRY(identity_of_namespace(path)));
    TRY(remove_namespace(name));
  }
  return {};
}

}  // namespace aerolith::network
