// The filters of DescribeImages.
// https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_DescribeImages.html
#pragma once

#include <span>

#include "services/ec2/filters.h"
#include "services/ec2/instance_tables.h"

namespace aerolith::ec2 {

std::span<const FilterDefinition<ImageRecord>> image_filters();

}  // namespace aerolith::ec2
