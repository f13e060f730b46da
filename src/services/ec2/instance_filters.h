// The filters of DescribeInstances.
// https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_DescribeInstances.html
#pragma once

#include <span>

#include "services/ec2/filters.h"
#include "services/ec2/instance_tables.h"

namespace aerolith::ec2 {

std::span<const FilterDefinition<InstanceRecord>> instance_filters();

}  // namespace aerolith::ec2
