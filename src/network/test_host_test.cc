#include "network/test_host.h"

#include <sched.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <stdexcept>

#include "network/host.h"
#include "network/missing.h"
#include "network/names.h"

namespace aerolith::network {

namespace {

void must(const Result<>& result) {
  if (!result) throw std::runtime_error(result.error().detail);
}

std::string leave_the_machine() {
  if (const auto missing = find_missing_basics(); !missing.empty()) return missing.front();
  ::mkdir("/run/netns", 0755);
  if (::unshare(CLONE_NEWNET | CLONE_NEWNS) != 0) return std::string("unshare: ") + std::strerror(errno);
  if (::mount("none", "/", nullptr, MS_REC | MS_PRIVATE, nullptr) != 0 ||
      ::mount("tmpfs", "/run/netns", "tmpfs", 0, nullptr) != 0) {
    return std::string("mount: ") + std::strerror(errno);
  }
  must(run_ip({"link set lo up"}));
  return {};
}

}  // namespace

std::string enter_test_host() {
  static const std::string reason = leave_the_machine();
  return reason;
}

std::string make_outside() {
  must(make_namespace("outside"));
  must(run_ip({"link add uplink type veth peer name eth0 netns outside",
               "addr add " + std::string(kOutsideHostAddress) + "/24 dev uplink", "link set uplink up",
               "route add default via " + std::string(kOutsideAddress)}));
  const std::string path = path_of_namespace("outside");
  must(inside(path, [] {
    return run_ip({"link set lo up", "addr add " + std::string(kOutsideAddress) + "/24 dev eth0", "link set eth0 up"});
  }));
  return path;
}

std::string make_guest_namespace(const std::string& name) {
  must(make_namespace(name));
  return path_of_namespace(name);
}

Vpc make_test_vpc(const std::string& id) {
  Vpc vpc;
  vpc.id = id;
  vpc.cidrs = {"10.0.0.0/16"};
  vpc.dhcp.domain_name_servers = {"AmazonProvidedDNS"};
  vpc.dhcp.domain_name = "ec2.internal";
  vpc.acls = {{.id = "acl-a",
               .rules = {{.number = 100, .allows = true, .egress = false, .cidr = "0.0.0.0/0"},
                         {.number = 100, .allows = true, .egress = true, .cidr = "0.0.0.0/0"}}}};
  vpc.route_tables = {{.id = "rtb-a", .routes = {}}};
  vpc.groups = {{.id = "sg-a", .ingress = {allow_all({.cidr = "", .group = "sg-a"})}, .egress = {allow_all()}}};
  add_subnet(vpc, "a", "10.0.1.0/24");
  return vpc;
}

Subnet& add_subnet(Vpc& vpc, const std::string& name, const std::string& cidr) {
  vpc.subnets.push_back({.id = "subnet-" + name, .cidr = cidr, .acl = "acl-a", .route_table = "rtb-a"});
  return vpc.subnets.back();
}

Interface& add_interface(Vpc& vpc, const std::string& id, const std::string& address, const std::string& subnet,
                         const std::string& group) {
  Interface interface;
  interface.id = "eni-" + id;
  interface.subnet = subnet;
  interface.mac = "02:00:00:00:00:0" + std::to_string(vpc.interfaces.size() + 1);
  interface.private_addresses = {address};
  interface.groups = {group};
  interface.port = PortKind::veth;
  // Guests have no installation in front of their names.
  interface.guest_namespace = make_guest_namespace(vpc.id + "-" + id);
  interface.guest_device = "eth0";
  vpc.interfaces.push_back(std::move(interface));
  return vpc.interfaces.back();
}

Route& add_route(Vpc& vpc, const std::string& table, const std::string& destination, RouteTarget target) {
  auto& routes = std::ranges::find(vpc.route_tables, table, &RouteTable::id)->routes;
  routes.push_back({.destination = destination, .target = std::move(target)});
  return routes.back();
}

GroupRule allow_tcp(int port, Peer peer) {
  return {.protocol = 6, .from_port = port, .to_port = port, .peer = std::move(peer)};
}
GroupRule allow_all(Peer peer) { return {.peer = std::move(peer)}; }

}  // namespace aerolith::network
