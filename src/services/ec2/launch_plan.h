// What a RunInstances request comes to: launch template merged in, all that it names found, defaults in place.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "ec2/operations/run_instances.h"
#include "services/ec2/call.h"
#include "services/ec2/instance_tables.h"
#include "services/ec2/instance_types.h"
#include "services/ec2/network_tables.h"

namespace aerolith::ec2 {

struct PlannedInterface {
  std::string existing;  // empty: one is made
  int32_t device_index = 0;
  SubnetRecord subnet;
  std::string description;
  std::vector<std::string> addresses;
  int32_t more_addresses = 0;
  std::vector<std::string> groups;
  bool gets_public_address = false;
  bool delete_on_termination = true;
};

struct LaunchPlan {
  RunInstancesInput input;  // with the template's members
  ImageRecord image;
  const TypeFacts* type = nullptr;
  std::vector<PlannedInterface> interfaces;  // by device index
  std::vector<BlockDeviceRecord> devices;    // the first is the root
  std::vector<int32_t> device_rates;         // by their order (rates_of_devices)
  std::vector<std::string> device_keys;      // by their order (encrypt_devices)
  std::string user_data;
  DriverChoice driver = DriverChoice::container;
  Profile profile;  // empty: none; set once the caller was found to be allowed to pass its role
};

// The request with what its launch template says and it doesn't; its `launch_template` is then the id and the number
// of the version that was meant.
Result<RunInstancesInput> merge_template(metadata::ReadTransaction& txn, const Scope& scope,
                                         const RunInstancesInput& input);
// In the order of device indexes; at least one.
Result<std::vector<PlannedInterface>> plan_interfaces(metadata::ReadTransaction& txn, const Scope& scope,
                                                      const RunInstancesInput& merged);
Result<LaunchPlan> plan_launch(metadata::ReadTransaction& txn, const Call& call, const RunInstancesInput& merged);

// May the caller use it: his own, shared with him, public, or everybody's. InvalidAMIID.NotFound, and Unavailable where
// it was deregistered.
Result<ImageRecord> get_image(metadata::ReadTransaction& txn, const Call& call, const std::string& id);
bool may_launch(const Scope& scope, const ImageRecord& image);

}  // namespace aerolith::ec2
