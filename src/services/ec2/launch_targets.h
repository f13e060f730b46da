// What a RunInstances call acts on, for the policies: also what only its launch template names, and what stands in
// where nothing is named. https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/iam-policies-ec2-resources.html
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "ec2/operations/run_instances.h"
#include "services/ec2/cloud.h"
#include "services/ec2/instance_tables.h"
#include "services/ec2/resource_keys.h"

namespace aerolith::ec2 {

struct LaunchTargets {
  RunInstancesInput merged;  // the request with what its template says
  std::string image;
  std::string launch_template;          // empty: none
  std::string placement_group;          // its name; empty: none, "*": which isn't known
  std::vector<std::string> subnets;     // "*": which isn't known yet
  std::vector<std::string> groups;      // the same
  std::vector<std::string> interfaces;  // that were there before
  bool makes_interfaces = true;
  std::optional<std::vector<BlockDeviceRecord>> volumes;  // nullopt: which isn't known
};

// The request with what its template says, or as it is where that can't be had.
RunInstancesInput merged_or_asked(metadata::ReadTransaction& txn, const Scope& scope, const RunInstancesInput& input);
// A request that can't be planned (its template isn't there) is judged by what it names, and refused later for what is
// wrong with it.
LaunchTargets find_launch_targets(metadata::Store& store, const Scope& scope, const RunInstancesInput& input);

// ec2:Encrypted, ec2:ParentSnapshot, ec2:VolumeIops, ec2:VolumeSize, ec2:VolumeThroughput and ec2:VolumeType.
// https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazonec2.html
Facts facts_of_volume(const Scope& scope, const BlockDeviceRecord& device);

}  // namespace aerolith::ec2
