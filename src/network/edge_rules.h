// Rule sets of what connects VPCs with the host: the edge's namespace, and one table of ours on the host.
#pragma once

#include <set>
#include <string>

#include "network/fabric.h"

namespace aerolith::network {

std::string make_edge_rules(const FabricSettings& settings);

// `switched`: devices that forward only because of us.
std::string make_host_rules(const FabricSettings& settings, const std::set<std::string>& switched);

}  // namespace aerolith::network
