// Counts flows in the namespaces of VPCs, by rules of its own (flow_rules.h).
#pragma once

#include <mutex>
#include <string>
#include <vector>

#include "network/flow_rules.h"

namespace aerolith::network {

// Safe from any thread. Holds nothing: what is counted, and for whom, is in the kernel.
class FlowMeter {
 public:
  // On a thread in the VPC's namespace. Where nothing is to be counted nothing is done: the VPC's own rules say that
  // this table isn't there (rules.cc).
  Result<> keep_here(const Vpc& vpc);
  // In the namespace at `path`; fabric.h's turn_flows and drop_flows.
  Result<std::vector<FlowWindow>> turn(const std::string& path, Timestamp now);
  Result<> drop(const std::string& path, Timestamp last_begin);

 private:
  // Held while programs run: the kernel's own state is what it guards.
  std::mutex mutex_;
};

}  // namespace aerolith::network
