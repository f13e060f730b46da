// The fabric on Linux: a namespace for each VPC, ip(8) for its devices and routes, nft(8) for its rules.
#pragma once

#include <functional>
#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "network/edge.h"
#include "network/fabric.h"
#include "network/flow_meter.h"
#include "network/ports.h"
#include "network/rule_keeper.h"

namespace aerolith::network {

// Holds nothing of what is on the host but the rule sets it wrote, to see that nobody has touched them, and who has
// which address of links for S3 endpoints, which is asked for at each request.
class LinuxFabric final : public Fabric {
 public:
  explicit LinuxFabric(FabricSettings settings);

  Result<> apply(const Vpc& vpc) override;
  Result<> remove(std::string_view vpc_id) override;
  Result<std::vector<std::string>> list() override;
  Result<int> listen_inside(std::string_view vpc_id, std::string_view address, uint16_t port, bool tcp) override;
  std::string vpc_of_s3_link(std::string_view address) const override;
  Result<std::vector<bool>> answering(std::string_view vpc_id, std::span<const Probe> probes,
                                      std::chrono::milliseconds patience) override;
  Result<std::vector<FlowWindow>> turn_flows(std::string_view vpc_id, Timestamp now) override;
  Result<> drop_flows(std::string_view vpc_id, Timestamp last_begin) override;

 private:
  // Empty: it has none (any more).
  void note_s3_link(std::string_view vpc_id, const std::string& address);
  Result<> prepare_namespace(const Vpc& vpc);
  // -> why an interface couldn't be attached, if one couldn't; all else is done.
  Result<std::optional<FabricError>> converge(const Vpc& vpc, KernelState& state, const Edge::Links& edge_links);

  FabricSettings settings_;
  RuleKeeper rules_;
  Edge edge_;
  Ports ports_;
  FlowMeter flows_;
  mutable std::mutex links_mutex_;
  std::map<std::string, std::string, std::less<>> s3_links_;  // address -> VPC
};

}  // namespace aerolith::network
