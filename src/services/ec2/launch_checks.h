// What a launch may not ask for together, or not of this type and subnet.
#pragma once

#include <optional>
#include <string>

#include "ec2/operations/run_instances.h"
#include "services/ec2/errors.h"
#include "services/ec2/instance_types.h"
#include "services/ec2/network_tables.h"

namespace aerolith::ec2 {

// The name of the zone that Placement names, by its name or its id; nullopt: any. InvalidParameterValue,
// InvalidParameterCombination.
Result<std::optional<std::string>> asked_zone(const Scope& scope, const RunInstancesInput& input);
// Names of groups are the default VPC's; public addresses are for one new interface. InvalidParameterCombination.
Result<> check_network(const RunInstancesInput& input);
// InstanceCreditSpecification.NotSupported, InvalidParameterValue.
Result<> check_credits(const TypeFacts& type, const RunInstancesInput& input);
// UnsupportedOperation: the subnet names its instances by their ids, and the launch doesn't say otherwise.
Result<> check_host_names(const SubnetRecord& subnet, const RunInstancesInput& input);

}  // namespace aerolith::ec2
