// The edge: one namespace of the installation where the ways out of all VPCs meet, and one link from it to the host.
// The host gets that link, a route for the public CIDR, and a table of rules of its own name; nothing else.
#pragma once

#include <functional>
#include <mutex>
#include <string>

#include "network/forwarding.h"
#include "network/kernel_state.h"
#include "network/rule_keeper.h"

namespace aerolith::network {

// Safe from any thread: what VPCs share is changed by one at a time.
class Edge {
 public:
  Edge(const FabricSettings& settings, RuleKeeper& rules);

  struct Links {
    std::string s3_address;         // of the VPC's end; empty: no such link
    std::set<std::string> renewed;  // devices of the VPC that were made anew, or are gone
  };
  // Makes the edge if need be, and the VPC's links to it and to its peers. `state`: of the VPC's namespace.
  Result<Links> connect(const Vpc& vpc, const KernelState& state);
  // Fine where nothing is.
  Result<> disconnect(std::string_view vpc_id);
  // The edge is there on return.
  Result<> make();
  // And all that is on the host; not where it `is_used`, which is asked while nobody can connect.
  Result<> remove_unless(const std::function<Result<bool>()>& is_used);

 private:
  Result<KernelState> make_locked();
  Result<> make_host_link(const KernelState& state);
  Result<KernelState> read_host() const;
  Result<> converge_host(bool reaches_beyond);
  Result<> renew_link(const Vpc& vpc, const KernelState& edge, const KernelState& state, bool wanted,
                      std::string_view device, const std::string& edge_device, std::set<std::string>& renewed);
  Result<> take_or_offer(const Vpc& vpc, const std::string& device, const KernelState& edge, const KernelState& state,
                         std::set<std::string>& renewed);
  KernelTables own_tables() const;

  const FabricSettings& settings_;
  RuleKeeper& rules_;
  Forwarding forwarding_;
  // Held while programs run: the kernel's own state is what it guards.
  std::mutex mutex_;
};

}  // namespace aerolith::network
