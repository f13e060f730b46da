// Devices for what is attached to a VPC: taps, containers' links, NAT gateways. Each of these functions makes a device
// whole before it appears in the VPC's namespace: what is there needs no look inside.
#pragma once

#include "network/kernel_state.h"
#include "network/rule_keeper.h"

namespace aerolith::network {

class Ports {
 public:
  Ports(const FabricSettings& settings, RuleKeeper& rules) : settings_(settings), rules_(rules) {}

  // Whether `link` is there in the VPC's namespace as described, with its other end where it belongs.
  bool is_right(const Vpc& vpc, const Link& link, const KernelState& state) const;
  // The device doesn't exist in the VPC's namespace.
  Result<> make(const Vpc& vpc, const Link& link);
  // NAT gateways of the VPC that aren't described any more; all of them for remove().
  Result<> remove_nat_gateways(std::string_view vpc_id, const std::vector<NatGateway>& but);

 private:
  Result<> make_tap(const Vpc& vpc, const Link& link);
  Result<> make_guest(const Vpc& vpc, const Link& link);
  Result<> make_nat(const Vpc& vpc, const Link& link);

  const FabricSettings& settings_;
  RuleKeeper& rules_;
};

}  // namespace aerolith::network
