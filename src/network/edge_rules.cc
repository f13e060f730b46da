#include "network/edge_rules.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "network/names.h"

namespace aerolith::network {

// Where packets come from is checked by the kernel (rp_filter): a VPC's device sends as the addresses that are routed
// to it, and as no others.
std::string make_edge_rules(const FabricSettings& settings) {
  return fmt::format(
      R"(table inet aerolith
delete table inet aerolith
table inet aerolith {{
  chain input {{
    type filter hook input priority filter; policy drop;
    iifname "lo" accept
    ct state established,related accept
    ip daddr {gateway} accept
  }}
  chain forward {{
    type filter hook forward priority filter; policy drop;
    meta nfproto != ipv4 drop
    ct state established,related accept
    iifname "{host}" oifname "vpc*" accept
    iifname "vpc*" oifname "vpc*" accept
    {beyond}
  }}
}}
)",
      fmt::arg("gateway", gateway_of(settings)), fmt::arg("host", kEdgeHostDevice),
      fmt::arg("beyond",
               settings.allows_internet ? fmt::format("iifname \"vpc*\" oifname \"{}\" accept", kEdgeHostDevice) : ""));
}

std::string make_host_rules(const FabricSettings& settings, const std::set<std::string>& switched) {
  // Devices that we made forward must not make the host a router for anybody else. What another program translates
  // (a container's published port) is its own business.
  const std::string guard =
      switched.empty()
          ? ""
          : fmt::format("iifname {{ \"{}\" }} ct state new ct status & dnat == 0 drop", fmt::join(switched, "\", \""));
  return fmt::format(R"(table inet {table}
delete table inet {table}
table inet {table} {{
  chain input {{
    type filter hook input priority filter; policy accept;
    iifname != "{device}" accept
    ct state established,related accept
    drop
  }}
  chain forward {{
    type filter hook forward priority filter; policy accept;
    iifname "{device}" oifname "{device}" drop
    iifname "{device}" {beyond}
    oifname "{device}" ct state established,related accept
    oifname "{device}" drop
    {guard}
  }}
  chain translate {{
    type nat hook postrouting priority srcnat; policy accept;
    ip saddr {range} oifname != "{device}" masquerade
  }}
}}
)",
                     fmt::arg("table", host_table_of(settings)), fmt::arg("device", host_device_of(settings)),
                     fmt::arg("beyond", settings.allows_internet ? "accept" : "drop"), fmt::arg("guard", guard),
                     fmt::arg("range", settings.public_cidr));
}

}  // namespace aerolith::network
