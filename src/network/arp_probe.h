// Whether guests answer: ARP, as EC2's instance status check asks.
// https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/monitoring-system-instance-status-check.html
#pragma once

#include <chrono>
#include <span>
#include <vector>

#include "network/fabric.h"

namespace aerolith::network {

// In the calling thread's namespace. One answer for each probe; a device that isn't there doesn't answer.
Result<std::vector<bool>> ask_by_arp(std::span<const Probe> probes, std::chrono::milliseconds patience);

}  // namespace aerolith::network
