// What a VPC's namespace should have besides its rules: links, addresses, routes, policy rules, neighbours. The same
// types hold what a namespace has, and the difference is a list of commands.
#pragma once

#include <compare>
#include <cstdint>
#include <set>
#include <string>
#include <vector>

#include "network/fabric.h"

namespace aerolith::network {

inline constexpr uint32_t kMainTable = 254;

struct DeviceAddress {
  std::string device;
  std::string address;
  std::string peer;  // empty: none
  auto operator<=>(const DeviceAddress&) const = default;
};
struct KernelRoute {
  uint32_t table = kMainTable;
  std::string destination;  // "10.0.0.0/16", "10.0.0.1", "default": as ip(8) prints it
  uint32_t metric = 0;
  std::string type = "unicast";  // unicast, throw, blackhole
  std::string gateway;
  std::string device;
  auto operator<=>(const KernelRoute&) const = default;
};
struct PolicyRule {
  uint32_t priority = 0;
  std::string device;  // that packets came in by
  uint32_t table = kMainTable;
  auto operator<=>(const PolicyRule&) const = default;
};
struct Neighbour {
  std::string device;
  std::string address;
  std::string mac;
  auto operator<=>(const Neighbour&) const = default;
};
struct KernelTables {
  std::set<DeviceAddress> addresses;
  std::set<KernelRoute> routes;
  std::set<PolicyRule> rules;
  std::set<Neighbour> neighbours;
};

enum class LinkKind : uint8_t { tap, guest, nat, internet, s3, peering };
struct Link {
  std::string device;
  LinkKind kind = LinkKind::tap;
  const Interface* interface = nullptr;  // of tap and guest
  const NatGateway* nat = nullptr;
};

struct Layout {
  std::vector<Link> links;
  KernelTables tables;
};

// `vpc` is one that check() passed, and lives longer. `s3_address`: of the VPC's end of its link for S3; empty: none.
Layout make_layout(const Vpc& vpc, std::string_view s3_address);

bool needs_s3_link(const Vpc& vpc);

// First address of the subnet's range but one: what guests have as their router. With the prefix length of the subnet.
std::string router_of(const Vpc& vpc, std::string_view subnet);
int prefix_length_of(const Vpc& vpc, std::string_view subnet);

// Lines for `ip -batch` that make `is` into `should`. What was there for devices in `gone` went with them.
std::vector<std::string> make_commands(const KernelTables& is, const KernelTables& should,
                                       const std::set<std::string>& gone);

}  // namespace aerolith::network
