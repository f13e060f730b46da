// The host's own forwarding: switched on for the devices that lead beyond it, and no others, and back off at the end.
#pragma once

#include <set>
#include <string>

#include "network/fabric.h"

namespace aerolith::network {

// All in the namespace of the calling thread. What was switched stands in a file of the run folder before it is, so
// that it is known after a crash.
class Forwarding {
 public:
  explicit Forwarding(std::string run_folder) : file_(std::move(run_folder) + "/forwarding") {}

  // `own_device`, and those that default routes lead to. -> devices that forward only because of us: none where the
  // host is a router by its own will (net.ipv4.ip_forward).
  Result<std::set<std::string>> switch_on(const std::string& own_device) const;
  Result<std::set<std::string>> switched() const;
  Result<> switch_back() const;

 private:
  std::set<std::string> recorded() const;

  std::string file_;
};

}  // namespace aerolith::network
