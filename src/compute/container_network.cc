#include "compute/container_network.h"

#include <arpa/inet.h>
#include <fmt/format.h>
#include <linux/magic.h>
#include <sys/mount.h>
#include <sys/vfs.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <cstdint>

#include "base/step.h"
#include "compute/from_os.h"
#include "os/program.h"

namespace aerolith::compute {

namespace {

// Numbers as amazon-ec2-net-utils gives them: tables from 10000 on, which are their rules' priorities as well.
constexpr int kFirstTable = 10000;
constexpr int kFirstMetric = 512;
constexpr int kMetricStep = 10;

std::string path_of(const std::string& name) { return "/run/netns/" + name; }

// A name without a namespace under it is left where the machine was switched off.
bool is_namespace(const std::string& path) {
  struct statfs info{};
  return ::statfs(path.c_str(), &info) == 0 && info.f_type == NSFS_MAGIC;
}

std::string device_of(const NetworkPort& port) { return fmt::format("eth{}", port.device_index); }

// 10.0.1.7/24 -> 10.0.1.0/24
std::string subnet_of(const std::string& address) {
  const size_t slash = address.find('/');
  in_addr number{};
  int length = 32;
  if (slash != std::string::npos) {
    std::from_chars(address.data() + slash + 1, address.data() + address.size(), length);
  }
  if (::inet_pton(AF_INET, address.substr(0, slash).c_str(), &number) != 1) return address;
  number.s_addr &= htonl(length <= 0 ? 0 : ~uint32_t{0} << (32 - std::min(length, 32)));
  std::array<char, INET_ADDRSTRLEN> text{};
  ::inet_ntop(AF_INET, &number, text.data(), text.size());
  return fmt::format("{}/{}", text.data(), length);
}

Result<> run_batch(const std::string& name, const std::string& commands) {
  TRY(from_os(os::run_checked({.arguments = {"ip", "-n", name, "-batch", "-"}, .input = commands})));
  return {};
}

}  // namespace

Result<std::string> make_namespace(const std::string& name) {
  const std::string path = path_of(name);
  if (!is_namespace(path)) {
    ::unlink(path.c_str());
    TRY(from_os(os::run_checked({.arguments = {"ip", "netns", "add", name}})));
    step("container/namespace-made");
    TRY(from_os(os::run_checked({.arguments = {"ip", "-n", name, "link", "set", "lo", "up"}})));
  }
  return path;
}

Result<> remove_namespace(const std::string& name) {
  const std::string path = path_of(name);
  if (is_namespace(path)) TRY(from_os(os::run_checked({.arguments = {"ip", "netns", "del", name}})));
  ::unlink(path.c_str());
  return {};
}

std::string port_commands(const NetworkPort& port) {
  const std::string device = device_of(port);
  std::string commands = fmt::format("addr flush dev {} scope global\n", device);
  if (!port.mac.empty()) commands += fmt::format("link set dev {} address {}\n", device, port.mac);
  if (port.device_index == 0) {
    commands += fmt::format("addr replace {} dev {}\nlink set dev {} up\n", port.address, device, device);
    if (!port.gateway.empty()) {
      commands += fmt::format("route replace default via {} dev {} onlink\n", port.gateway, device);
    }
    return commands;
  }
  const int table = kFirstTable + port.device_index;
  const std::string address = port.address.substr(0, port.address.find('/'));
  const std::string subnet = subnet_of(port.address);
  commands += fmt::format("addr add {} dev {} noprefixroute\nlink set dev {} up\n", port.address, device, device);
  // Behind eth0's, where both are in one subnet.
  commands += fmt::format("route replace {} dev {} scope link src {} metric {}\n", subnet, device, address,
                          kFirstMetric + kMetricStep * port.device_index);
  commands += fmt::format("route replace {} dev {} scope link src {} table {}\n", subnet, device, address, table);
  if (!port.gateway.empty()) {
    commands += fmt::format("route replace default via {} dev {} onlink table {}\n", port.gateway, device, table);
  }
  return commands + fmt::format("rule flush table {0}\nrule add from {1} lookup {0} pref {0}\n", table, address);
}

Result<> configure_ports(const std::string& name, const Spec& spec) {
  std::string commands;
  for (const NetworkPort& port : spec.ports) commands += port_commands(port);
  return commands.empty() ? Result<>() : run_batch(name, commands);
}

Result<> configure_port(const std::string& name, const NetworkPort& port) {
  return run_batch(name, port_commands(port));
}

Result<> remove_port(const std::string& name, const NetworkPort& port) {
  if (!is_namespace(path_of(name))) return {};
  TRY(run_batch(name, fmt::format("rule flush table {}\n", kFirstTable + port.device_index)));
  const std::string device = device_of(port);
  const bool is_there = os::run_checked({.arguments = {"ip", "-n", name, "link", "show", "dev", device}}).has_value();
  return is_there ? run_batch(name, fmt::format("link del dev {}\n", device)) : Result<>();
}

}  // namespace aerolith::compute
