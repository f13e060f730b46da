// From what the fabric has counted to files in buckets.
#pragma once

#include <condition_variable>
#include <mutex>
#include <set>
#include <string>
#include <string_view>

#include "base/time.h"
#include "network/fabric.h"
#include "reconcile/queue.h"
#include "services/ec2/cloud.h"

namespace aerolith::ec2 {

// Instances are of generations for which AWS's longest interval is a minute, whatever a flow log says.
inline constexpr std::chrono::milliseconds kFlowWindow = std::chrono::minutes(1);

// Safe from any thread.
class FlowReports {
 public:
  // All must outlive it.
  FlowReports(const Cloud& cloud, network::Fabric& fabric, const Clock& clock)
      : cloud_(cloud), fabric_(fabric), clock_(clock) {}

  // Delivers all that was counted in the VPC up to now; once a window as long as it has flow logs. A window that can't
  // be delivered because of the bucket is lost, and the log tells so; any other failure leaves it for the next time.
  // One call at a time for a VPC: another one waits.
  reconcile::Outcome report(std::string_view key);

 private:
  reconcile::Outcome report_alone(const Scope& scope, const std::string& vpc);

  const Cloud& cloud_;
  network::Fabric& fabric_;
  const Clock& clock_;
  std::mutex mutex_;
  std::condition_variable changed_;
  std::set<std::string, std::less<>> busy_;  // keys
};

}  // namespace aerolith::ec2
