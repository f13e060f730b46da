#include "network/dhcp.h"

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <signal.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <charconv>
#include <chrono>
#include <fstream>
#include <optional>
#include <sstream>
#include <utility>

#include "network/address.h"
#include "network/check.h"
#include "network/host.h"
#include "network/layout.h"
#include "network/names.h"
#include "os/file_system.h"
#include "os/process.h"
#include "os/program.h"

namespace aerolith::network {

namespace {

constexpr auto kPatience = std::chrono::seconds(2);

std::string file_of(const FabricSettings& settings, std::string_view vpc_id, std::string_view ending) {
  return fmt::format("{}/{}.{}", settings.run_folder, vpc_id, ending);
}

// Also of /proc, whose files have no size.
std::string read(const std::string& path) {
  std::ifstream file(path);
  std::ostringstream text;
  text << file.rdbuf();
  return std::move(text).str();
}

// Names and addresses only: one word a value, whatever the caller's caller wrote.
bool is_word(std::string_view text) {
  return !text.empty() && std::ranges::all_of(text, [](char c) {
    return std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '.' || c == '-' || c == '_';
  });
}

std::string name_servers_of(const Vpc& vpc) {
  std::vector<std::string> servers;
  for (const auto& server : vpc.dhcp.domain_name_servers) {
    if (server == "AmazonProvidedDNS") {
      servers.push_back(address_in(vpc.cidrs.at(0), 2));
    } else if (parse_address(server)) {
      servers.push_back(server);
    }
  }
  return fmt::format("{}", fmt::join(servers, ","));
}

std::string subnet_settings(const Vpc& vpc, const Subnet& subnet) {
  const Prefix range = parse_prefix(subnet.cidr).value();
  const std::string router = router_of(vpc, subnet.id);
  const std::string tag = identifier_of(subnet.id);
  const std::string mask = to_text(range.length == 0 ? 0 : ~uint32_t{0} << (32 - range.length));
  std::string text = fmt::format("dhcp-range=set:{},{},static,{},1h\n", tag, to_text(range.base), mask);
  text += fmt::format("dhcp-option=tag:{},option:router,{}\n", tag, router);
  // Whoever takes option 121 takes no router from anywhere else (RFC 3442).
  text += fmt::format("dhcp-option=tag:{},121,{}/32,{},0.0.0.0/0,{}\n", tag, kMetadataAddress, router, router);
  return text;
}

std::string host_settings(const Interface& interface) {
  std::string name = "ip-" + interface.private_addresses.at(0);
  std::ranges::replace(name, '.', '-');
  return fmt::format("dhcp-host={},{},{}\n", interface.mac, interface.private_addresses.at(0), name);
}

// The process that has this file of settings, if it runs, wherever that is.
std::optional<os::ProcessIdentity> find_process(const FabricSettings& settings, std::string_view vpc_id) {
  const std::string text = read(file_of(settings, vpc_id, "dhcp.pid"));
  pid_t pid = 0;
  std::from_chars(text.data(), text.data() + text.size(), pid);
  if (pid <= 0) return std::nullopt;
  auto identity = os::identify(pid);
  // The number may be somebody else's by now.
  const bool is_ours =
      read(fmt::format("/proc/{}/cmdline", pid)).find(file_of(settings, vpc_id, "dhcp")) != std::string::npos;
  return is_ours ? identity : std::nullopt;
}

bool is_inside(const os::ProcessIdentity& process, const std::string& path) {
  struct stat one{};
  struct stat other{};
  return ::stat(fmt::format("/proc/{}/ns/net", process.pid).c_str(), &one) == 0 && ::stat(path.c_str(), &other) == 0 &&
         one.st_ino == other.st_ino;
}

void end(const os::ProcessIdentity& process) {
  os::send_signal(process, SIGTERM);
  if (!os::wait_until_gone(process, kPatience)) os::kill_and_wait(process);
}

}  // namespace

std::string make_dhcp_settings(const FabricSettings& settings, const Vpc& vpc) {
  const auto is_tap = [](const Interface& interface) { return interface.port == PortKind::tap; };
  if (std::ranges::none_of(vpc.interfaces, is_tap)) return {};
  std::string text = fmt::format(
      "port=0\nno-ping\nbind-dynamic\ninterface=eni*\nexcept-interface=lo\ndhcp-authoritative\nleasefile-ro\n"
      "quiet-dhcp\ndhcp-lease-max=65536\nuser=nobody\ngroup=nogroup\npid-file={}\ndhcp-option=option:mtu,9001\n",
      file_of(settings, vpc.id, "dhcp.pid"));
  if (is_word(vpc.dhcp.domain_name)) {
    text += fmt::format("dhcp-option=option:domain-name,{}\n", vpc.dhcp.domain_name);
  }
  // With nothing said dnsmasq would name itself.
  text +=
      fmt::format("dhcp-option=option:dns-server{}{}\n", name_servers_of(vpc).empty() ? "" : ",", name_servers_of(vpc));
  std::vector<std::string> times;
  std::ranges::copy_if(vpc.dhcp.ntp_servers, std::back_inserter(times),
                       [](const std::string& server) { return parse_address(server).has_value(); });
  if (!times.empty()) text += fmt::format("dhcp-option=option:ntp-server,{}\n", fmt::join(times, ","));
  for (const Subnet& subnet : vpc.subnets) text += subnet_settings(vpc, subnet);
  for (const Interface& interface : vpc.interfaces) {
    if (is_tap(interface)) text += host_settings(interface);
  }
  return text;
}

Result<> keep_dhcp(const FabricSettings& settings, const Vpc& vpc) {
  const std::string text = make_dhcp_settings(settings, vpc);
  if (text.empty()) return stop_dhcp(settings, vpc.id);
  const std::string file = file_of(settings, vpc.id, "dhcp");
  const std::string path = path_of_namespace(namespace_of(settings, vpc.id));
  const auto process = find_process(settings, vpc.id);
  if (process && is_inside(*process, path) && read(file) == text) return {};
  // It forgets nothing that isn't in its settings: to start it anew is to reload them.
  if (process) end(*process);
  os::RealFileSystem files;
  if (const auto written = os::write_file(files, file, text); !written) return failed(written.error().detail);
  return inside(path, [&]() -> Result<> {
    const auto started = os::run_checked({.arguments = {"dnsmasq", "--conf-file=" + file}});
    if (started) return {};
    if (started.error().code != os::ErrorCode::not_found) return failed(started.error().detail);
    return std::unexpected(
        FabricError{FabricErrorCode::unavailable, "virtual machines need dnsmasq: apt-get install dnsmasq-base"});
  });
}

Result<> stop_dhcp(const FabricSettings& settings, std::string_view vpc_id) {
  if (const auto process = find_process(settings, vpc_id)) end(*process);
  for (const char* ending : {"dhcp", "dhcp.pid"}) ::unlink(file_of(settings, vpc_id, ending).c_str());
  return {};
}

}  // namespace aerolith::network
