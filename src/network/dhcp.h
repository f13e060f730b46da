// DHCP for virtual machines: one dnsmasq in a VPC's namespace, known by its file of settings. It runs on without us.
#pragma once

#include <string>

#include "network/fabric.h"

namespace aerolith::network {

// Settings for dnsmasq; empty where no interface is a tap. `vpc` is one that check() passed.
std::string make_dhcp_settings(const FabricSettings& settings, const Vpc& vpc);

// Runs with these settings on return, in the VPC's namespace; or doesn't run where there are none.
Result<> keep_dhcp(const FabricSettings& settings, const Vpc& vpc);
// Process and files are gone on return.
Result<> stop_dhcp(const FabricSettings& settings, std::string_view vpc_id);

}  // namespace aerolith::network
