// The EC2 service: what main/ puts into the registry, and the work that makes its records real.
#pragma once

#include <chrono>
#include <memory>

#include "base/time.h"
#include "gateway/service_table.h"
#include "network/fabric.h"
#include "services/ec2/cloud.h"
#include "services/ec2/direct_snapshots.h"
#include "services/ec2/volume_exports.h"

namespace aerolith::ec2 {

// What they point to outlives the service. Null: this installation has none of it, and what needs it says so.
struct Parts {
  metadata::Store& metadata;
  const Clock& clock;
  network::Fabric* fabric = nullptr;
  compute::Driver* container = nullptr;
  compute::Driver* vm = nullptr;
  blocks::Volumes* volumes = nullptr;
  blocks::DiskImports* imports = nullptr;
  blocks::Uploads* uploads = nullptr;
  CloudSettings settings{};
  PortNames port_names{};
  std::function<std::optional<Profile>(const AccountId&, const std::string& name)> find_profile{};
  // Called before images are looked up: on return those that come with the installation are registered, or can't be.
  std::function<void()> make_own_images{};
  // Where flow logs go: S3. Durable on return of nullopt; the same file may come twice. The second one says whether
  // such a file could be written now.
  std::function<std::optional<DeliveryFault>(const LogFile&)> deliver_log{};
  std::function<std::optional<DeliveryFault>(const LogFile&)> check_log_destination{};
  // Where imported disks come from: S3. Empty functions: it isn't wired.
  DiskReading disk_reading{};
  // A VPC is on the host as its records say, after each such change; it is about to go. For what serves guests inside
  // it. Called on a worker's thread; must not block for long.
  std::function<void(const std::string& vpc)> network_applied{};
  std::function<void(const std::string& vpc)> network_leaves{};
};

// Safe from any thread. The destructor lets running work end; the next start finds the rest.
class Service {
 public:
  explicit Service(const Parts& parts);
  ~Service();
  Service(const Service&) = delete;
  Service& operator=(const Service&) = delete;

  // Used until the service goes.
  gateway::ServiceTable table();
  // For the EBS direct APIs.
  DirectSnapshots& direct_snapshots();
  // Looks at everything once: what the host has and the records don't, and the other way round.
  Result<> settle_all();
  // Of an image that was replaced: removed once no image and no volume needs it.
  void snapshot_unused(const std::string& snapshot);
  // What `aerolith ebs export` asks for of a volume (volume_exports.h).
  aerolith::Result<std::string, std::string> begin_export(const std::string& volume);
  aerolith::Result<ExportProgress, std::string> look_at_export(const std::string& snapshot);
  aerolith::Result<void, std::string> end_export(const std::string& snapshot);
  // Until nothing is due; false when that took longer. For tests.
  bool wait_idle(std::chrono::milliseconds patience);

 private:
  // Of flow logs: their VPCs are looked at from now on.
  Result<> resume_flow_logs();
  // Those that are being made, or are to go.
  Result<> resume_snapshots();
  // Of the Recycle Bin: each leaves it when its time is over.
  Result<> resume_bin();
  // Before anything is served.
  void sweep_snapshots();
  // Import tasks that aren't over.
  Result<> resume_imports();

  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace aerolith::ec2
