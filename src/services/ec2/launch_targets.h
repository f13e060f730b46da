// What a RunInstances call acts on, for the policies: also what only its launch template names, and what stands in
// where nothing is named. https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/iam-policies-ec2-resources.html
#pragma once

#include <string>
#include <vector>

#include "ec2/operations/run_instances.h"
#include "services/ec2/cloud.h"

namespace aerolith::ec2 {

struct LaunchTargets {
  RunInstancesInput merged;  // the request with what its template says
  std::string image;
  std::string launch_template;          // empty: none
  std::vector<std::string> subnets;     // "*": which isn't known yet
  std::vector<std::string> groups;      // the same
  std::vector<std::string> interfaces;  // that were there before
  bool makes_interfaces = true;
};

// The request with what its template says, or as it is where that can't be had.
RunInstancesInput merged_or_asked(metadata::ReadTransaction& txn, const Scope& scope, const RunInstancesInput& input);
// A request that can't be planned (its template isn't there) is judged by what it names, and refused later for what is
// wrong with it.
LaunchTargets find_launch_targets(metadata::Store& store, const Scope& scope, const RunInstancesInput& input);

}  // namespace aerolith::ec2
