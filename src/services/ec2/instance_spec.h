// What a driver needs to launch an instance, from its records; and what is said when it can't.
#pragma once

#include <string>

#include "blocks/volumes.h"
#include "compute/driver.h"
#include "services/ec2/cloud.h"
#include "services/ec2/instance_tables.h"
#include "services/ec2/network_tables.h"

namespace aerolith::ec2 {

// InstanceRecord::transition_reason of one that StartInstances started.
inline constexpr std::string_view kStartedAgain = "User initiated start";

struct LaunchFailure {
  std::string code;  // of StateReason: "Server.InternalError"
  std::string detail;
  bool may_pass = true;  // worth another try
};
LaunchFailure of_driver(const compute::DriverError& error);
LaunchFailure of_volumes(const blocks::VolumeError& error);

// Those that aren't there yet.
aerolith::Result<void, LaunchFailure> make_volumes(const Cloud& cloud, const Scope& scope,
                                                   const InstanceRecord& instance);
Result<compute::NetworkPort> make_port(metadata::ReadTransaction& txn, const Cloud& cloud, const Scope& scope,
                                       const InstanceRecord& instance, const InterfaceRecord& interface);
// Its file, to be made.
// Bytes a second that were asked for; 0: none.
uint64_t fill_rate_of(const VolumeRecord& volume);
blocks::NewVolume file_wanted(const VolumeRecord& volume);
compute::Disk make_disk(const Cloud& cloud, const VolumeRecord& volume, const std::string& device);
// With the interfaces and volumes that are attached, or about to be.
Result<compute::Spec> make_spec(const Cloud& cloud, const Scope& scope, const InstanceRecord& instance);

}  // namespace aerolith::ec2
