// The host's own forwarding: switched on for the devices that lead beyond it, and no others, and back off at the end.
#pragma once

#include <functional>
#include <set>
#include <string>

#include "network/fabric.h"

namespace aerolith::network {

// All in the namespace of the calling thread. What was switched stands in a file of the run folder before it is, so
// that it is known after a crash, and to other installations on the host: what several of them need is switched back by
// the last one. Each is a party to what another has switched, and guards it with rules of its own.
class Forwarding {
 public:
  // `settings` outlives it.
  explicit Forwarding(const FabricSettings& settings)
      : settings_(settings), file_(settings.run_folder + "/forwarding") {}

  // `own_device`, which is there already, and those that default routes lead to. -> devices that forward only because
  // of us, or of us and other installations: none where the host is a router by its own will (net.ipv4.ip_forward).
  Result<std::set<std::string>> switch_on(const std::string& own_device) const;
  Result<std::set<std::string>> switched() const;
  // To be called when the own device has gone. What others still need stays.
  Result<> switch_back() const;

 private:
  std::set<std::string> recorded() const;
  std::set<std::string> recorded_by_others() const;
  // One installation of the host at a time.
  Result<> in_turn(const std::function<Result<>()>& work) const;
  Result<> record_and_switch_on(const std::set<std::string>& beyond) const;

  const FabricSettings& settings_;
  std::string file_;
};

}  // namespace aerolith::network
